/**
 * Agreed checkpoints: a log's signed checkpoint with cosignatures of a quorum of the active members
 * of a charter. Any two quorums share an honest member, and an honest member cosigns one tree only:
 * so there are no two agreed checkpoints of one log of which one does not extend the other.
 *
 * Only cosignatures count. The log's own signature says that the log signed, not that somebody saw
 * the largest tree at a time: the log's member counts when it has cosigned like the others.
 */
import type { Charter } from './charter/charter.ts';
import { activeMembers, quorumOf } from './charter/quorum.ts';
import { verifyCheckpoint } from './checkpoint.ts';
import type { Checkpoint } from './checkpoint.ts';
import { cosignerKeyOf, newestTimestampSeconds } from './cosignature.ts';
import type { Cryptography } from './crypto/cryptography.ts';
import type { KnownCharter } from './fold/charter-set.ts';
import { encodeNote, parseNote } from './notes/note.ts';
import { verifyNote } from './notes/signed-note.ts';
import { parseVerifierKey } from './notes/verifier-key.ts';
import type { VerifierKey } from './notes/verifier-key.ts';
import { accept, reject } from './verdict.ts';
import type { Refusal, Verdict } from './verdict.ts';

/** A checkpoint that a quorum has cosigned. */
export interface AgreedCheckpoint {
  readonly checkpoint: Checkpoint;
  /** Origins of the members whose cosignatures count, in the charter's order. */
  readonly cosigners: readonly string[];
  /** A quorum has cosigned at this time or later: the q-th newest of their newest times. */
  readonly timestampSeconds: number;
}

/**
 * Verifies that the log signed the checkpoint and a quorum of the charter's active members cosigned
 * it. Codes: those of `verifyCheckpoint`, `log_unknown`, `checkpoint_quorum_missing`.
 */
export function verifyAgreedCheckpoint(
  noteText: string,
  known: KnownCharter,
  crypto: Cryptography,
): Verdict<AgreedCheckpoint> {
  const logKey = logKeyIn(noteText, known);
  if (logKey.verdict !== 'accept') return logKey;
  const checkpoint = verifyCheckpoint(noteText, logKey.value, crypto);
  if (checkpoint.verdict !== 'accept') return checkpoint;
  const keys = cosignerKeysOf(known);
  const note = verifyNote(noteText, keys, crypto);
  const missing = note.verdict !== 'accept' && note.code === 'note_signature_missing';
  if (note.verdict !== 'accept' && !missing) return note;
  const verified = new Set(note.verdict === 'accept' ? note.value.verified : []);
  const cosigners = keys.filter((key) => verified.has(key));
  const quorum = quorumOf(known.charter);
  if (cosigners.length < quorum) return quorumMissing(cosigners.length, quorum);
  const times = cosigners.map((key) => newestTimestampSeconds(noteText, key)).sort((a, b) => b - a);
  return accept({
    checkpoint: checkpoint.value,
    cosigners: cosigners.map(({ name }) => name),
    timestampSeconds: times[quorum - 1]!,
  });
}

/**
 * Joins notes of one text into one that has every signature line once, in the order of the notes.
 * Verifies nothing: a bad line would spoil the note, so the caller has verified each.
 */
export function mergeCheckpointNotes(notes: readonly [string, ...string[]]): string {
  const lines = new Map<string, string>();
  let text = '';
  for (const noteText of notes) {
    const note = parseNote(noteText);
    if (note.verdict !== 'accept' || (text !== '' && note.value.text !== text)) continue;
    text = note.value.text;
    for (const signature of note.value.signatures) {
      const line = encodeNote({ text, signatures: [signature] }).slice(text.length + 1);
      lines.set(line, line);
    }
  }
  return `${text}\n${[...lines.values()].join('')}`;
}

/** The key of the log that the note's first line names; an expelled member's log goes on no more. */
function logKeyIn(noteText: string, { memberByOrigin }: KnownCharter): Verdict<VerifierKey> {
  const note = parseNote(noteText);
  if (note.verdict !== 'accept') return note;
  const member = memberByOrigin.get(note.value.text.slice(0, note.value.text.indexOf('\n')));
  if (member === undefined || member.state === 'expelled') {
    return reject('log_unknown', 'the charter names no log of this origin that goes on');
  }
  return parseVerifierKey(member.logKey);
}

function cosignerKeysOf({ charter }: KnownCharter): readonly VerifierKey[] {
  let keys = cosignerKeys.get(charter);
  if (keys === undefined) {
    keys = activeMembers(charter).flatMap(({ logKey }) => {
      const key = parseVerifierKey(logKey);
      return key.verdict === 'accept' ? [cosignerKeyOf(key.value)] : [];
    });
    cosignerKeys.set(charter, keys);
  }
  return keys;
}

/** Charters never change, and several checkpoints a second are verified by one. */
const cosignerKeys = new WeakMap<Charter, readonly VerifierKey[]>();

function quorumMissing(found: number, quorum: number): Refusal {
  return reject(
    'checkpoint_quorum_missing',
    `${found} members have cosigned the checkpoint, at least ${quorum}`,
  );
}
