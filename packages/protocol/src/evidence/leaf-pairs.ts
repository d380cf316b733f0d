/**
 * Two leaves of one log that contradict each other: a time that goes back, two entries of one slot
 * within 30 minutes, a commit beside a veto of its request. The two receipts may name different
 * checkpoints: either these agree, and the leaves stand in one log, or they do not, and the log forked.
 */
import { bytesEqual } from '../bytes.ts';
import { sameSlot } from '../fold/slot.ts';
import { competitorWaitMs } from '../limits.ts';
import type { Receipt } from '../receipt.ts';
import { accept, reject } from '../verdict.ts';
import type { Verdict } from '../verdict.ts';
import type { Evidence, PairKind } from './evidence.ts';
import { verifyLoggedLeaf, verifyVouches } from './signed-statements.ts';
import type { LoggedVouch } from './signed-statements.ts';
import type { JudgingContext, ProvenFault } from './verify-evidence.ts';

type PairEvidence = Extract<Evidence, { kind: PairKind }>;

/** Judges two leaves of one log. */
export function pairFault(
  { kind, leaves }: PairEvidence,
  context: JudgingContext,
): Verdict<ProvenFault> {
  const [{ origin }, second] = leaves;
  if (origin !== second.origin) return unproven('the leaves are of two logs');
  if (kind === 'time_back') return timeBackFault(leaves, context);
  const vouches = verifyVouches(leaves, context);
  if (vouches.verdict !== 'accept') return vouches;
  const [one, other] = vouches.value as [LoggedVouch, LoggedVouch];
  const missing = kind === 'same_slot' ? notOneSlot(one, other) : notVetoed(one, other);
  return missing === undefined ? accept({ kind, origins: [origin], disputed: [] }) : missing;
}

/** "`at` (ms, the member's clock) never decreases along a log", however its clock was set. */
function timeBackFault(
  receipts: readonly [Receipt, Receipt],
  context: JudgingContext,
): Verdict<ProvenFault> {
  const first = verifyLoggedLeaf(receipts[0], context);
  if (first.verdict !== 'accept') return first;
  const second = verifyLoggedLeaf(receipts[1], context);
  if (second.verdict !== 'accept') return second;
  const indexes = first.value.index < second.value.index;
  return indexes && first.value.leaf.at > second.value.leaf.at
    ? accept({ kind: 'time_back', origins: [first.value.origin], disputed: [] })
    : unproven('the time of the second leaf is not before that of an earlier one');
}

/**
 * A member logs a competitor only 30 minutes after the first, whatever it saw meanwhile. That the
 * first must also be incomplete in its view is not judged here: nobody else knows its view.
 */
function notOneSlot(one: LoggedVouch, other: LoggedVouch): Verdict<never> | undefined {
  const sameLabel =
    one.entry.labelEpoch === other.entry.labelEpoch &&
    bytesEqual(one.entry.label, other.entry.label);
  if (!sameLabel || !sameSlot(one.entry, other.entry)) return unproven('the slots are two');
  if (bytesEqual(one.entryId, other.entryId)) return unproven('both leaves carry one entry');
  return Math.abs(one.leaf.at - other.leaf.at) < competitorWaitMs
    ? undefined
    : unproven(`the leaves are ${competitorWaitMs} ms or more apart`);
}

/** "having logged a veto never logs that commit, nor the reverse": no time makes it right. */
function notVetoed(commit: LoggedVouch, veto: LoggedVouch): Verdict<never> | undefined {
  const kinds = commit.entry.kind === 'commit' && veto.entry.kind === 'veto';
  if (!kinds) return unproven('the leaves are not of a commit and a veto');
  return bytesEqual(commit.entry.request!, veto.entry.request!)
    ? undefined
    : unproven('commit and veto name two requests');
}

function unproven(found: string): Verdict<never> {
  return reject('evidence_unproven', found);
}
