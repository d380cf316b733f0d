/**
 * Whether a signature that is out of its time is the zone's fault or that of this machine's clock. A
 * clock that is weeks ahead makes every zone look as if it had been forgotten; members that all give
 * another time say which of the two it is. Their times are asked for only then, and never set anything.
 */
import type { DirectoryContext } from './directory-context.ts';
import type { ValidationCode } from './dnssec/validation-codes.ts';
import { clientError } from './errors.ts';
import { clockSkewSecondsMax, memberTimesApartMsMax } from './limits.ts';
import { fetchTimeMs } from './member-call.ts';

const outOfTime: ReadonlySet<ValidationCode> = new Set<ValidationCode>([
  'signature_expired',
  'signature_not_yet_valid',
]);

/** Throws `clock_wrong` where the zones fail by time alone and a quorum of the members has another. */
export async function assertClockAgrees(
  context: DirectoryContext,
  faults: readonly ValidationCode[],
): Promise<void> {
  if (!faults.every((code) => outOfTime.has(code))) return;
  const aheadMs = agreedOf(await timesAhead(context), context.quorum);
  if (aheadMs === undefined || Math.abs(aheadMs) <= clockSkewSecondsMax * 1000) return;
  // A clock that is ahead of the members has them behind it.
  const behindSeconds = Math.round(aheadMs / 1000);
  const where = behindSeconds > 0 ? 'behind' : 'ahead of';
  const found = `clock is ${Math.abs(behindSeconds)} s ${where} that of a quorum of the members`;
  throw clientError('clock_wrong', found, { details: { behindSeconds } });
}

/** How far the time of each member that answers is ahead of ours; negative where it is behind. */
async function timesAhead({ members, plainFetch, clock }: DirectoryContext): Promise<number[]> {
  const asked = members.map(async (member) => {
    const timeMs = await fetchTimeMs(plainFetch, member).catch(() => undefined);
    return timeMs === undefined ? [] : [timeMs - clock.nowMs()];
  });
  return (await Promise.all(asked)).flat();
}

/** The middle one of as many as have to agree, where so many are close together. */
function agreedOf(aheadMs: readonly number[], count: number): number | undefined {
  const sorted = aheadMs.toSorted((a, b) => a - b);
  const starts = sorted.keys().filter((first) => {
    const last = sorted[first + count - 1];
    return last !== undefined && last - sorted[first]! <= memberTimesApartMsMax;
  });
  const first = starts.next().value;
  return first === undefined ? undefined : sorted[first + Math.floor(count / 2)];
}
