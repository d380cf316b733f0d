/**
 * All that the logs say of one label, in the bounded form that a member keeps. It is a grow-only
 * set: integrating the same leaves in any order, any number of times, gives histories that fold to
 * the same state. Ownership entries are kept with every member's first leaves; of the updates under
 * one ownership entry only the winner is kept, since no later leaf can bring a loser back. Only a
 * charter can, when it ceases to count leaves: then the label is integrated anew (`judge.ts`).
 *
 * Entries whose signature needs another entry (a `rotate` is signed by the key it replaces) are
 * judged as soon as that entry is there, once, and dropped when they fail.
 */
import type { Cryptography } from '../crypto/cryptography.ts';
import { verifyRotateBy } from '../entry.ts';
import type { Entry } from '../entry.ts';
import { bytesEqual, compareBytes } from '../bytes.ts';
import { leavesKeptPerLogMax } from '../limits.ts';
import type { LeafRole } from '../leaf.ts';
import type { CharterSet } from './charter-set.ts';
import type { BindingState } from './fold-label.ts';
import { judgeOf } from './judge.ts';

/** One valid leaf about an entry, as its log's position and statement. */
export interface LeafMention {
  /** Name of the log. */
  readonly origin: string;
  readonly index: number;
  /** The member's clock, milliseconds since the epoch. */
  readonly at: number;
  /** Hash of the charter that the leaf names, 32 bytes. */
  readonly charter: Uint8Array;
  readonly role: LeafRole;
}

/** A verified entry together with the leaf that brought it. */
export interface LoggedEntry extends LeafMention {
  readonly entryId: Uint8Array;
  readonly entry: Entry;
  readonly entryBytes: Uint8Array;
}

/** An entry and the leaves of it, ordered by log and position. */
export interface MentionedEntry {
  readonly entryId: Uint8Array;
  readonly entry: Entry;
  readonly entryBytes: Uint8Array;
  readonly mentions: readonly LeafMention[];
  /** True once the signature that needs the previous entry has been verified, or none does. */
  readonly settled: boolean;
}

/** What all logs say of one label. */
export interface LabelHistory {
  /** Ownership entries by hex id. */
  readonly ownership: ReadonlyMap<string, MentionedEntry>;
  /** Winning updates, by the ownership entry they name: see `updateKeyOf`. */
  readonly updates: ReadonlyMap<string, MentionedEntry>;
  /** What the ownership entries come to; left out where nobody has kept it. */
  readonly holding?: Holding;
}

/**
 * What the ownership entries of a label that is held come to, by the charters up to one: it changes
 * only with them, so whoever keeps it beside a history folds an update without looking at them.
 */
export interface Holding {
  /** Version of the newest of those charters. */
  readonly charterVersion: number;
  /** The state while no update is in force. */
  readonly state: BindingState;
}

/** The history of a label that no entry is about. */
export const emptyHistory: LabelHistory = { ownership: new Map(), updates: new Map() };

/** The roles in which a member may log each kind; a leaf with another role contributes nothing. */
const rolesOfKind: Readonly<Record<Entry['kind'], readonly LeafRole[]>> = {
  register: ['challenged', 'witnessed'],
  request: ['challenged', 'witnessed'],
  commit: ['challenged', 'witnessed'],
  rotate: ['received', 'witnessed'],
  release: ['received', 'witnessed'],
  veto: ['received', 'challenged', 'witnessed'],
  update: ['received'],
};

/** True when a leaf of this role can vouch for an entry of this kind. */
export function roleFitsKind(role: LeafRole, kind: Entry['kind']): boolean {
  return rolesOfKind[kind].includes(role);
}

/**
 * Adds one leaf whose entry's own signatures have been verified (`verifyEntry`). Returns the same
 * object when the leaf adds nothing.
 */
export function integrateLeaf(
  history: LabelHistory,
  logged: LoggedEntry,
  { charters, crypto }: { readonly charters: CharterSet; readonly crypto: Cryptography },
): LabelHistory {
  if (!roleFitsKind(logged.role, logged.entry.kind)) return history;
  if (logged.entry.kind !== 'update') return integrateOwnership(history, logged, crypto);
  // Of updates only the winner is kept, and none that counts may make way for one that does not.
  return judgeOf(logged, charters) === undefined ? history : integrateUpdate(history, logged);
}

function integrateOwnership(
  history: LabelHistory,
  logged: LoggedEntry,
  crypto: Cryptography,
): LabelHistory {
  const entryKey = logged.entryId.toHex();
  const known = history.ownership.get(entryKey);
  if (known !== undefined) {
    const mentions = withMention(known.mentions, logged);
    if (mentions === known.mentions) return history;
    const ownership = new Map(history.ownership).set(entryKey, { ...known, mentions });
    return { ownership, updates: history.updates };
  }
  const ownership = new Map(history.ownership).set(entryKey, mentioned(logged));
  for (const entry of ownership.values()) settle(ownership, entry, crypto);
  return { ownership, updates: updatesOfKnownTerms(history.updates, ownership) };
}

/** Judges what `entry` could not prove alone, if the entry it builds on is known. */
function settle(
  ownership: Map<string, MentionedEntry>,
  mentionedEntry: MentionedEntry,
  crypto: Cryptography,
): void {
  const { entry, settled, entryId } = mentionedEntry;
  if (settled) return;
  const previous = entry.prev === null ? undefined : ownership.get(entry.prev.toHex());
  if (previous === undefined) return;
  const entryKey = entryId.toHex();
  if (fitsPrevious(entry, previous.entry, crypto)) {
    ownership.set(entryKey, { ...mentionedEntry, settled: true });
  } else {
    ownership.delete(entryKey);
  }
}

/** Judges what an entry cannot prove alone: that `previous` lets its signer build on it. */
export function fitsPrevious(entry: Entry, previous: Entry, crypto: Cryptography): boolean {
  if (entry.kind === 'register') {
    return previous.kind === 'release' && entry.epoch === previous.epoch + 1;
  }
  const owns =
    previous.kind === 'register' || previous.kind === 'commit' || previous.kind === 'rotate';
  if (!owns || entry.epoch !== previous.epoch) return false;
  return entry.kind === 'rotate'
    ? verifyRotateBy(entry, previous.authority, crypto)
    : bytesEqual(entry.authority, previous.authority);
}

function mentioned(logged: LoggedEntry): MentionedEntry {
  const { entryId, entry, entryBytes } = logged;
  return {
    entryId,
    entry,
    entryBytes,
    mentions: [mentionOf(logged)],
    settled: entry.prev === null,
  };
}

function mentionOf({ origin, index, at, charter, role }: LeafMention): LeafMention {
  return { origin, index, at, charter, role };
}

/** Keeps the first `leavesKeptPerLogMax` leaves of each log, in order. */
function withMention(mentions: readonly LeafMention[], added: LeafMention): readonly LeafMention[] {
  const ofLog = mentions.filter(({ origin }) => origin === added.origin);
  if (ofLog.some(({ index }) => index === added.index)) return mentions;
  if (ofLog.length >= leavesKeptPerLogMax && added.index > ofLog.at(-1)!.index) return mentions;
  const kept = [...ofLog, mentionOf(added)]
    .sort((a, b) => a.index - b.index)
    .slice(0, leavesKeptPerLogMax);
  return [...mentions.filter(({ origin }) => origin !== added.origin), ...kept].sort(byPosition);
}

function byPosition(a: LeafMention, b: LeafMention): number {
  return a.origin < b.origin ? -1 : a.origin > b.origin ? 1 : a.index - b.index;
}

function integrateUpdate(history: LabelHistory, logged: LoggedEntry): LabelHistory {
  const { entry } = logged;
  const ownershipKey = entry.prev!.toHex();
  const named = termsNamedBy(entry, ownershipKey, history);
  if (named !== undefined && !hasTermsOf(entry, named)) return history;
  const updateKey = named === undefined ? pendingKey(entry, ownershipKey) : ownershipKey;
  const winner = history.updates.get(updateKey);
  const next = strongerUpdate(winner, logged);
  if (next === winner) return history;
  return { ...history, updates: new Map(history.updates).set(updateKey, next) };
}

/** The terms of the ownership entry that an update names, if it is known. */
function termsNamedBy(
  { prev }: Entry,
  ownershipKey: string,
  { ownership, holding }: LabelHistory,
): UpdateTerms | undefined {
  if (holding !== undefined && bytesEqual(holding.state.ownershipId, prev!)) return holding.state;
  return ownership.get(ownershipKey)?.entry;
}

function strongerUpdate(winner: MentionedEntry | undefined, logged: LoggedEntry): MentionedEntry {
  if (winner === undefined) return mentioned(logged);
  const order = compareUpdates(winner, logged);
  if (order === 0) {
    const mentions = withMention(winner.mentions, logged);
    return mentions === winner.mentions ? winner : { ...winner, mentions };
  }
  return order > 0 ? mentioned(logged) : winner;
}

/** Of two updates under one ownership entry, the one with the higher `seq` wins, then the smaller id. */
function compareUpdates(a: UpdateRank, b: UpdateRank): number {
  return b.entry.seq - a.entry.seq || compareBytes(a.entryId, b.entryId);
}

type UpdateRank = Pick<MentionedEntry, 'entry' | 'entryId'>;

/** What an update must share with the ownership entry it names. */
export type UpdateTerms = Pick<Entry, 'epoch' | 'authority' | 'recovery' | 'lock' | 'email'>;

/**
 * True when an update carries these terms. Nobody but the key in force can write under them, so a
 * stranger's update of a higher `seq` displaces nothing.
 */
export function hasTermsOf(update: UpdateTerms, terms: UpdateTerms): boolean {
  return (
    update.epoch === terms.epoch &&
    update.lock === terms.lock &&
    bytesEqual(update.authority, terms.authority) &&
    sameOrNull(update.recovery, terms.recovery) &&
    sameOrNull(update.email, terms.email)
  );
}

function sameOrNull(a: Uint8Array | null, b: Uint8Array | null): boolean {
  return a === null || b === null ? a === b : bytesEqual(a, b);
}

/**
 * The key of an update in `updates`: the ownership entry that it names. Until that is known, updates
 * of different terms have to be kept beside each other, so the terms belong to the key.
 */
export function updateKeyOf(entry: Entry, ownership: LabelHistory['ownership']): string {
  const ownershipKey = entry.prev!.toHex();
  return ownership.has(ownershipKey) ? ownershipKey : pendingKey(entry, ownershipKey);
}

function pendingKey({ epoch, authority, recovery, lock, email }: Entry, named: string): string {
  const locked = lock ? 'locked' : '';
  const terms = [authority.toHex(), recovery?.toHex() ?? '', locked, email?.toHex() ?? ''];
  return [named, epoch, ...terms].join(' ');
}

/** Drops updates whose ownership entry is known now and sets other terms. */
function updatesOfKnownTerms(
  updates: LabelHistory['updates'],
  ownership: LabelHistory['ownership'],
): LabelHistory['updates'] {
  const kept = [...updates.values()].filter(({ entry }) => {
    const named = ownership.get(entry.prev!.toHex());
    return named === undefined || hasTermsOf(entry, named.entry);
  });
  return new Map(kept.map((update) => [updateKeyOf(update.entry, ownership), update]));
}
