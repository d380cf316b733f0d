/**
 * How a lost key is replaced: a claimant's `request`, a hold, and a `commit`, unless a `veto` comes
 * first. Everything is judged from the times of complete entries, so that all members agree however
 * late they hear of them.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesEqual } from '../bytes.ts';
import type { Entry } from '../entry.ts';
import { recycledRequestsMin, recycledSpanMsMin } from '../limits.ts';
import type { CharterSet } from './charter-set.ts';
import { entryTime, quorumTime } from './entry-time.ts';
import { emailAt, inForceAt, lockedAt, longestHold, releaseEndsAtMs } from './holder-chain.ts';
import type { HolderChain, Timed } from './holder-chain.ts';
import type { LabelHistory, MentionedEntry } from './history.ts';

/** A request that its class allows, with what the rules make of it. */
interface Request extends Timed {
  readonly holdMs: number;
  /** True when only a veto with f + 1 challenged leaves defeats it. */
  readonly sturdy: boolean;
}

interface Context {
  readonly chain: HolderChain;
  readonly history: LabelHistory;
  readonly charters: CharterSet;
}

/** The complete commits that end the epoch of `chain`, each with its time. */
export function commitsOf(
  chain: HolderChain,
  history: LabelHistory,
  charters: CharterSet,
): Timed[] {
  const context: Context = { chain, history, charters };
  const requests = requestsOf(context);
  const commits: Timed[] = [];
  for (const mentioned of history.ownership.values()) {
    if (mentioned.entry.kind !== 'commit') continue;
    const timeMs = commitTime(mentioned, requests, context);
    if (timeMs !== undefined) commits.push({ mentioned, timeMs });
  }
  return commits;
}

/** What has become of a complete request that its class allows. */
export interface RequestState {
  /** 32 bytes. */
  readonly requestId: Uint8Array;
  /** The claimant's key, 32 bytes. */
  readonly authority: Uint8Array;
  readonly requestClass: NonNullable<Entry['class']>;
  readonly timeMs: number;
  /** End of the hold: leaves of a commit count from here on. */
  readonly commitFromMs: number;
  /** True when only a veto with f + 1 challenged leaves defeats it. */
  readonly sturdy: boolean;
  /** Time of the first veto that defeats it; null while none does. */
  readonly vetoedAtMs: number | null;
}

/** Tells of the requests of the epoch of `chain`, in order of time. */
export function requestStates(
  chain: HolderChain,
  history: LabelHistory,
  charters: CharterSet,
): RequestState[] {
  const context: Context = { chain, history, charters };
  return requestsOf(context).map((request) => {
    const { mentioned, timeMs, holdMs, sturdy } = request;
    const vetoTimes = defeatTimesOf(request, context);
    return {
      requestId: mentioned.entryId,
      authority: mentioned.entry.authority,
      requestClass: mentioned.entry.class!,
      timeMs,
      commitFromMs: timeMs + holdMs,
      sturdy,
      vetoedAtMs: vetoTimes.length === 0 ? null : Math.min(...vetoTimes),
    };
  });
}

/** True when the binding allows the class of a request that became complete at `timeMs`. */
export function allowsRequest(
  timed: Timed,
  chain: HolderChain,
  { history, charters }: { readonly history: LabelHistory; readonly charters: CharterSet },
): boolean {
  const context: Context = { chain, history, charters };
  return isOpenAt(context, timed.timeMs) && judged(timed, context).length > 0;
}

/** True when only a veto with f + 1 challenged leaves defeats a request, complete by now or not. */
export function isSturdy(
  mentioned: MentionedEntry,
  chain: HolderChain,
  asked: Pick<Context, 'history' | 'charters'> & { readonly nowMs: number },
): boolean {
  const { history, charters, nowMs } = asked;
  const context: Context = { chain, history, charters };
  const requests = requestsOf(context);
  const known = requests.find((other) => bytesEqual(other.mentioned.entryId, mentioned.entryId));
  const [request] = known ? [known] : judged({ mentioned, timeMs: nowMs }, context);
  return request !== undefined && (request.sturdy || isRecycled(request, requests, context));
}

/** Leaves before the end of the hold are skipped; a veto timed before the commit defeats it. */
function commitTime(
  mentioned: MentionedEntry,
  requests: readonly Request[],
  context: Context,
): number | undefined {
  const { entry, mentions } = mentioned;
  const { chain, charters } = context;
  const request = requests.find(({ mentioned: { entryId } }) =>
    bytesEqual(entryId, entry.request!),
  );
  if (request === undefined) return undefined;
  const fits =
    entry.epoch === chain[0]!.mentioned.entry.epoch + 1 &&
    bytesEqual(entry.authority, request.mentioned.entry.authority);
  if (!fits) return undefined;
  const fromMs = request.timeMs + request.holdMs;
  const inTime = mentions.filter(({ at }) => at >= fromMs);
  const timeMs = quorumTime('commit', inTime, charters);
  if (timeMs === undefined || isDefeated(request, timeMs, context)) return undefined;
  return timeMs;
}

function isDefeated(request: Request, beforeMs: number, context: Context): boolean {
  return defeatTimesOf(request, context).some((timeMs) => timeMs < beforeMs);
}

/** Times from which on vetoes defeat this request. */
function defeatTimesOf(request: Request, context: Context): number[] {
  return vetoTimesOf(request, context)
    .map(({ anyMs, challengedMs }) => (request.sturdy ? challengedMs : anyMs))
    .filter((timeMs) => timeMs !== undefined);
}

interface VetoTimes {
  readonly anyMs: number;
  /** Time at which f + 1 of the members that logged it had challenged the holder. */
  readonly challengedMs: number | undefined;
}

/** Vetoes of a request by the authority key in force in its epoch at the veto's time. */
function vetoTimesOf({ mentioned: { entryId } }: Timed, context: Context): VetoTimes[] {
  const { chain, history, charters } = context;
  const vetoes: VetoTimes[] = [];
  for (const mentioned of history.ownership.values()) {
    const { entry, mentions } = mentioned;
    if (entry.kind !== 'veto' || !bytesEqual(entry.request!, entryId)) continue;
    if (entry.epoch !== chain[0]!.mentioned.entry.epoch) continue;
    const anyMs = entryTime(mentioned, charters);
    if (anyMs === undefined || !isAuthorityAt(chain, anyMs, entry)) continue;
    // A commit needs f + 1 challenged leaves: the same bound.
    vetoes.push({ anyMs, challengedMs: quorumTime('commit', mentions, charters) });
  }
  return vetoes;
}

function isAuthorityAt(chain: HolderChain, timeMs: number, { authority }: Entry): boolean {
  return bytesEqual(inForceAt(chain, timeMs).mentioned.entry.authority, authority);
}

/** Complete requests of the chain's epoch that their class allows, in order of time. */
function requestsOf(context: Context): Request[] {
  const { chain, history, charters } = context;
  const complete: Timed[] = [];
  for (const mentioned of history.ownership.values()) {
    const { entry } = mentioned;
    if (entry.kind !== 'request' || entry.epoch !== chain[0]!.mentioned.entry.epoch) continue;
    const timeMs = entryTime(mentioned, charters);
    if (timeMs !== undefined && isOpenAt(context, timeMs)) complete.push({ mentioned, timeMs });
  }
  complete.sort((a, b) => a.timeMs - b.timeMs);
  const requests = complete.flatMap((timed) => judged(timed, context));
  return requests.map((request) => ({
    ...request,
    sturdy: request.sturdy || isRecycled(request, requests, context),
  }));
}

/** From the opening of the epoch to the end of its release, if it has one. */
function isOpenAt({ chain, charters }: Context, timeMs: number): boolean {
  const released = chain.at(-1)!.mentioned.entry.kind === 'release';
  return timeMs >= chain[0]!.timeMs && (!released || timeMs < releaseEndsAtMs(chain, charters));
}

function judged(timed: Timed, context: Context): Request[] {
  const { mentioned, timeMs } = timed;
  const { chain, charters } = context;
  const hold = longestHold([mentioned], charters);
  const keyHash = recoveryKeyHash(mentioned.entry);
  if (
    keyHash !== undefined &&
    isSame(keyHash, recoveryBeforeTheft(chain, timeMs, hold('theftMs')))
  ) {
    // Even a lock may be the thief's: the hold of this case is always the shortest.
    return [{ ...timed, holdMs: hold('recoveryMs'), sturdy: true }];
  }
  const classHoldMs = holdOfClass({ timed, keyHash, hold }, context);
  if (classHoldMs === undefined) return [];
  const locked = lockedAt(chain, timeMs, hold('unlockMs'));
  const holdMs = locked ? Math.max(classHoldMs, hold('lockedMs')) : classHoldMs;
  return [{ ...timed, holdMs, sturdy: false }];
}

interface ClassCase {
  readonly timed: Timed;
  readonly keyHash: Uint8Array | undefined;
  readonly hold: ReturnType<typeof longestHold>;
}

/** The hold of the request's class, or undefined when the binding does not allow that class. */
function holdOfClass({ timed, keyHash, hold }: ClassCase, { chain }: Context): number | undefined {
  const { mentioned, timeMs } = timed;
  switch (mentioned.entry.class!) {
    case 'recovery': {
      const { recovery } = ownerAt(chain, timeMs).mentioned.entry;
      return isSame(keyHash, recovery) ? hold('recoveryMs') : undefined;
    }
    case 'email':
      return emailAt(chain, timeMs, hold('emailChangeMs')) === null ? undefined : hold('emailMs');
    case 'possession':
      return hold('possessionMs');
  }
}

/** The entry whose terms hold at a moment: a release leaves those before it in force. */
function ownerAt(chain: HolderChain, timeMs: number): Timed {
  const last = inForceAt(chain, timeMs);
  return last.mentioned.entry.kind === 'release' ? chain.at(-2)! : last;
}

/**
 * The recovery key before a possible theft: for `theftMs` after a rotate or release, the one in
 * force before the first of those that lie less than `theftMs` apart.
 */
function recoveryBeforeTheft(
  chain: HolderChain,
  timeMs: number,
  theftMs: number,
): Uint8Array | null {
  const past = chain.filter((timed) => timed.timeMs <= timeMs);
  let first = past.length;
  let laterMs = timeMs;
  while (first > 1 && laterMs - past[first - 1]!.timeMs < theftMs) {
    first--;
    laterMs = past[first]!.timeMs;
  }
  return first === past.length ? null : past[first - 1]!.mentioned.entry.recovery;
}

/** `recoverySig` is the recovery public key and its signature; entries commit to the key's hash. */
function recoveryKeyHash({ recoverySig }: Entry): Uint8Array | undefined {
  return recoverySig === undefined ? undefined : sha256(recoverySig.subarray(0, 32));
}

function isSame(a: Uint8Array | undefined, b: Uint8Array | null): boolean {
  return a !== undefined && b !== null && bytesEqual(a, b);
}

/**
 * Recycled numbers: a veto by key alone cannot keep a number for ever from somebody who passes the
 * challenges. After three requests of one claimant key that were vetoed, but never by somebody who
 * passed a challenge, the first and the third at least 21 days apart, the next one is sturdy.
 */
function isRecycled(request: Request, requests: readonly Request[], context: Context): boolean {
  const { authority } = request.mentioned.entry;
  const unanswered = requests.filter((earlier) => {
    const mine = bytesEqual(earlier.mentioned.entry.authority, authority);
    if (!mine || earlier.timeMs >= request.timeMs) return false;
    const vetoes = vetoTimesOf(earlier, context);
    return vetoes.length > 0 && vetoes.every(({ challengedMs }) => challengedMs === undefined);
  });
  const [first, last] = [unanswered[0], unanswered.at(-1)];
  return (
    unanswered.length >= recycledRequestsMin && last!.timeMs - first!.timeMs >= recycledSpanMsMin
  );
}
