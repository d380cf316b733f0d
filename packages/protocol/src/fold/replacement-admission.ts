/**
 * What an honest member logs of a replacement: whether its own view allows a `request`, a `veto` or a
 * `commit` now. What every ownership entry has to satisfy (quorum, slot, witnesses) is judged in
 * `admission.ts`; here stands what only these three kinds need.
 */
import { bytesEqual } from '../bytes.ts';
import { challengedMin } from '../charter/quorum.ts';
import { ignore, reject } from '../verdict.ts';
import type { Refusal } from '../verdict.ts';
import type { Circumstances, Submission } from './admission.ts';
import { firstValidLeaves } from './entry-time.ts';
import { chainInForce } from './fold-label.ts';
import type { LabelHistory, MentionedEntry } from './history.ts';
import { emailAt } from './holder-chain.ts';
import type { HolderChain } from './holder-chain.ts';
import { allowsRequest, isSturdy, requestStates } from './replacement.ts';
import type { RequestState } from './replacement.ts';

/** Pauses after the first, second and each later request of one claimant, in possession holds. */
const pausesInPossessionHolds: readonly number[] = [1 / 3, 7 / 3, 10];

/** Refuses a request that the binding does not allow, or that comes too soon after the last. */
export function refuseRequest(
  { entry, entryId, role }: Submission,
  circumstances: Circumstances,
): Refusal | undefined {
  const { charters, history, nowMs, ownOrigin } = circumstances;
  const chain = chainInForce(history, charters);
  if (chain === undefined) return ignore('ownership_unknown', 'there is no holder to replace');
  if (entry.epoch !== epochOf(chain)) {
    return ignore('ownership_moved', `the request is of epoch ${entry.epoch}, in force is another`);
  }
  // As if this member's leaf, made now, were the last one missing.
  const charter = charters.current.hash;
  const mention = { origin: ownOrigin, index: Number.MAX_SAFE_INTEGER, at: nowMs, charter, role };
  const mentioned = { entry, entryId, entryBytes: entryId, mentions: [mention], settled: true };
  if (!allowsRequest({ mentioned, timeMs: nowMs }, chain, { history, charters })) {
    return ignore('request_not_allowed', `the binding allows no request of class ${entry.class}`);
  }
  return nowMs < pausedUntilMs({ entry, entryId }, circumstances)
    ? ignore('request_paused', 'the claimant has to wait longer after the last request')
    : undefined;
}

/** When a claimant's key may request again, judged by the requests that this member logged for it. */
function pausedUntilMs(
  { entry, entryId }: Pick<Submission, 'entry' | 'entryId'>,
  { charters, history, ownOrigin }: Circumstances,
): number {
  const loggedMs = ofKind(history, 'request')
    .filter((known) => known.entry.epoch === entry.epoch && !bytesEqual(known.entryId, entryId))
    .filter((known) => bytesEqual(known.entry.authority, entry.authority))
    .flatMap(({ mentions }) => mentions.filter(({ origin }) => origin === ownOrigin).slice(0, 1))
    .map(({ at }) => at);
  if (loggedMs.length === 0) return Number.NEGATIVE_INFINITY;
  const place = Math.min(loggedMs.length, pausesInPossessionHolds.length) - 1;
  const { possessionMs } = charters.current.charter.holds;
  return Math.max(...loggedMs) + pausesInPossessionHolds[place]! * possessionMs;
}

/** Refuses a veto by another than the holder, of an unknown request, or beside an own commit. */
export function refuseVeto(
  submission: Submission,
  circumstances: Circumstances,
): Refusal | undefined {
  const { entry } = submission;
  const { charters, history, ownOrigin } = circumstances;
  const chain = chainInForce(history, charters);
  if (chain === undefined) return ignore('ownership_unknown', 'no ownership entry is complete');
  const request = history.ownership.get(entry.request!.toHex());
  if (request?.entry.kind !== 'request') return unknownRequest();
  if (entry.epoch !== epochOf(chain) || request.entry.epoch !== entry.epoch) {
    return ignore('ownership_moved', 'the request is not of the epoch in force');
  }
  if (!bytesEqual(entry.authority, chain.at(-1)!.mentioned.entry.authority)) {
    // Not its sender's fault: one of the two may not have seen a rotate that the other has.
    return ignore('authority_mismatch', 'the veto is not signed by the authority in force');
  }
  // "Having logged a veto never logs that commit, nor the reverse."
  return hasOwn(history, { kind: 'commit', request: entry.request!, ownOrigin })
    ? ignore('request_committed', 'this member has logged a commit of the request')
    : refuseWeakVeto(submission, circumstances, isSturdy(request, chain, circumstances));
}

/**
 * Two vetoes wait for f + 1 challenged leaves. One that cannot defeat its request without them: having
 * logged it, this member would never log the commit, and whoever has stolen the key would stop with it
 * what the key alone must not stop. And one that another member asks this one to witness while its
 * holder goes round with codes: this member's first leaf counts, and it may be the next to say
 * `challenged`. The holder's own call is not kept waiting: a lying member that claims to have challenged
 * holds up no veto.
 */
function refuseWeakVeto(
  { entryId, receipted, role }: Submission,
  { charters, history }: Circumstances,
  sturdy: boolean,
): Refusal | undefined {
  const known = history.ownership.get(entryId.toHex());
  const leaves = firstValidLeaves([...(known?.mentions ?? []), ...receipted], charters);
  const challenged = leaves.filter((leaf) => leaf.role === 'challenged').length;
  const waits = sturdy ? role !== 'challenged' : role === 'witnessed' && challenged > 0;
  // The bound by which the fold tells that a veto answers its request.
  const needed = challengedMin(charters.current.charter, 'commit');
  return waits && challenged < needed
    ? ignore(
        'challenged_leaves_missing',
        `${challenged} challenged leaves seen, at least ${needed}`,
      )
    : undefined;
}

/** Refuses a commit before its hold is over, after a veto, or by another than the claimant. */
export function refuseCommit(
  { entry, entryId }: Submission,
  circumstances: Circumstances,
): Refusal | undefined {
  const { charters, history, nowMs, ownOrigin } = circumstances;
  const chain = chainInForce(history, charters);
  if (chain === undefined) return ignore('ownership_unknown', 'there is no holder to replace');
  if (bytesEqual(entryId, chain[0]!.mentioned.entryId)) {
    return ignore('entry_complete', 'this commit has opened the epoch in force');
  }
  if (entry.epoch !== epochOf(chain) + 1) {
    return ignore('ownership_moved', 'the commit does not open the epoch after the one in force');
  }
  const request = requestOf(entry.request!, chain, circumstances);
  if (request === undefined) return unknownRequest();
  if (!bytesEqual(entry.authority, request.authority)) {
    return reject('authority_mismatch', 'the commit is not signed by the claimant of the request');
  }
  if (nowMs < request.commitFromMs) return ignore('hold_pending', 'the hold is not over');
  const vetoed =
    (request.vetoedAtMs !== null && request.vetoedAtMs < nowMs) ||
    hasOwn(history, { kind: 'veto', request: entry.request!, ownOrigin });
  return vetoed ? ignore('request_vetoed', 'the holder has vetoed the request') : undefined;
}

/** The e-mail commitment that a request of class `email` stands on when it is logged now. */
export function emailForRequests(
  history: LabelHistory,
  { charters, nowMs }: Pick<Circumstances, 'charters' | 'nowMs'>,
): Uint8Array | null {
  const chain = chainInForce(history, charters);
  if (chain === undefined) return null;
  return emailAt(chain, nowMs, charters.current.charter.holds.emailChangeMs);
}

/** Requests of the epoch in force that no veto has defeated, in order of time. */
export function openRequests(
  history: LabelHistory,
  charters: Circumstances['charters'],
): RequestState[] {
  const chain = chainInForce(history, charters);
  if (chain === undefined) return [];
  return requestStates(chain, history, charters).filter(({ vetoedAtMs }) => vetoedAtMs === null);
}

function requestOf(
  requestId: Uint8Array,
  chain: HolderChain,
  { history, charters }: Circumstances,
): RequestState | undefined {
  const states = requestStates(chain, history, charters);
  return states.find((state) => bytesEqual(state.requestId, requestId));
}

function hasOwn(
  history: LabelHistory,
  sought: {
    readonly kind: 'veto' | 'commit';
    readonly request: Uint8Array;
    readonly ownOrigin: string;
  },
): boolean {
  return ofKind(history, sought.kind).some(
    ({ entry, mentions }) =>
      bytesEqual(entry.request!, sought.request) &&
      mentions.some(({ origin }) => origin === sought.ownOrigin),
  );
}

function ofKind(history: LabelHistory, kind: MentionedEntry['entry']['kind']): MentionedEntry[] {
  return [...history.ownership.values()].filter(({ entry }) => entry.kind === kind);
}

function epochOf(chain: HolderChain): number {
  return chain[0]!.mentioned.entry.epoch;
}

function unknownRequest(): Refusal {
  return ignore('request_unknown', 'no complete request of this epoch is known by that id');
}
