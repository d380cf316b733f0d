/**
 * What an honest member logs: the rules by which it decides, from its own view and the current
 * charter, whether to append an entry to its own log. Logging is vouching, so everything the fold
 * would have to undo later is refused here first. Pure: the member's clock comes in as `nowMs`.
 */
import { challengedMin } from '../charter/quorum.ts';
import type { Cryptography } from '../crypto/cryptography.ts';
import { bytesEqual, compareBytes } from '../bytes.ts';
import type { Entry } from '../entry.ts';
import type { LeafRole } from '../leaf.ts';
import { competitorWaitMs, witnessAgeMsMax } from '../limits.ts';
import { accept, ignore, reject } from '../verdict.ts';
import type { Refusal, Verdict } from '../verdict.ts';
import type { CharterSet } from './charter-set.ts';
import { countedTime, countsFromMs } from './entry-progress.ts';
import { entryTime, firstValidLeaves } from './entry-time.ts';
import { foldLabel } from './fold-label.ts';
import type { BindingState } from './fold-label.ts';
import { fitsPrevious, hasTermsOf, roleFitsKind, updateKeyOf } from './history.ts';
import type { LabelHistory, LeafMention, MentionedEntry } from './history.ts';
import { refuseCommit, refuseRequest, refuseVeto } from './replacement-admission.ts';
import { sameSlot } from './slot.ts';

/** An entry that somebody asks a member to log. */
export interface Submission {
  readonly entry: Entry;
  /** 32 bytes. */
  readonly entryId: Uint8Array;
  /** Role in which this member would log it. */
  readonly role: LeafRole;
  /** Leaves of this entry in other logs, proven by receipts and perhaps not yet replicated. */
  readonly receipted: readonly LeafMention[];
}

/** This member's view of the label and its circumstances. */
export interface Circumstances {
  readonly history: LabelHistory;
  readonly charters: CharterSet;
  readonly crypto: Cryptography;
  readonly nowMs: number;
  /** Name of this member's own log. */
  readonly ownOrigin: string;
}

/** `append`, or where this member's first leaf of the same entry already is. */
export type Admission =
  { readonly action: 'append' } | { readonly action: 'already'; readonly index: number };

/** Decides whether an honest member logs `submission`. */
export function admitEntry(
  submission: Submission,
  circumstances: Circumstances,
): Verdict<Admission> {
  const { entry, role } = submission;
  const { charters, history } = circumstances;
  const ownLeaf = ownLeafOf(submission, circumstances);
  if (ownLeaf !== undefined) return accept({ action: 'already', index: ownLeaf.index });
  const refusal =
    refuseUnderCharter(entry, circumstances) ??
    refuseRole(entry, role) ??
    refuseAgainstView(submission, circumstances, foldLabel(history, charters));
  return refusal ?? accept({ action: 'append' });
}

function ownLeafOf(
  { entry, entryId }: Submission,
  { history, ownOrigin, charters }: Circumstances,
): LeafMention | undefined {
  const known =
    entry.kind === 'update'
      ? history.updates.get(updateKeyOf(entry, history.ownership))
      : history.ownership.get(entryId.toHex());
  if (known === undefined || !bytesEqual(known.entryId, entryId)) return undefined;
  return firstValidLeaves(known.mentions, charters).find(({ origin }) => origin === ownOrigin);
}

function refuseUnderCharter(
  entry: Entry,
  { charters: { current }, nowMs, ownOrigin }: Circumstances,
): Refusal | undefined {
  const { charter } = current;
  if (entry.labelEpoch !== charter.labelEpoch) {
    return reject(
      'label_epoch_mismatch',
      `entry has label epoch ${entry.labelEpoch}, the charter ${charter.labelEpoch}`,
    );
  }
  if (current.memberByOrigin.get(ownOrigin)?.state !== 'active') {
    return ignore('member_not_active', 'this member is read-only or expelled');
  }
  if (charter.version > 1 && nowMs < charter.effectiveAtMs) {
    return ignore('charter_not_effective', 'the charter of this member is not in effect yet');
  }
  if (entry.kind !== 'update' && nowMs >= charter.expiresAtMs) {
    return ignore('charter_expired', 'the charter has expired: no new notarisation');
  }
  return undefined;
}

function refuseRole(entry: Entry, role: LeafRole): Refusal | undefined {
  if (roleFitsKind(role, entry.kind)) return undefined;
  return reject(
    'role_unfit',
    `a leaf with role ${role} cannot carry an entry of kind ${entry.kind}`,
  );
}

function refuseAgainstView(
  submission: Submission,
  circumstances: Circumstances,
  state: BindingState | undefined,
): Refusal | undefined {
  const { entry } = submission;
  switch (entry.kind) {
    case 'register':
      return (
        refuseComplete(submission, circumstances) ??
        refuseRegister(entry, state, circumstances) ??
        refuseCompetitor(submission, circumstances) ??
        refuseUnwitnessable(submission, circumstances)
      );
    case 'rotate':
    case 'release':
      return (
        refuseComplete(submission, circumstances) ??
        refuseSuccessor(submission, circumstances, state) ??
        refuseCompetitor(submission, circumstances)
      );
    case 'update':
      return refuseUpdate(submission, state);
    case 'request':
      return (
        refuseRequest(submission, circumstances) ??
        refuseComplete(submission, circumstances) ??
        refuseUnwitnessable(submission, circumstances)
      );
    case 'veto':
      return refuseVeto(submission, circumstances) ?? refuseComplete(submission, circumstances);
    case 'commit':
      return (
        refuseCommit(submission, circumstances) ??
        refuseComplete(submission, circumstances) ??
        refuseCompetitor(submission, circumstances) ??
        refuseUnwitnessable(submission, circumstances)
      );
  }
}

function refuseComplete(
  { entryId }: Submission,
  { history, charters }: Circumstances,
): Refusal | undefined {
  const known = history.ownership.get(entryId.toHex());
  if (known === undefined || countedTime(known, history, charters) === undefined) return undefined;
  return ignore('entry_complete', 'a quorum of members has logged this entry');
}

function refuseRegister(
  entry: Entry,
  state: BindingState | undefined,
  { crypto, history, nowMs }: Circumstances,
): Refusal | undefined {
  if (state === undefined) {
    return entry.epoch === 0
      ? undefined
      : ignore('ownership_unknown', `entry opens epoch ${entry.epoch}, none is known before it`);
  }
  if (state.endsAtMs === null) return ignore('ownership_held', 'the identifier has a holder');
  if (entry.prev === null || !bytesEqual(entry.prev, state.ownershipId)) {
    return ignore('ownership_held', 'the entry does not follow the release in force');
  }
  // The fold drops a register of another epoch: logged, it would leave this member no trace of the
  // slot that it has logged in.
  const release = history.ownership.get(state.ownershipId.toHex())!;
  if (!fitsPrevious(entry, release.entry, crypto)) {
    return reject('ownership_moved', 'the entry does not open the epoch after the release');
  }
  return nowMs < state.endsAtMs
    ? ignore('release_pending', 'the pause after the release is not over')
    : undefined;
}

/** `prev` must be the ownership entry in force, signed by the key in force. */
function refuseSuccessor(
  { entry }: Submission,
  { history, crypto }: Circumstances,
  state: BindingState | undefined,
): Refusal | undefined {
  if (state === undefined) return ignore('ownership_unknown', 'no ownership entry is complete');
  if (!bytesEqual(entry.prev!, state.ownershipId)) {
    return ignore('ownership_moved', 'the entry does not follow the ownership entry in force');
  }
  if (state.status === 'released') return ignore('ownership_moved', 'the binding is released');
  const previous = history.ownership.get(state.ownershipId.toHex())!;
  return fitsPrevious(entry, previous.entry, crypto)
    ? undefined
    : reject('authority_mismatch', 'the entry is not signed by the authority in force');
}

/** A second entry for one slot waits 30 minutes, and is never logged beside a complete one. */
function refuseCompetitor(
  submission: Submission,
  { history, nowMs, ownOrigin, charters }: Circumstances,
): Refusal | undefined {
  for (const other of history.ownership.values()) {
    if (bytesEqual(other.entryId, submission.entryId) || !sameSlot(other.entry, submission.entry)) {
      continue;
    }
    if (isComplete(other, history, charters)) {
      return ignore('slot_taken', 'another entry of this slot is complete');
    }
    // The last: an entry is logged again where its first leaf has come to count for nothing.
    const own = other.mentions.findLast(({ origin }) => origin === ownOrigin);
    if (own !== undefined && nowMs - own.at < competitorWaitMs) {
      return ignore('slot_taken', 'this member logged another entry of this slot under 30 min ago');
    }
  }
  return undefined;
}

/** Who has a quorum of leaves of a commit, and not its request, cannot tell which of them are too early. */
function isComplete(other: MentionedEntry, history: LabelHistory, charters: CharterSet): boolean {
  if (entryTime(other, charters) === undefined) return false;
  const isJudged = countsFromMs(other.entry, history, charters) !== Number.POSITIVE_INFINITY;
  return !isJudged || countedTime(other, history, charters) !== undefined;
}

/** A witness has seen the challenged leaves, the first of them under 10 minutes ago. */
function refuseUnwitnessable(
  submission: Submission,
  circumstances: Circumstances,
): Refusal | undefined {
  const { entry, entryId, role, receipted } = submission;
  const { history, charters, nowMs } = circumstances;
  if (role === 'challenged') return undefined;
  const known: MentionedEntry | undefined = history.ownership.get(entryId.toHex());
  const fromMs = countsFromMs(entry, history, charters);
  const seen = [...(known?.mentions ?? []), ...receipted].filter(({ at }) => at >= fromMs);
  const leaves = firstValidLeaves(seen, charters);
  const challenged = leaves.filter((leaf) => leaf.role === 'challenged');
  const needed = challengedMin(charters.current.charter, entry.kind);
  if (challenged.length < needed) {
    return ignore(
      'challenged_leaves_missing',
      `${challenged.length} challenged leaves seen, at least ${needed}`,
    );
  }
  const firstAtMs = Math.min(...leaves.map(({ at }) => at));
  return nowMs - firstAtMs > witnessAgeMsMax
    ? ignore('entry_too_old', 'the first leaf of this entry is over 10 min old')
    : undefined;
}

function refuseUpdate(
  { entry, entryId }: Submission,
  state: BindingState | undefined,
): Refusal | undefined {
  if (state === undefined) return ignore('ownership_unknown', 'no ownership entry is complete');
  if (state.status === 'released' || !bytesEqual(entry.prev!, state.ownershipId)) {
    return ignore('ownership_moved', 'the update names an ownership entry that is not in force');
  }
  if (!hasTermsOf(entry, state)) {
    return reject(
      'update_terms_mismatch',
      'an update carries the authority, recovery, lock and email in force',
    );
  }
  if (bytesEqual(entryId, state.entryId)) return undefined;
  const loses =
    entry.seq < state.seq || (entry.seq === state.seq && compareBytes(entryId, state.entryId) > 0);
  return loses
    ? ignore('update_superseded', `entry has seq ${entry.seq}, in force is ${state.seq}`)
    : undefined;
}
