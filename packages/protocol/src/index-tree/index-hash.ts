/**
 * The hashes of the index tree. The prefix bytes differ from those of a log's tree (0x00, 0x01), so
 * that nothing hashed for one can stand in the other; an empty subtree is 32 zero bytes, which is the
 * hash of nothing that anybody can find.
 */
import { bytesEqual } from '../bytes.ts';
import type { Cryptography } from '../crypto/cryptography.ts';
import { treeHashBytes } from '../merkle/tree-hash.ts';

/** A label that is in the tree, and the hash of its binding's state. */
export interface IndexLeaf {
  /** 32 bytes. */
  readonly label: Uint8Array;
  /** 32 bytes. */
  readonly stateHash: Uint8Array;
}

const leafPrefix = 0x02;
const innerPrefix = 0x03;

const emptyHash = new Uint8Array(treeHashBytes);

/** Where the 65 bytes of every hash are put together: one at a time, never handed out. */
const scratch = new Uint8Array(1 + 2 * treeHashBytes);

/** Returns the root of the tree without labels: 32 zero bytes. */
export function emptyIndexRoot(): Uint8Array {
  return emptyHash.slice();
}

/** Tells whether a hash is that of an empty subtree. */
export function isEmptyIndexHash(hash: Uint8Array): boolean {
  return bytesEqual(hash, emptyHash);
}

/** Hashes a leaf: SHA-256(0x02 ‖ label ‖ state hash). */
export function indexLeafHash(leaf: IndexLeaf, crypto: Cryptography): Uint8Array {
  return hashPair(leafPrefix, [leaf.label, leaf.stateHash], crypto);
}

/** Hashes an inner node: SHA-256(0x03 ‖ left ‖ right); `null` stands for an empty subtree. */
export function indexInnerHash(
  left: Uint8Array | null,
  right: Uint8Array | null,
  crypto: Cryptography,
): Uint8Array {
  return hashPair(innerPrefix, [left ?? emptyHash, right ?? emptyHash], crypto);
}

function hashPair(
  prefix: number,
  [left, right]: readonly [Uint8Array, Uint8Array],
  crypto: Cryptography,
): Uint8Array {
  scratch[0] = prefix;
  scratch.set(left, 1);
  scratch.set(right, 1 + treeHashBytes);
  return crypto.sha256(scratch);
}
