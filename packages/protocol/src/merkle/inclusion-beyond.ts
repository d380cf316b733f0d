/**
 * Inclusion proofs in a tree of which only the beginning is at hand. Whoever has the first leaves of a
 * tree and the consistency proof from these to the whole has, between them, every hash on the way from
 * one of these leaves to the root: a mirror that is still catching up can prove what it has, even if
 * the rest never comes.
 */
import { assert } from '../assert.ts';
import type { Cryptography } from '../crypto/cryptography.ts';
import type { TreeGrowth } from './consistency-proof.ts';
import { rangeHash, splitPoint } from './stored-hashes.ts';
import type { HashReader, LeafRange } from './stored-hashes.ts';
import { nodeHash } from './tree-hash.ts';

/** What is at hand of the tree of `newSize` leaves: the first `oldSize`, and their consistency. */
export interface TreeBeginning extends TreeGrowth {
  /** Hashes of the first `oldSize` leaves. */
  readonly read: HashReader;
  /** From `oldSize` to `newSize`, verified. */
  readonly consistency: readonly Uint8Array[];
}

/** Makes the inclusion proof of a leaf below `oldSize` in the tree of `newSize` leaves. */
export function inclusionBeyond(
  index: number,
  tree: TreeBeginning,
  crypto: Cryptography,
): Uint8Array[] {
  const { oldSize, newSize, read } = tree;
  assert(index >= 0 && index < oldSize && oldSize <= newSize, 'the leaf is one of the first');
  const beyond = hashesBeyond(tree);
  const proof: Uint8Array[] = [];
  let range: LeafRange = { start: 0, size: newSize };
  while (range.size > 1) {
    const { left, right } = halves(range);
    const below = index < right.start;
    const sibling = below ? right : left;
    proof.push(hashOf(sibling));
    range = below ? left : right;
  }
  return proof.reverse();

  /** The hash of any range on the way or beside it. */
  function hashOf(of: LeafRange): Uint8Array {
    if (of.start + of.size <= oldSize) return rangeHash(of, read, crypto);
    if (of.start >= oldSize) {
      const hash = beyond.get(of.start);
      assert(hash !== undefined, 'the consistency proof has every range beyond');
      return hash;
    }
    const { left, right } = halves(of);
    return nodeHash(hashOf(left), hashOf(right), crypto);
  }
}

/** The hashes in the consistency proof that lie beyond the old tree, by their first leaf. */
function hashesBeyond({ oldSize, newSize, consistency }: TreeBeginning): Map<number, Uint8Array> {
  const found = new Map<number, Uint8Array>();
  const downwards = consistency.toReversed();
  let range: LeafRange = { start: 0, size: newSize };
  // The same way down as the proof was made by (RFC 9162 §2.1.4.1).
  for (let step = 0; range.start + range.size !== oldSize; step++) {
    const { left, right } = halves(range);
    const below = oldSize <= right.start;
    if (below) found.set(right.start, downwards[step]!);
    range = below ? left : right;
  }
  return found;
}

function halves({ start, size }: LeafRange): { left: LeafRange; right: LeafRange } {
  const split = splitPoint(size);
  return { left: { start, size: split }, right: { start: start + split, size: size - split } };
}
