/**
 * Inclusion proofs (RFC 9162 §2.1.3): that a leaf stands at an index of the tree with a given root.
 * Sizes are JavaScript's safe integers, so halves are taken by division: the shift operators would
 * cut at 32 bits.
 */
import { assert } from '../assert.ts';
import { bytesEqual } from '../bytes.ts';
import type { Cryptography } from '../crypto/cryptography.ts';
import { rangeHash, splitPoint } from './stored-hashes.ts';
import type { HashReader } from './stored-hashes.ts';
import { areTreeHashes, nodeHash } from './tree-hash.ts';

/** Where a leaf is, in a tree of which size. */
export interface LeafPosition {
  /** 0-based. */
  readonly index: number;
  /** Leaves; above `index`. */
  readonly treeSize: number;
}

/** A leaf, a root, and the proof that the one is under the other. */
export interface InclusionClaim extends LeafPosition {
  readonly leafHash: Uint8Array;
  /** From the leaf's sibling up to the root's child. */
  readonly proof: readonly Uint8Array[];
  readonly root: Uint8Array;
}

/** Makes the proof, from the leaf's sibling up to the root's child (RFC 9162 §2.1.3.1). */
export function inclusionProof(
  position: LeafPosition,
  read: HashReader,
  crypto: Cryptography,
): Uint8Array[] {
  assert(isPosition(position), 'the index lies in the tree');
  const proof: Uint8Array[] = [];
  let [start, size] = [0, position.treeSize];
  while (size > 1) {
    const left = splitPoint(size);
    const right = { start: start + left, size: size - left };
    const below = position.index < start + left;
    proof.push(rangeHash(below ? right : { start, size: left }, read, crypto));
    [start, size] = below ? [start, left] : [right.start, right.size];
  }
  return proof.reverse();
}

/** Verifies a proof (RFC 9162 §2.1.3.2); false for anything malformed. */
export function verifyInclusion(claim: InclusionClaim, crypto: Cryptography): boolean {
  if (!isPosition(claim) || !areTreeHashes([claim.leafHash, claim.root, ...claim.proof])) {
    return false;
  }
  let [node, last, hash] = [claim.index, claim.treeSize - 1, claim.leafHash];
  for (const sibling of claim.proof) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sibling, hash, crypto);
      // "If LSB(fn) is not set, then right-shift both fn and sn equally until either LSB(fn) is set
      // or fn is 0."
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, Math.floor(last / 2)];
    } else {
      hash = nodeHash(hash, sibling, crypto);
    }
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  }
  return last === 0 && bytesEqual(hash, claim.root);
}

/**
 * Returns the hashes of a valid proof that stand left of the leaf's way to the root. They are roots of
 * perfect subtrees and cover all leaves before `index`, so every tree that extends this one has the same.
 */
export function leftSiblings(
  position: LeafPosition,
  proof: readonly Uint8Array[],
): readonly Uint8Array[] {
  let [node, last] = [position.index, position.treeSize - 1];
  const left: Uint8Array[] = [];
  for (const sibling of proof) {
    if (node % 2 === 1 || node === last) {
      left.push(sibling);
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, Math.floor(last / 2)];
    }
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  }
  return left;
}

function isPosition({ index, treeSize }: LeafPosition): boolean {
  return (
    Number.isSafeInteger(index) && Number.isSafeInteger(treeSize) && index >= 0 && index < treeSize
  );
}
