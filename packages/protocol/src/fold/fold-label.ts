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
import type { LabelHistory, LeafMention, MentionedEntry } from './history.ts';
import { commitsOf } from './replacement.ts';

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
  const chain = chainInForce(history, charters);
  return chain === undefined ? undefined : stateOf(chain, history, charters);
}

/** The time of the holder in force, or of the last one; undefined while nothing is complete. */
export function chainInForce(history: LabelHistory, charters: CharterSet): HolderChain | undefined {
  const complete = completeEntries(history, charters);
  let chain: HolderChain | undefined;
  let next = winnerOf(complete.filter(({ mentioned: { entry } }) => isFirstRegister(entry)));
  while (next !== undefined) {
    chain = holderChain(complete, next);
    next = winnerOf([
      ...registersAfter(chain, complete, charters),
      ...commitsOf(chain, history, charters),
    ]);
  }
  return chain;
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

function stateOf(chain: HolderChain, history: LabelHistory, charters: CharterSet): BindingState {
  const last = chain.at(-1)!;
  const released = last.mentioned.entry.kind === 'release';
  const owner = released ? chain.at(-2)! : last;
  const { entry } = owner.mentioned;
  const { served, leaves } = servedOf(owner.mentioned, history, charters);
  const earliest = earliestMention(leaves);
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
    seq: served.entry.seq,
    entryId: served.entryId,
    commitment: served.entry.commitment,
    origin: earliest.origin,
    changedAtMs: earliest.at,
    endsAtMs: released ? releaseEndsAtMs(chain, charters) : null,
  };
}

/** The update in force, else the ownership entry itself, with the leaves of it that count. */
function servedOf(
  owner: MentionedEntry,
  history: LabelHistory,
  charters: CharterSet,
): { readonly served: MentionedEntry; readonly leaves: readonly LeafMention[] } {
  const update = history.updates.get(owner.entryId.toHex());
  const leaves = firstValidLeaves(update?.mentions ?? [], charters);
  // A charter may have ceased to count the leaves of an update; see `changesJudgement`.
  if (update !== undefined && leaves.length > 0) return { served: update, leaves };
  return { served: owner, leaves: firstValidLeaves(owner.mentions, charters) };
}

function earliestMention(mentions: readonly LeafMention[]): LeafMention {
  return mentions.reduce((first, next) =>
    next.at < first.at || (next.at === first.at && next.origin < first.origin) ? next : first,
  );
}
