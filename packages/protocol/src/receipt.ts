/**
 * Receipts: the leaf, its inclusion proof and the checkpoint that a member signed over it. Whoever
 * holds one can prove offline that the member logged the leaf, or convict it when a later checkpoint
 * lacks it.
 */
import { encodeBase64Url, parseBase64Url } from './base64.ts';
import { verifyCheckpoint } from './checkpoint.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { Cryptography } from './crypto/cryptography.ts';
import { leafBytesMax, proofHashesMax, receiptCheckpointCharactersMax } from './limits.ts';
import { verifyInclusion } from './merkle/inclusion-proof.ts';
import { areTreeHashes, leafHash } from './merkle/tree-hash.ts';
import type { VerifierKey } from './notes/verifier-key.ts';
import { accept, reject } from './verdict.ts';
import type { Refusal, Verdict } from './verdict.ts';

/** The proof that a log has a leaf. */
export interface Receipt {
  readonly origin: string;
  /** 0-based. */
  readonly index: number;
  /** The encoded leaf, as logged. */
  readonly leaf: Uint8Array;
  /** The checkpoint's signed note. */
  readonly checkpoint: string;
  /** From the leaf's sibling up to the root's child. */
  readonly proof: readonly Uint8Array[];
}

/** A receipt in JSON: byte strings as base64url without padding. */
export interface ReceiptJson {
  readonly origin: string;
  readonly index: number;
  readonly leaf: string;
  readonly checkpoint: string;
  readonly proof: readonly string[];
}

/** Verifies a receipt by the log's key, whose name is the origin: the leaf's bytes. */
export function verifyReceipt(
  receipt: Receipt,
  logKey: VerifierKey,
  crypto: Cryptography,
): Verdict<Uint8Array> {
  if (receipt.origin !== logKey.name) {
    return reject('receipt_origin_mismatch', 'the receipt names another origin than the log key');
  }
  const checkpoint = verifyCheckpoint(receipt.checkpoint, logKey, crypto);
  if (checkpoint.verdict !== 'accept') return checkpoint;
  return verifyReceiptUnder(receipt, checkpoint.value, crypto);
}

/** Verifies that the leaf lies in the tree of its checkpoint, which has been verified: the leaf's bytes. */
export function verifyReceiptUnder(
  { index, leaf, proof }: Receipt,
  { size, root }: Checkpoint,
  crypto: Cryptography,
): Verdict<Uint8Array> {
  const claim = { leafHash: leafHash(leaf, crypto), index, treeSize: size, proof, root };
  if (!verifyInclusion(claim, crypto)) {
    return reject('receipt_proof_invalid', 'the proof does not lead to the root of the checkpoint');
  }
  return accept(leaf);
}

/** Returns the receipt as a value for `JSON.stringify`. */
export function encodeReceiptJson(receipt: Receipt): ReceiptJson {
  return {
    origin: receipt.origin,
    index: receipt.index,
    leaf: encodeBase64Url(receipt.leaf),
    checkpoint: receipt.checkpoint,
    proof: receipt.proof.map((hash) => encodeBase64Url(hash)),
  };
}

/** Parses a value from `JSON.parse`: exactly the five fields; says nothing of whether they hold. */
export function parseReceiptJson(value: unknown): Verdict<Receipt> {
  if (!isRecord(value)) return malformed('is not an object');
  const { origin, index, leaf, checkpoint, proof, ...unknown } = value;
  if (Object.keys(unknown).length > 0) return malformed('has an unknown field');
  if (typeof origin !== 'string' || origin === '') return malformed('has no origin');
  if (typeof index !== 'number' || !Number.isSafeInteger(index) || index < 0) {
    return malformed('has no index');
  }
  if (typeof checkpoint !== 'string' || checkpoint.length > receiptCheckpointCharactersMax) {
    return malformed(`lacks a checkpoint of at most ${receiptCheckpointCharactersMax} characters`);
  }
  const leafBytes = bytesOf(leaf);
  if (leafBytes === undefined || leafBytes.length > leafBytesMax) {
    return malformed(`lacks a leaf of at most ${leafBytesMax} bytes of base64url`);
  }
  const hashes = hashesOf(proof);
  if (hashes === undefined) {
    return malformed(`lacks a proof of at most ${proofHashesMax} hashes of base64url`);
  }
  return accept({ origin, index, leaf: leafBytes, checkpoint, proof: hashes });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function bytesOf(value: unknown): Uint8Array | undefined {
  return typeof value === 'string' ? parseBase64Url(value) : undefined;
}

function hashesOf(value: unknown): Uint8Array[] | undefined {
  if (!Array.isArray(value) || value.length > proofHashesMax) return undefined;
  const hashes = value.map(bytesOf).filter((bytes) => bytes !== undefined);
  return hashes.length === value.length && areTreeHashes(hashes) ? hashes : undefined;
}

function malformed(found: string): Refusal {
  return reject('receipt_malformed', `receipt ${found}`);
}
