/**
 * Notices that somebody has set the clock of the machine: it then goes another way than the monotonic clock,
 * which nobody sets. What was written keeps its times, and the own log's never go back; but holds, signatures
 * and certificates are judged by the clock, so the operator has to know. A clock that an NTP client slews stays
 * below the limit, and so does a machine that was asleep, as Linux stops both clocks then.
 */
import { systemClock } from './system-ports.ts';

const everyMsDefault = 5000;
/** An NTP client slews by at most 0.5 ms a second; more than this at once is a step. */
const jumpMsMin = 1000;

export interface ClockWatchOptions {
  readonly nowMs?: () => number;
  readonly monotonicMs?: () => number;
  readonly everyMs?: number;
}

/** Calls back with how far the clock was set, below zero for back; until disposed of. */
export function watchClock(
  onJump: (byMs: number) => void,
  options: ClockWatchOptions = {},
): Disposable {
  const { nowMs = () => systemClock.nowMs(), monotonicMs = () => performance.now() } = options;
  let offsetMs = nowMs() - monotonicMs();
  const timer = setInterval(() => {
    const byMs = Math.round(nowMs() - monotonicMs() - offsetMs);
    if (Math.abs(byMs) < jumpMsMin) return;
    offsetMs += byMs;
    onJump(byMs);
  }, options.everyMs ?? everyMsDefault);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
