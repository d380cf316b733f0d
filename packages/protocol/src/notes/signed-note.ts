/**
 * Signing and verifying notes. A verifier that meets a bad signature of a key it knows refuses the
 * whole note (C2SP: "clients SHOULD reject the whole note"); keys it does not know it passes over.
 */
import { assert } from '../assert.ts';
import { utf8 } from '../bytes.ts';
import type { Cryptography, Ed25519Signer } from '../crypto/cryptography.ts';
import { accept, reject } from '../verdict.ts';
import type { Verdict } from '../verdict.ts';
import { verifyTimestampedSignature } from './cosignature-message.ts';
import { isKeyName, keyHashOf } from './key-hash.ts';
import { assertNoteText, encodeNote, parseNote } from './note.ts';
import type { NoteSignature } from './note.ts';
import type { VerifierKey } from './verifier-key.ts';

/** Signs notes under a name. */
export interface NoteSigner {
  readonly name: string;
  /** 4 bytes. */
  readonly keyHash: Uint8Array;
  /** Signs the note's text, as UTF-8 with its final newline. */
  sign(text: Uint8Array): Uint8Array;
}

/** The text of a note, and the keys that have signed it. */
export interface VerifiedNote {
  readonly text: string;
  /** Keys whose signatures verified, in the order of their first lines, each once. */
  readonly verified: readonly VerifierKey[];
}

/** Names an Ed25519 key for signing notes (algorithm 0x01). */
export function noteSigner(
  named: { readonly name: string; readonly signer: Ed25519Signer },
  crypto: Cryptography,
): NoteSigner {
  const { name, signer } = named;
  assert(isKeyName(name), 'a key name has no spaces, no plus sign and no control characters');
  const key = { name, algorithm: 0x01, publicKey: signer.publicKey } as const;
  const keyHash = keyHashOf(key, (...parts) => crypto.sha256(...parts));
  return { name, keyHash, sign: (text) => signer.sign(text) };
}

/** Signs a text, which must end in a newline and have no other control character. */
export function signNote(text: string, signers: readonly NoteSigner[]): string {
  assertNoteText(text);
  const bytes = utf8(text);
  const signatures = signers.map((signer) => ({
    name: signer.name,
    hash: signer.keyHash,
    signature: signer.sign(bytes),
  }));
  return encodeNote({ text, signatures });
}

/**
 * Verifies a note by the keys a caller trusts: at least one must have signed, and no signature by
 * one of them may be bad. Two keys of one name and hash are the caller's mistake.
 */
export function verifyNote(
  noteText: string,
  verifiers: readonly VerifierKey[],
  crypto: Cryptography,
): Verdict<VerifiedNote> {
  const note = parseNote(noteText);
  if (note.verdict !== 'accept') return note;
  const known = keysByLine(verifiers);
  const text = utf8(note.value.text);
  const verified = new Set<VerifierKey>();
  for (const line of note.value.signatures) {
    const key = known.get(lineKey(line.name, line.hash));
    // "Verifiers MUST ignore signatures from unknown keys, even if they share a name or ID (but not
    // both) with a known key."
    if (key === undefined) continue;
    if (!verifySignature(line, { key, text }, crypto)) {
      return reject('note_signature_invalid', 'a signature by a known key does not verify');
    }
    verified.add(key);
  }
  if (verified.size === 0) {
    return reject('note_signature_missing', `none of ${verifiers.length} known keys has signed`);
  }
  return accept({ text: note.value.text, verified: [...verified] });
}

function verifySignature(
  line: NoteSignature,
  by: { key: VerifierKey; text: Uint8Array },
  crypto: Cryptography,
): boolean {
  if (by.key.algorithm === 0x04) {
    return verifyTimestampedSignature(line.signature, by, crypto) !== undefined;
  }
  return crypto.ed25519Verify(by.text, line.signature, by.key.publicKey);
}

function keysByLine(verifiers: readonly VerifierKey[]): Map<string, VerifierKey> {
  const known = new Map<string, VerifierKey>();
  for (const key of verifiers) {
    const line = lineKey(key.name, key.keyHash);
    assert(!known.has(line), 'verifier keys differ in name or hash');
    known.set(line, key);
  }
  return known;
}

function lineKey(name: string, hash: Uint8Array): string {
  return `${name}+${hash.toHex()}`;
}
