/**
 * Consistency proofs (RFC 9162 §2.1.4): that a tree extends an older one. The RFC leaves size 0 out;
 * here, as in tlog-witness, every tree extends the empty one by an empty proof.
 */
import { assert } from '../assert.ts';
import { bytesEqual } from '../bytes.ts';
import type { Cryptography } from '../crypto/cryptography.ts';
import { rangeHash, splitPoint } from './stored-hashes.ts';
import type { HashReader } from './stored-hashes.ts';
import { areTreeHashes, emptyRoot, nodeHash } from './tree-hash.ts';

/** The sizes of a tree before and after. */
export interface TreeGrowth {
  /** Leaves; not above `newSize`. */
  readonly oldSize: number;
  readonly newSize: number;
}

/** Two roots, and the proof that one tree goes on where the other ends. */
export interface ConsistencyClaim extends TreeGrowth {
  readonly oldRoot: Uint8Array;
  readonly newRoot: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/** Makes the proof (RFC 9162 §2.1.4.1); empty for equal sizes and for an old size of 0. */
export function consistencyProof(
  growth: TreeGrowth,
  read: HashReader,
  crypto: Cryptography,
): Uint8Array[] {
  assert(isGrowth(growth), 'the new size is not below the old one');
  if (growth.oldSize === 0 || growth.oldSize === growth.newSize) return [];
  const proof: Uint8Array[] = [];
  let [start, size] = [0, growth.newSize];
  // Goes down until the old tree is exactly the range at hand.
  while (start + size !== growth.oldSize) {
    const left = splitPoint(size);
    const right = { start: start + left, size: size - left };
    const below = growth.oldSize <= right.start;
    proof.push(rangeHash(below ? right : { start, size: left }, read, crypto));
    [start, size] = below ? [start, left] : [right.start, right.size];
  }
  // The verifier knows the old root, so it is left out where the range is the whole old tree.
  if (start !== 0) proof.push(rangeHash({ start, size }, read, crypto));
  return proof.reverse();
}

/** Verifies a proof (RFC 9162 §2.1.4.2); false for anything malformed. */
export function verifyConsistency(claim: ConsistencyClaim, crypto: Cryptography): boolean {
  const { oldSize, newSize, oldRoot, newRoot, proof } = claim;
  if (!isGrowth(claim) || !areTreeHashes([oldRoot, newRoot, ...proof])) return false;
  if (newSize === 0 && !bytesEqual(newRoot, emptyRoot())) return false;
  if (oldSize === 0) return proof.length === 0 && bytesEqual(oldRoot, emptyRoot());
  if (oldSize === newSize) return proof.length === 0 && bytesEqual(oldRoot, newRoot);
  if (proof.length === 0) return false;

  // "If first is an exact power of 2, then prepend first_hash to the consistency_path array."
  const [seed, ...path] = isPowerOfTwo(oldSize) ? [oldRoot, ...proof] : proof;
  let [node, last] = [oldSize - 1, newSize - 1];
  while (node % 2 === 1) [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  let [oldHash, newHash] = [seed!, seed!];
  for (const sibling of path) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      oldHash = nodeHash(sibling, oldHash, crypto);
      newHash = nodeHash(sibling, newHash, crypto);
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, Math.floor(last / 2)];
    } else {
      newHash = nodeHash(newHash, sibling, crypto);
    }
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  }
  return last === 0 && bytesEqual(oldHash, oldRoot) && bytesEqual(newHash, newRoot);
}

function isGrowth({ oldSize, newSize }: TreeGrowth): boolean {
  return (
    Number.isSafeInteger(oldSize) &&
    Number.isSafeInteger(newSize) &&
    oldSize >= 0 &&
    oldSize <= newSize
  );
}

function isPowerOfTwo(size: number): boolean {
  return Number.isInteger(Math.log2(size)) && 2 ** Math.round(Math.log2(size)) === size;
}
