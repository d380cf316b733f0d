/**
 * Cosignatures (C2SP tlog-cosignature, `cosignature/v1`): a member's word that, at a time, this was
 * the largest consistent tree it had seen of another member's log.
 *
 * A member cosigns with its log key under algorithm 0x04. C2SP allows one key for two algorithms,
 * since key hash and message differ: what a log signs begins with its origin, a cosignature with
 * `cosignature/v1`, which is no origin a charter admits.
 */
import { assert } from './assert.ts';
import { bytesEqual, utf8 } from './bytes.ts';
import { parseCheckpoint } from './checkpoint.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { Cryptography, Ed25519Signer } from './crypto/cryptography.ts';
import { timestampOf, timestampedSignature } from './notes/cosignature-message.ts';
import { encodeNote, parseNote } from './notes/note.ts';
import { verifyNote } from './notes/signed-note.ts';
import { verifierKeyOf } from './notes/verifier-key.ts';
import type { VerifierKey } from './notes/verifier-key.ts';
import { accept } from './verdict.ts';
import type { Verdict } from './verdict.ts';

/** Who cosigns, and with which key. */
export interface Cosigner {
  /** Key name: the cosigning member's own origin. */
  readonly name: string;
  readonly signer: Ed25519Signer;
}

/** That a member has stored a log up to a checkpoint, and when (C2SP tlog-cosignature). */
export interface Cosignature {
  readonly checkpoint: Checkpoint;
  /** POSIX time of the newest of the cosigner's signatures. */
  readonly timestampSeconds: number;
}

/** Returns the key by which a member's cosignatures verify: its log key as algorithm 0x04. */
export function cosignerKeyOf(logKey: VerifierKey): VerifierKey {
  return verifierKeyOf({ name: logKey.name, algorithm: 0x04, publicKey: logKey.publicKey });
}

/**
 * Appends a cosignature to a checkpoint's note. The caller has verified the log's signature and the
 * consistency with the largest checkpoint it cosigned before.
 */
export function cosignCheckpoint(
  noteText: string,
  cosigner: Cosigner,
  timestampSeconds: number,
): string {
  const note = parseNote(noteText);
  assert(note.verdict === 'accept', 'only a note is cosigned');
  assert(parseCheckpoint(note.value.text).verdict === 'accept', 'only a checkpoint is cosigned');
  const { name, signer } = cosigner;
  const key = verifierKeyOf({ name, algorithm: 0x04, publicKey: signer.publicKey });
  const text = utf8(note.value.text);
  const signature = timestampedSignature(text, timestampSeconds, signer);
  const signatures = [...note.value.signatures, { name, hash: key.keyHash, signature }];
  return encodeNote({ text: note.value.text, signatures });
}

/** Verifies a cosigner's signature (algorithm 0x04) under a checkpoint; not the log's own. */
export function verifyCosignature(
  noteText: string,
  cosignerKey: VerifierKey,
  crypto: Cryptography,
): Verdict<Cosignature> {
  assert(cosignerKey.algorithm === 0x04, 'a cosigner key has algorithm 4');
  const verified = verifyNote(noteText, [cosignerKey], crypto);
  if (verified.verdict !== 'accept') return verified;
  const checkpoint = parseCheckpoint(verified.value.text);
  if (checkpoint.verdict !== 'accept') return checkpoint;
  return accept({
    checkpoint: checkpoint.value,
    timestampSeconds: newestTimestampSeconds(noteText, cosignerKey),
  });
}

/** Reads the newest time of a key in a note in which every signature by this key has verified. */
export function newestTimestampSeconds(noteText: string, key: VerifierKey): number {
  const note = parseNote(noteText);
  assert(note.verdict === 'accept', 'the note has been verified');
  const timestamps = note.value.signatures
    .filter((line) => line.name === key.name && bytesEqual(line.hash, key.keyHash))
    .map((line) => timestampOf(line.signature));
  return Math.max(...timestamps);
}
