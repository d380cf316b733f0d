/**
 * Members that name different entries to follow, after codes were spent at each: an entry that was logged a
 * moment ago may not have come to all of them, so they are asked again. A part of its own, as it is rarely needed.
 */
import type { PassedMember } from './challenge-round.ts';
import { giveProof } from './challenge.ts';
import type { DirectoryContext } from './directory-context.ts';
import { clientError } from './errors.ts';
import { nextAskedMax, settleMs } from './limits.ts';

/** Returns what the members say when `isAgreed` holds of it. Throws `members_disagree`, and what a call throws. */
export async function settleNext(
  context: DirectoryContext,
  passed: readonly PassedMember[],
  isAgreed: (passed: readonly PassedMember[]) => boolean,
): Promise<PassedMember[]> {
  for (let asked = 1; asked < nextAskedMax; asked += 1) {
    await context.pause(settleMs);
    const newest = await Promise.all(
      passed.map(async (one) => ({ ...one, next: (await giveProof(context, one)).next })),
    );
    if (isAgreed(newest)) return newest;
  }
  throw clientError('members_disagree', 'members name different entries to follow');
}
