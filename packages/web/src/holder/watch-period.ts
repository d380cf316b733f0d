/** How often a page looks after its numbers, from how fast one can be taken over. */
import type { Charter } from '@callbook/protocol';

const periodMsMin = 4000;
const periodMsMax = 60_000;

/**
 * A quarter of the shortest hold: the specification of ownership wants two looks in it at least, so that
 * there is time to refuse.
 */
export function watchPeriodMs({ recoveryMs, emailMs, possessionMs }: Charter['holds']): number {
  const shortestMs = Math.min(recoveryMs, emailMs, possessionMs);
  return Math.min(periodMsMax, Math.max(periodMsMin, Math.floor(shortestMs / 4)));
}
