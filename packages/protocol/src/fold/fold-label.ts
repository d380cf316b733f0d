/**
 * The rules of merging: what one label's history means. A pure function of the leaves and the
 * charters; it reads no clock, no payload and no order of arrival. Holds and pauses are differences
 * between times that the leaves themselves carry; what depends on *now* (a release whose pause is
 * over) is left to whoever serves, as `endsAtMs`.
 */
import type { Entry } from '../entry.ts';
import type { CharterSet } from './charter-set.ts';
import { entryTime, firstValidLeaves } from './entry-time.ts';
import { follows, holderChain, releaseEndsAtMs, winnerOf } from './holder-chain.ts';
import type { HolderChain, Timed } from './holder-chain.ts';
import type { Holding, LabelHistory, LeafMention } from './history.ts';
import { commitsOf } from './replacement.ts';

/** Who holds a label, and what was published last. */
export interface BindingState {
  readonly labelEpoch: number;
  /** 32 bytes. */
  readonly label: Uint8Array;
  /** Which holder, from 0. */
  readonly epoch: number;
  readonly status: 'held' | 'released';
  /** Ownership entry in force: the last register, commit, rotate or release; 32 bytes. */
  readonly ownershipId: Uint8Array;
  readonly ownershipAtMs: number;
  /** Key that signs the holder's entries (after a release: the key that signed it); 32 bytes. */
  readonly authority: Uint8Array;
  readonly recovery: Uint8Array | null;
  readonly lock: boolean;
  readonly email: Uint8Array | null;
  /** Sequence number of the update in force, 0 when the ownership entry itself is. */
  readonly seq: number;
  /** Entry whose payload is served; 32 bytes. */
  readonly entryId: Uint8Array;
  readonly commitment: Uint8Array | null;
  /** Log with the earliest leaf of `entryId`, and that leaf's time. */
  readonly origin: string;
  readonly changedAtMs: number;
  /** When a released binding stops being served and may be registered anew. */
  readonly endsAtMs: number | null;
}

/** Folds one label's history; undefined while nothing about it is complete. */
export function foldLabel(history: LabelHistory, charters: CharterSet): BindingState | undefined {
  const { holding } = history;
  const owned = isByThese(holding, charters) ? holding.state : foldOwnership(history, charters);
  return owned === undefined ? undefined : withUpdate(owned, history, charters);
}

/**
 * Returns what the ownership entries come to, to be kept beside them: undefined while nobody holds
 * the label, and where somebody has asked for it, since that waits for other entries.
 */
export function holdingOf(history: LabelHistory, charters: CharterSet): Holding | undefined {
  if (isByThese(history.holding, charters)) return history.holding;
  for (const { entry } of history.ownership.values())
    if (entry.kind === 'request') return undefined;
  const state = foldOwnership(history, charters);
  if (state?.status !== 'held') return undefined;
  return { charterVersion: charters.current.charter.version, state };
}

/** Charters are a chain: the version of the newest says which they are. */
function isByThese(holding: Holding | undefined, { current }: CharterSet): holding is Holding {
  return holding?.charterVersion === current.charter.version;
}

/** Folds the ownership entries alone. */
function foldOwnership(history: LabelHistory, charters: CharterSet): BindingState | undefined {
  const chain = chainInForce(history, charters);
  return chain === undefined ? undefined : stateOf(chain, charters);
}

/** The time of the holder in force, or of the last one; undefined while nothing is complete. */
export function chainInForce(history: LabelHistory, charters: CharterSet): HolderChain | undefined {
  let last: HolderChain | undefined;
  for (const chain of holderChains(history, charters)) last = chain;
  return last;
}

/** The time of the holder of one epoch; undefined while none is known. */
export function chainOfEpoch(
  epoch: number,
  history: LabelHistory,
  charters: CharterSet,
): HolderChain | undefined {
  for (const chain of holderChains(history, charters)) {
    if (chain[0]!.mentioned.entry.epoch === epoch) return chain;
  }
  return undefined;
}

/** One holder's time after the other. */
function* holderChains(history: LabelHistory, charters: CharterSet): Generator<HolderChain> {
  const complete = completeEntries(history, charters);
  let next = winnerOf(complete.filter(({ mentioned: { entry } }) => isFirstRegister(entry)));
  while (next !== undefined) {
    const chain = holderChain(complete, next);
    yield chain;
    next = winnerOf([
      ...registersAfter(chain, complete, charters),
      ...commitsOf(chain, history, charters),
    ]);
  }
}

function completeEntries(history: LabelHistory, charters: CharterSet): Timed[] {
  const complete: Timed[] = [];
  for (const mentioned of history.ownership.values()) {
    if (!mentioned.settled) continue;
    const timeMs = entryTime(mentioned, charters);
    if (timeMs !== undefined) complete.push({ mentioned, timeMs });
  }
  return complete;
}

function isFirstRegister(entry: Entry): boolean {
  return entry.kind === 'register' && entry.prev === null;
}

/** Registers of the next holder, after the release that ends `chain`. */
function registersAfter(
  chain: HolderChain,
  complete: readonly Timed[],
  charters: CharterSet,
): Timed[] {
  const last = chain.at(-1)!;
  if (last.mentioned.entry.kind !== 'release') return [];
  const endsAtMs = releaseEndsAtMs(chain, charters);
  return complete.filter(
    ({ mentioned: { entry }, timeMs }) =>
      entry.kind === 'register' && follows(entry, last) && timeMs >= endsAtMs,
  );
}

function stateOf(chain: HolderChain, charters: CharterSet): BindingState {
  const last = chain.at(-1)!;
  const released = last.mentioned.entry.kind === 'release';
  const owner = released ? chain.at(-2)! : last;
  const { entry, entryId, mentions } = owner.mentioned;
  const earliest = earliestMention(firstValidLeaves(mentions, charters));
  return {
    labelEpoch: entry.labelEpoch,
    label: entry.label,
    epoch: entry.epoch,
    status: released ? 'released' : 'held',
    ownershipId: last.mentioned.entryId,
    ownershipAtMs: last.timeMs,
    authority: entry.authority,
    recovery: entry.recovery,
    lock: entry.lock,
    email: entry.email,
    seq: entry.seq,
    entryId,
    commitment: entry.commitment,
    origin: earliest.origin,
    changedAtMs: earliest.at,
    endsAtMs: released ? releaseEndsAtMs(chain, charters) : null,
  };
}

/** Puts the update in force, if there is one, over what the ownership entries come to. */
function withUpdate(
  owned: BindingState,
  { updates }: LabelHistory,
  charters: CharterSet,
): BindingState {
  const update = updates.get(owned.entryId.toHex());
  if (update === undefined) return owned;
  const leaves = firstValidLeaves(update.mentions, charters);
  // A charter may have ceased to count the leaves of an update; see `changesJudgement`.
  if (leaves.length === 0) return owned;
  const { entryId, entry } = update;
  const { seq, commitment } = entry;
  const { origin, at: changedAtMs } = earliestMention(leaves);
  return { ...owned, seq, entryId, commitment, origin, changedAtMs };
}

function earliestMention(mentions: readonly LeafMention[]): LeafMention {
  return mentions.reduce((first, next) =>
    next.at < first.at || (next.at === first.at && next.origin < first.origin) ? next : first,
  );
}
