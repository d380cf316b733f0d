/**
 * Checkpoints (C2SP tlog-checkpoint): a log's signed word on its size and root. Narrower than C2SP in
 * two things: no extension lines, which nobody could audit, and sizes up to 2^53 − 1.
 */
import { assert } from './assert.ts';
import { parseBase64 } from './base64.ts';
import { bytesEqual } from './bytes.ts';
import type { Cryptography } from './crypto/cryptography.ts';
import { emptyRoot, treeHashBytes } from './merkle/tree-hash.ts';
import { signNote, verifyNote } from './notes/signed-note.ts';
import type { NoteSigner } from './notes/signed-note.ts';
import type { VerifierKey } from './notes/verifier-key.ts';
import { accept, reject } from './verdict.ts';
import type { Refusal, Verdict } from './verdict.ts';

/** The size and root of a log (C2SP tlog-checkpoint). */
export interface Checkpoint {
  readonly origin: string;
  /** Leaves. */
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
}

/** Returns the note text: origin, size, root, a line each. */
export function encodeCheckpoint(checkpoint: Checkpoint): string {
  const { origin, size, root } = checkpoint;
  assert(origin !== '' && !origin.includes('\n'), 'an origin is one line');
  assert(Number.isSafeInteger(size) && size >= 0, 'a size is a safe integer');
  assert(root.length === treeHashBytes, 'a root is 32 bytes');
  return `${origin}\n${size}\n${root.toBase64()}\n`;
}

/** Parses the text of a checkpoint's note; says nothing of who signed it. */
export function parseCheckpoint(text: string): Verdict<Checkpoint> {
  const lines = text.split('\n');
  if (lines.length !== 4 || lines[3] !== '') return malformed('does not have exactly three lines');
  const [origin = '', sizeText = '', rootText = ''] = lines;
  if (origin === '') return malformed('has no origin');
  // "the ASCII decimal representation of the number of leaves in the tree, with no leading zeroes"
  const size = /^(?:0|[1-9][0-9]{0,15})$/.test(sizeText) ? Number(sizeText) : Number.NaN;
  if (!Number.isSafeInteger(size)) return malformed('has a size that is not 0 to 2^53 - 1');
  const root = parseBase64(rootText);
  if (root?.length !== treeHashBytes) return malformed('has a root that is not 32 bytes of base64');
  if (size === 0 && !bytesEqual(root, emptyRoot()))
    return malformed('of size 0 lacks the empty root');
  return accept({ origin, size, root });
}

/** Signs a checkpoint; the signer's name must be its origin. */
export function signCheckpoint(checkpoint: Checkpoint, signer: NoteSigner): string {
  assert(checkpoint.origin === signer.name, 'a log signs for its own origin');
  return signNote(encodeCheckpoint(checkpoint), [signer]);
}

/** Verifies that the log of this key signed the checkpoint; the key's name is the log's origin. */
export function verifyCheckpoint(
  noteText: string,
  logKey: VerifierKey,
  crypto: Cryptography,
): Verdict<Checkpoint> {
  const note = verifyNote(noteText, [logKey], crypto);
  if (note.verdict !== 'accept') return note;
  const checkpoint = parseCheckpoint(note.value.text);
  if (checkpoint.verdict === 'accept' && checkpoint.value.origin !== logKey.name) {
    return reject('checkpoint_origin_mismatch', 'the checkpoint names another origin than its key');
  }
  return checkpoint;
}

function malformed(found: string): Refusal {
  return reject('checkpoint_malformed', `checkpoint ${found}`);
}
