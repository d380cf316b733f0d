/**
 * The statements that evidence is made of, each verified by the key that the charters give the log:
 * a checkpoint, a leaf with the entry in it, and who cosigned a checkpoint.
 */
import { verifyCheckpoint, parseCheckpoint } from '../checkpoint.ts';
import type { Checkpoint } from '../checkpoint.ts';
import { verifierKeyIn } from '../charter/charter-consistency.ts';
import { cosignerKeyOf, verifyCosignature } from '../cosignature.ts';
import { entryId as idOf, verifyEntry } from '../entry.ts';
import type { Entry } from '../entry.ts';
import type { CharterSet } from '../fold/charter-set.ts';
import { roleFitsKind } from '../fold/history.ts';
import { parseLeaf } from '../leaf.ts';
import type { Leaf } from '../leaf.ts';
import { parseNote } from '../notes/note.ts';
import type { VerifierKey } from '../notes/verifier-key.ts';
import { verifyReceipt } from '../receipt.ts';
import type { Receipt } from '../receipt.ts';
import { accept, ignore, reject } from '../verdict.ts';
import type { Verdict } from '../verdict.ts';
import type { JudgingContext } from './verify-evidence.ts';

/** A leaf that its log has provably signed. */
export interface LoggedLeaf {
  readonly origin: string;
  readonly index: number;
  readonly leaf: Leaf;
}

/** A leaf that vouches for an entry, whose signatures have been verified as far as it goes alone. */
export interface LoggedVouch extends LoggedLeaf {
  readonly entry: Entry;
  /** 32 bytes. */
  readonly entryId: Uint8Array;
}

/** Returns the key of a log by the newest charter, which names every member there ever was. */
export function logKeyIn(charters: CharterSet, origin: string): Verdict<VerifierKey> {
  const member = charters.current.memberByOrigin.get(origin);
  return member === undefined
    ? ignore('log_unknown', 'the charters at hand name no log of this origin')
    : accept(verifierKeyIn(member.logKey));
}

/** Verifies a checkpoint by the key of the log that it names. */
export function verifyLogCheckpoint(
  noteText: string,
  { charters, crypto }: JudgingContext,
): Verdict<Checkpoint> {
  const note = parseNote(noteText);
  if (note.verdict !== 'accept') return note;
  const checkpoint = parseCheckpoint(note.value.text);
  if (checkpoint.verdict !== 'accept') return checkpoint;
  const logKey = logKeyIn(charters, checkpoint.value.origin);
  return logKey.verdict === 'accept' ? verifyCheckpoint(noteText, logKey.value, crypto) : logKey;
}

/** Verifies that a log has signed a leaf, whatever is in it. */
export function verifyLoggedLeaf(
  receipt: Receipt,
  { charters, crypto }: JudgingContext,
): Verdict<LoggedLeaf> {
  const leaf = parseLeaf(receipt.leaf);
  if (leaf.verdict !== 'accept') return leaf;
  const logKey = logKeyIn(charters, receipt.origin);
  if (logKey.verdict !== 'accept') return logKey;
  const verified = verifyReceipt(receipt, logKey.value, crypto);
  if (verified.verdict !== 'accept') return verified;
  return accept({ origin: receipt.origin, index: receipt.index, leaf: leaf.value });
}

/** Verifies that a log has vouched for an entry: a leaf that the fold would count. */
export function verifyVouch(receipt: Receipt, context: JudgingContext): Verdict<LoggedVouch> {
  const logged = verifyLoggedLeaf(receipt, context);
  if (logged.verdict !== 'accept') return logged;
  const { entry: entryBytes, role } = logged.value.leaf;
  if (entryBytes === undefined) return reject('evidence_unproven', 'a leaf carries no entry');
  const entry = verifyEntry(entryBytes, context.crypto);
  if (entry.verdict !== 'accept') return entry;
  if (!roleFitsKind(role, entry.value.kind)) {
    return reject('role_unfit', `a leaf with role ${role} cannot carry this kind of entry`);
  }
  const entryId = idOf(entryBytes, context.crypto);
  return accept({ ...logged.value, entry: entry.value, entryId });
}

/** Verifies several; the first refusal is the answer. */
export function verifyVouches(
  receipts: readonly Receipt[],
  context: JudgingContext,
): Verdict<LoggedVouch[]> {
  const vouches: LoggedVouch[] = [];
  for (const receipt of receipts) {
    const vouch = verifyVouch(receipt, context);
    if (vouch.verdict !== 'accept') return vouch;
    vouches.push(vouch.value);
  }
  return accept(vouches);
}

/** Returns the origins of the members whose cosignature under the checkpoint verifies. */
export function cosignersOf(
  noteText: string,
  { charters, crypto }: JudgingContext,
): ReadonlySet<string> {
  const note = parseNote(noteText);
  const names = note.verdict === 'accept' ? note.value.signatures.map(({ name }) => name) : [];
  const cosigners = new Set<string>();
  for (const name of new Set(names)) {
    const logKey = logKeyIn(charters, name);
    if (logKey.verdict !== 'accept') continue;
    // A bad cosignature takes nothing from the log's own two signatures: it names nobody.
    const cosigned = verifyCosignature(noteText, cosignerKeyOf(logKey.value), crypto);
    if (cosigned.verdict === 'accept') cosigners.add(name);
  }
  return cosigners;
}
