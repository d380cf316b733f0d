/**
 * Where a request to replace a holder stands, asked of every member. A member that lags has not seen
 * it yet, and one that lies may hide it or lengthen its hold: what most of them say is taken.
 */
import { bytesEqual } from '@callbook/protocol';
import type { DirectoryContext } from './directory-context.ts';
import { entryState } from './entry-state.ts';
import { lookup, type MemberLookup } from './lookup.ts';
import type { Replacement } from './replacement-record.ts';

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
  replacement: Replacement,
): Promise<ReplacementStanding> {
  const { members } = await lookup(context, replacement.identifier);
  const answers = members.filter(({ state }) => state !== 'failed');
  const most = (count: number): boolean => 2 * count > answers.length;
  if (most(answers.filter(({ state }) => state === 'absent').length)) return { state: 'free' };
  if (most(answers.filter((answer) => epochOf(answer) > replacement.epoch).length)) {
    return { state: 'superseded' };
  }
  const ends = answers
    .map((answer) => commitFromMsOf(answer, replacement.requestId))
    .filter((endMs) => endMs !== undefined)
    .toSorted((a, b) => a - b);
  const commitFromMs = ends[Math.floor(ends.length / 2)];
  if (commitFromMs === undefined || !most(ends.length)) {
    // A member that knows the request to be complete and does not tell of it has seen a veto.
    const known = await completeCount(context, replacement.requestId);
    return { state: most(known) ? 'vetoed' : 'unknown' };
  }
  return { state: context.clock.nowMs() < commitFromMs ? 'holding' : 'ready', commitFromMs };
}

async function completeCount(context: DirectoryContext, requestId: Uint8Array): Promise<number> {
  const states = await entryState(context, requestId);
  return states.filter(({ state }) => state === 'complete').length;
}

function epochOf(answer: MemberLookup): number {
  return answer.state === 'published' ? answer.binding.epoch : -1;
}

function commitFromMsOf(answer: MemberLookup, requestId: Uint8Array): number | undefined {
  if (answer.state !== 'published') return undefined;
  const own = answer.binding.pending.find((pending) => bytesEqual(pending.requestId, requestId));
  return own?.commitFromMs;
}
