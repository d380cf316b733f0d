/**
 * A commit logged before the hold of its request can have been over. The time of a request is the
 * time of a quorum of leaves, and leaves may exist that nobody shows; so the evidence shows the leaves
 * of so many members that every quorum has an honest one among them. Each of these was logged at `at`
 * or later than the earliest shown, so no member can have seen the request complete before that.
 */
import { bytesEqual } from '../bytes.ts';
import type { Charter, CharterHolds } from '../charter/charter.ts';
import type { Entry, RequestClass } from '../entry.ts';
import type { Receipt } from '../receipt.ts';
import { accept, reject } from '../verdict.ts';
import type { Verdict } from '../verdict.ts';
import { chartersUpTo, meetsEveryQuorum } from './quorum-bounds.ts';
import { verifyVouch, verifyVouches } from './signed-statements.ts';
import type { JudgingContext, ProvenFault } from './verify-evidence.ts';

/** Judges a leaf of a commit against leaves of its request, one of each member shown. */
export function commitEarlyFault(
  [accused, ...shown]: readonly [Receipt, ...Receipt[]],
  context: JudgingContext,
): Verdict<ProvenFault> {
  const commit = verifyVouch(accused, context);
  if (commit.verdict !== 'accept') return commit;
  const requests = verifyVouches(shown, context);
  if (requests.verdict !== 'accept') return requests;
  const { entry, leaf, origin } = commit.value;
  if (entry.kind !== 'commit') return unproven('the leaf accused is not of a commit');
  for (const request of requests.value) {
    const named = request.entry.kind === 'request' && bytesEqual(request.entryId, entry.request!);
    if (!named) return unproven('a leaf is not of the request that the commit names');
  }
  const span = chartersUpTo(leaf, context.charters);
  if (span.verdict !== 'accept') return span;
  const { charters, names } = span.value;
  if (!requests.value.every((request) => names(request.leaf))) {
    return unproven('a leaf shown names a later charter than the leaf accused');
  }
  const first = requests.value[0];
  const origins = new Set(requests.value.map((request) => request.origin));
  if (first === undefined || !meetsEveryQuorum(origins, charters)) {
    return unproven('the leaves shown leave room for a quorum without them');
  }
  const requestedAtMs = Math.min(...requests.value.map((request) => request.leaf.at));
  return leaf.at < requestedAtMs + holdMsMin(first.entry, charters)
    ? accept({ kind: 'commit_early', origins: [origin], disputed: [] })
    : unproven('the hold may have been over');
}

/**
 * The shortest hold that the fold can give a request under these charters. A recovery signature may
 * be that of the key before a theft, whose hold is `recoveryMs` in every class; a lock only lengthens.
 */
export function holdMsMin(request: Entry, charters: readonly Charter[]): number {
  const names: (keyof CharterHolds)[] = [holdOfClass[request.class!]];
  if (request.recoverySig !== undefined) names.push('recoveryMs');
  return Math.min(...charters.flatMap(({ holds }) => names.map((name) => holds[name])));
}

const holdOfClass: Readonly<Record<RequestClass, keyof CharterHolds>> = {
  recovery: 'recoveryMs',
  email: 'emailMs',
  possession: 'possessionMs',
};

function unproven(found: string): Verdict<never> {
  return reject('evidence_unproven', found);
}
