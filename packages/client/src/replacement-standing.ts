/**
 * Where a request to replace a holder stands, asked of every member. A member that lags has not seen
 * it yet, and one that lies may hide it or lengthen its hold: what most of them say is taken.
 */
import { bytesEqual } from '@callbook/protocol';
import type { EntryStateAnswer } from './api-answers.ts';
import type { DirectoryContext } from './directory-context.ts';
import { entryState } from './entry-state.ts';
import type { Replacement } from './replacement-record.ts';

/** What the members say of a request to replace a holder. */
export type ReplacementStanding =
  /** The hold runs; over it, nothing stands against the commit. */
  | { readonly state: 'holding' | 'ready'; readonly commitFromMs: number }
  /** The request does not stand any more: the holder has vetoed it. */
  | { readonly state: 'vetoed' }
  /** Another epoch is in force: somebody's replacement has been committed, perhaps this one. */
  | { readonly state: 'superseded' }
  /** Too few members know of the request, or have answered: ask again in a moment. */
  | { readonly state: 'unknown' }
  /** Nobody holds the identifier. */
  | { readonly state: 'free' };

/** Asks all members. Throws `directory_unavailable` when none answered. */
export async function replacementStanding(
  context: DirectoryContext,
  { requestId, epoch }: Replacement,
): Promise<ReplacementStanding> {
  const states = await entryState(context, requestId);
  const answered = states.filter(({ state }) => state !== 'failed').length;
  const known = states.filter((answer) => 'pending' in answer);
  const most = (that: (answer: EntryStateAnswer) => boolean): boolean =>
    2 * known.filter(that).length > answered;
  if (most((answer) => answer.epoch === null)) return { state: 'free' };
  if (most((answer) => answer.epoch !== null && answer.epoch > epoch)) {
    return { state: 'superseded' };
  }
  const ends = known
    .map((answer) => commitFromMsOf(answer, requestId))
    .filter((endMs) => endMs !== undefined)
    .toSorted((a, b) => a - b);
  const commitFromMs = ends[Math.floor(ends.length / 2)];
  if (commitFromMs === undefined || 2 * ends.length <= answered) {
    // A member that knows the request to be complete and does not list it has seen a veto.
    return { state: most(({ state }) => state === 'complete') ? 'vetoed' : 'unknown' };
  }
  return { state: context.clock.nowMs() < commitFromMs ? 'holding' : 'ready', commitFromMs };
}

function commitFromMsOf({ pending }: EntryStateAnswer, requestId: Uint8Array): number | undefined {
  return pending.find((request) => bytesEqual(request.requestId, requestId))?.commitFromMs;
}
