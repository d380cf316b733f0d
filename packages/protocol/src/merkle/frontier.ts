/**
 * The frontier of an append-only tree: the roots of its perfect subtrees, largest first. It is all
 * that appending and the root need (at most 53 hashes), so a log of any length is extended without
 * reading it. Values are never changed in place: a batch that fails leaves the old frontier whole.
 */
import { assert } from '../assert.ts';
import type { Cryptography } from '../crypto/cryptography.ts';
import type { HashReader } from './stored-hashes.ts';
import { emptyRoot, nodeHash } from './tree-hash.ts';

/** What has to be kept of a tree so that leaves can be added. */
export interface Frontier {
  /** Leaves. */
  readonly size: number;
  /** Roots of the perfect subtrees, largest first; one for each bit set in `size`. */
  readonly hashes: readonly Uint8Array[];
}

/** The root of a perfect subtree of 2^level leaves that begins at leaf index × 2^level. */
export interface StoredHash {
  readonly level: number;
  readonly index: number;
  readonly hash: Uint8Array;
}

/** The frontier of an empty tree. */
export const emptyFrontier: Frontier = { size: 0, hashes: [] };

/** Reads the frontier that a tree has, or had, at this size from hashes that are stored. */
export function readFrontier(size: number, read: HashReader): Frontier {
  return { size, hashes: perfectSubtrees(size).map(([level, index]) => read(level, index)) };
}

/** Appends leaves, given as leaf hashes. */
export function extendFrontier(
  frontier: Frontier,
  leafHashes: readonly Uint8Array[],
  crypto: Cryptography,
): Frontier {
  return growFrontier(frontier, leafHashes, crypto).frontier;
}

/** Appends leaves and also returns every hash that came to be, for a store that keeps them. */
export function growFrontier(
  frontier: Frontier,
  leafHashes: readonly Uint8Array[],
  crypto: Cryptography,
): { frontier: Frontier; stored: StoredHash[] } {
  assertFrontier(frontier);
  assert(Number.isSafeInteger(frontier.size + leafHashes.length), 'the tree size is safe');
  const hashes = [...frontier.hashes];
  const stored: StoredHash[] = [];
  let size = frontier.size;
  for (const leaf of leafHashes) {
    let [level, index, hash] = [0, size, leaf];
    stored.push({ level, index, hash });
    // An odd index is a right child: its left sibling is the last hash of the frontier.
    while (index % 2 === 1) {
      hash = nodeHash(hashes.pop()!, hash, crypto);
      [level, index] = [level + 1, (index - 1) / 2];
      stored.push({ level, index, hash });
    }
    hashes.push(hash);
    size += 1;
  }
  return { frontier: { size, hashes }, stored };
}

/** Returns the root of the tree (RFC 9162 §2.1.1), 32 bytes. */
export function frontierRoot(frontier: Frontier, crypto: Cryptography): Uint8Array {
  assertFrontier(frontier);
  if (frontier.hashes.length === 0) return emptyRoot();
  return frontier.hashes.reduceRight((right, left) => nodeHash(left, right, crypto));
}

function assertFrontier(frontier: Frontier): void {
  let perfectSubtrees = 0;
  for (let rest = frontier.size; rest > 0; rest = Math.floor(rest / 2)) perfectSubtrees += rest % 2;
  assert(Number.isSafeInteger(frontier.size) && frontier.size >= 0, 'the frontier has a size');
  assert(frontier.hashes.length === perfectSubtrees, 'one hash for each perfect subtree');
}

/** Level and index of the perfect subtrees that a tree of this size is made of, largest first. */
function perfectSubtrees(size: number): (readonly [level: number, index: number])[] {
  const subtrees: (readonly [number, number])[] = [];
  for (let start = 0, rest = size; rest > 0;) {
    const level = Math.floor(Math.log2(rest));
    // The logarithm of a large number may round up to the next whole one.
    const width = 2 ** level > rest ? 2 ** (level - 1) : 2 ** level;
    subtrees.push([Math.log2(width), start / width]);
    start += width;
    rest -= width;
  }
  return subtrees;
}
