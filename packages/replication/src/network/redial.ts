/**
 * Keeps the member connected to one other. libp2p's own way (the KEEP_ALIVE tag) gives up after five
 * attempts; this never does. The wait doubles up to a bound and is spread by chance, so that members
 * that lost each other at once do not dial in step.
 */
import type { Random } from '@callbook/protocol';

import { redialMaxMs, redialMinMs } from '../limits.ts';
import type { Scheduler } from '../scheduler.ts';

export interface RedialTarget {
  isConnected(): boolean;
  /** Aborts when the connection that there is now is lost. */
  untilLost(): AbortSignal;
  /** Dials once; rejects when it fails. */
  dial(): Promise<void>;
}

/** Runs until `signal` aborts. */
export async function keepConnected(
  target: RedialTarget,
  ports: { readonly scheduler: Scheduler; readonly random: Random },
  signal: AbortSignal,
): Promise<void> {
  let waitMs = redialMinMs;
  while (!signal.aborted) {
    if (target.isConnected()) {
      waitMs = redialMinMs;
      const lost = target.untilLost();
      await ports.scheduler.delay(redialMaxMs, AbortSignal.any([signal, lost]));
      // The other side has lost it too, and dials as well.
      if (lost.aborted) await ports.scheduler.delay(spread(redialMinMs / 2, ports.random), signal);
      continue;
    }
    try {
      await target.dial();
    } catch {
      waitMs = Math.min(waitMs * 2, redialMaxMs);
    }
    await ports.scheduler.delay(spread(waitMs, ports.random), signal);
  }
}

/** Half to one and a half times the wait. */
function spread(waitMs: number, random: Random): number {
  const [high = 0, low = 0] = random.bytes(2);
  return waitMs * (0.5 + (high * 256 + low) / 65_536);
}
