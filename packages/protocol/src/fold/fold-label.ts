/**
 * The rules of merging: what one label's history means. A pure function of the leaves and the
 * charters; it reads no clock, no payload and no order of arrival. Holds and pauses are differences
 * between times that the leaves themselves carry; what depends on *now* (a release whose pause is
 * over) is left to whoever serves, as `endsAtMs`.
 */
import type { Entry } from '../entry.ts';
import { compareBytes } from '../bytes.ts';
import type { CharterSet } from './charter-set.ts';
import { entryTime } from './entry-time.ts';
import { updateTerms } from './history.ts';
import type { LabelHistory, LeafMention, MentionedEntry } from './history.ts';

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

/** An ownership entry that is complete, and its time. */
interface Timed {
  readonly mentioned: MentionedEntry;
  readonly timeMs: number;
}

/** Folds one label's history; undefined while nothing about it is complete. */
export function foldLabel(history: LabelHistory, charters: CharterSet): BindingState | undefined {
  const complete = completeEntries(history, charters);
  let chain: Timed[] = [];
  let next = winnerOf(openings(complete, undefined, charters));
  while (next !== undefined) {
    chain = holderChain(complete, next);
    next = winnerOf(openings(complete, chain, charters));
  }
  return chain.length === 0 ? undefined : stateOf(chain, history, charters);
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

/** Entries that may open an epoch: the first, or the one after the release that ends `chain`. */
function openings(
  complete: readonly Timed[],
  chain: readonly Timed[] | undefined,
  charters: CharterSet,
): Timed[] {
  const registers = complete.filter(({ mentioned }) => mentioned.entry.kind === 'register');
  if (chain === undefined)
    return registers.filter(({ mentioned }) => mentioned.entry.prev === null);
  const last = chain.at(-1)!;
  if (last.mentioned.entry.kind !== 'release') return [];
  const endsAtMs = releaseEndsAtMs(chain, charters);
  return registers.filter(
    ({ mentioned, timeMs }) => follows(mentioned.entry, last) && timeMs >= endsAtMs,
  );
}

/** Follows rotates from the entry that opened the epoch to the last one, or to a release. */
function holderChain(complete: readonly Timed[], opening: Timed): Timed[] {
  const chain = [opening];
  for (;;) {
    const last = chain.at(-1)!;
    const successors = complete.filter(
      ({ mentioned: { entry } }) =>
        (entry.kind === 'rotate' || entry.kind === 'release') && follows(entry, last),
    );
    const winner = winnerOf(successors);
    if (winner === undefined) return chain;
    chain.push(winner);
  }
}

function follows(entry: Entry, previous: Timed): boolean {
  return entry.prev !== null && compareBytes(entry.prev, previous.mentioned.entryId) === 0;
}

/** Of two complete entries in a slot the later wins, then the smaller id. */
function winnerOf(candidates: readonly Timed[]): Timed | undefined {
  return [...candidates].sort(
    (a, b) => b.timeMs - a.timeMs || compareBytes(a.mentioned.entryId, b.mentioned.entryId),
  )[0];
}

/** A release takes effect after a pause, so that whoever did not make it can still act. */
function releaseEndsAtMs(chain: readonly Timed[], charters: CharterSet): number {
  const { timeMs } = chain.at(-1)!;
  const { holds } = charters.current.charter;
  return timeMs + (lockedAt(chain, timeMs, holds.unlockMs) ? holds.lockedMs : holds.releaseMs);
}

/** Locking acts at once; unlocking takes effect `unlockMs` after the entry that says so. */
function lockedAt(chain: readonly Timed[], timeMs: number, unlockMs: number): boolean {
  return chain.some(({ mentioned: { entry } }, position) => {
    if (!entry.lock) return false;
    const unlocking = chain.slice(position + 1).find(({ mentioned }) => {
      const { kind, lock } = mentioned.entry;
      return kind !== 'release' && !lock;
    });
    return unlocking === undefined || unlocking.timeMs + unlockMs > timeMs;
  });
}

function stateOf(
  chain: readonly Timed[],
  history: LabelHistory,
  charters: CharterSet,
): BindingState {
  const last = chain.at(-1)!;
  const released = last.mentioned.entry.kind === 'release';
  const owner = released ? chain.at(-2)! : last;
  const { entry } = owner.mentioned;
  const served =
    history.updates.get(updateTerms(entry, owner.mentioned.entryId)) ?? owner.mentioned;
  const earliest = earliestMention(served.mentions);
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

function earliestMention(mentions: readonly LeafMention[]): LeafMention {
  return mentions.reduce((first, next) =>
    next.at < first.at || (next.at === first.at && next.origin < first.origin) ? next : first,
  );
}
