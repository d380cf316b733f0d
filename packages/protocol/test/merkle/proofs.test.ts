import { describe, expect, test } from 'vitest';
import { nodeCryptography as crypto } from '../../src/crypto/node.ts';
import { consistencyProof, verifyConsistency } from '../../src/merkle/consistency-proof.ts';
import type { ConsistencyClaim } from '../../src/merkle/consistency-proof.ts';
import { inclusionProof, verifyInclusion } from '../../src/merkle/inclusion-proof.ts';
import { emptyRoot, leafHash } from '../../src/merkle/tree-hash.ts';
import { numberedLeaves, referenceHash, referenceRoot } from './reference-tree.ts';

const sizeMax = 40;
const leaves = numberedLeaves(sizeMax);
const roots = Array.from({ length: sizeMax + 1 }, (_, size) =>
  referenceRoot(leaves.slice(0, size)),
);
const read = referenceHash(leaves);
const readSmall = (size: number): typeof read => referenceHash(leaves.slice(0, size));

describe('inclusion proofs', () => {
  test('of every leaf in every tree of up to 40 leaves verify, and at no other index', () => {
    for (let treeSize = 1; treeSize <= sizeMax; treeSize += 1) {
      for (let index = 0; index < treeSize; index += 1) {
        // The reader throws for what a tree of this size cannot have stored.
        const proof = inclusionProof({ index, treeSize }, readSmall(treeSize), crypto);
        const claim = { leafHash: leafHash(leaves[index]!, crypto), treeSize, proof };
        const proven = Array.from({ length: treeSize + 1 }, (_, at) =>
          verifyInclusion({ ...claim, index: at, root: roots[treeSize]! }, crypto),
        );
        expect(proven.indexOf(true)).toBe(index);
        expect(proven.lastIndexOf(true)).toBe(index);
      }
    }
  });

  test.each([
    { index: -1, treeSize: 8 },
    { index: 0.5, treeSize: 8 },
    { index: 8, treeSize: 8 },
    { index: Number.NaN, treeSize: 8 },
    { index: 2 ** 53, treeSize: 2 ** 53 + 2 },
  ])('are refused at index $index of $treeSize', (position) => {
    const claim = { ...position, leafHash: roots[1]!, proof: [], root: roots[1]! };
    expect(verifyInclusion(claim, crypto)).toBe(false);
    expect(() => inclusionProof(position, read, crypto)).toThrow('the index lies in the tree');
  });

  test('reach beyond 2^32 leaves', () => {
    // All leaves alike: the stored hashes of a level are alike too.
    const levels = [roots[1]!];
    for (let level = 1; level <= 40; level += 1) {
      const below = levels[level - 1]!;
      levels.push(crypto.sha256(Uint8Array.of(1), below, below));
    }
    const treeSize = 2 ** 40;
    const proof = inclusionProof(
      { index: 2 ** 35 + 3, treeSize },
      (level) => levels[level]!,
      crypto,
    );
    expect(proof).toHaveLength(40);
    const claim = { leafHash: levels[0]!, treeSize, proof, root: levels[40]! };
    expect(verifyInclusion({ ...claim, index: 2 ** 35 + 3 }, crypto)).toBe(true);
    expect(verifyInclusion({ ...claim, index: 2 ** 40 }, crypto)).toBe(false);
  });
});

describe('consistency proofs', () => {
  test('between all trees of up to 40 leaves verify, and from no other old root', () => {
    for (let newSize = 0; newSize <= sizeMax; newSize += 1) {
      for (let oldSize = 0; oldSize <= newSize; oldSize += 1) {
        const proof = consistencyProof({ oldSize, newSize }, readSmall(newSize), crypto);
        const claim = { oldSize, newSize, newRoot: roots[newSize]!, proof };
        const proven = roots.map((oldRoot) => verifyConsistency({ ...claim, oldRoot }, crypto));
        expect(proven.indexOf(true)).toBe(oldSize);
        expect(proven.lastIndexOf(true)).toBe(oldSize);
      }
    }
  });

  test.each<[string, Partial<ConsistencyClaim>]>([
    ['with a hash too many', { proof: [roots[1]!] }],
    ['from an old root that is not the empty one', { oldRoot: roots[1]! }],
    ['to a root that is not 32 bytes', { newRoot: new Uint8Array(31) }],
    ['to size 0 with another root', { newSize: 0 }],
    ['to a size that is no integer', { newSize: 4.5 }],
  ])('from the empty tree are refused %s', (_name, change) => {
    const claim = { oldSize: 0, newSize: 4, oldRoot: emptyRoot(), newRoot: roots[4]!, proof: [] };
    expect(verifyConsistency(claim, crypto)).toBe(true);
    expect(verifyConsistency({ ...claim, ...change }, crypto)).toBe(false);
  });

  test('are not made towards a smaller tree', () => {
    const backwards = { oldSize: 5, newSize: 4 };
    expect(() => consistencyProof(backwards, read, crypto)).toThrow('not below the old one');
  });
});
