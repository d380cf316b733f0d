/**
 * The hashes of a log's Merkle tree (RFC 9162 §2.1.1, the same as RFC 6962 §2.1): one prefix byte
 * keeps leaves and inner nodes apart, so that no inner node can be passed off as a leaf.
 */
import type { Cryptography } from '../crypto/cryptography.ts';

const leafPrefix = Uint8Array.of(0x00);
const nodePrefix = Uint8Array.of(0x01);

/** Every hash of the tree has 32 bytes. */
export const treeHashBytes = 32;

// RFC 9162 §2.1.1: "The hash of an empty list is the hash of an empty string: MTH({}) = HASH()."
const emptyRootHex = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** Returns the root of the tree without leaves: SHA-256 of nothing. */
export function emptyRoot(): Uint8Array {
  return Uint8Array.fromHex(emptyRootHex);
}

/** Hashes a leaf's bytes: SHA-256(0x00 ‖ leaf). */
export function leafHash(leaf: Uint8Array, crypto: Cryptography): Uint8Array {
  return crypto.sha256(leafPrefix, leaf);
}

/** Hashes two subtrees' roots: SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(left: Uint8Array, right: Uint8Array, crypto: Cryptography): Uint8Array {
  return crypto.sha256(nodePrefix, left, right);
}

/** Tells whether every value is the size of a tree hash: proofs come from outside. */
export function areTreeHashes(values: readonly Uint8Array[]): boolean {
  return values.every((value) => value.length === treeHashBytes);
}
