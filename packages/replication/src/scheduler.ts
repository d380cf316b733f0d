/**
 * Waiting, as a port: with `Clock`, `Random`, `Store` and `Network` it is all that replication asks
 * of its surroundings, so that a simulation can drive the same engine on its own time.
 */
import { setImmediate, setTimeout } from 'node:timers/promises';

export interface Scheduler {
  /** Resolves after `delayMs`, or as soon as `signal` aborts; never rejects. */
  delay(delayMs: number, signal?: AbortSignal): Promise<void>;
  /** Lets everything else that is ready run first. */
  yield(): Promise<void>;
}

/** The system's timers. */
export const systemScheduler: Scheduler = {
  async delay(delayMs, signal) {
    try {
      await setTimeout(delayMs, undefined, signal === undefined ? {} : { signal });
    } catch {
      // Aborted: the caller looks at its signal.
    }
  },
  yield: () => setImmediate(),
};
