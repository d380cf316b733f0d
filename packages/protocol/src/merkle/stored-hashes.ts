/**
 * Hashes of ranges of leaves, from the stored roots of perfect subtrees. Proofs are made of these:
 * whatever keeps the hashes (a store, tiles over HTTP) only has to answer for level and index.
 */
import type { Cryptography } from '../crypto/cryptography.ts';
import { nodeHash } from './tree-hash.ts';

/**
 * Returns the root of the perfect subtree of 2^level leaves that begins at leaf index × 2^level.
 * Asked only for subtrees that are complete in the tree at hand.
 */
export type HashReader = (level: number, index: number) => Uint8Array;

export interface LeafRange {
  /** First leaf; a multiple of the largest power of two that is not above `size`. */
  readonly start: number;
  /** Leaves, at least 1. */
  readonly size: number;
}

/** Returns MTH(D[start : start + size]) (RFC 9162 §2.1.1). */
export function rangeHash(range: LeafRange, read: HashReader, crypto: Cryptography): Uint8Array {
  const left = splitPoint(range.size);
  if (left === 0) return read(0, range.start);
  const rest = range.size - left;
  // A size that is twice its split point is a power of two: the subtree is perfect and stored.
  if (rest === left) return read(Math.log2(range.size), range.start / range.size);
  return nodeHash(
    rangeHash({ start: range.start, size: left }, read, crypto),
    rangeHash({ start: range.start + left, size: rest }, read, crypto),
    crypto,
  );
}

/** Returns the largest power of two below `size`, or 0 for one leaf (RFC 9162 §2.1.1: k < n ≤ 2k). */
export function splitPoint(size: number): number {
  if (size < 2) return 0;
  let power = 1;
  while (power * 2 < size) power *= 2;
  return power;
}
