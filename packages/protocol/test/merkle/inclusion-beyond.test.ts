import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nodeCryptography as crypto } from '../../src/crypto/node.ts';
import { consistencyProof } from '../../src/merkle/consistency-proof.ts';
import { inclusionBeyond } from '../../src/merkle/inclusion-beyond.ts';
import { inclusionProof, leftSiblings } from '../../src/merkle/inclusion-proof.ts';
import { numberedLeaves, referenceHash } from './reference-tree.ts';

const leaves = numberedLeaves(130);

/** Reads hashes of the first leaves only; throws for any other. */
const readOf = (size: number) => referenceHash(leaves.slice(0, size));

const sizes = fc.tuple(fc.integer({ min: 1, max: 130 }), fc.nat(), fc.nat()).map(([n, m, i]) => {
  const oldSize = (m % n) + 1;
  return { newSize: n, oldSize, index: i % oldSize };
});

test('proves a leaf in a tree of which only the beginning is there', () => {
  fc.assert(
    fc.property(sizes, ({ newSize, oldSize, index }) => {
      const growth = { oldSize, newSize };
      const consistency = consistencyProof(growth, readOf(newSize), crypto);
      const tree = { ...growth, read: readOf(oldSize), consistency };
      const whole = inclusionProof({ index, treeSize: newSize }, readOf(newSize), crypto);
      expect(inclusionBeyond(index, tree, crypto)).toEqual(whole);
    }),
    { numRuns: 300 },
  );
});

test('the left siblings of a leaf are the same in every larger tree', () => {
  fc.assert(
    fc.property(sizes, ({ newSize, oldSize, index }) => {
      const [small, large] = [oldSize, newSize].map((treeSize) => {
        const proof = inclusionProof({ index, treeSize }, readOf(treeSize), crypto);
        return leftSiblings({ index, treeSize }, proof);
      });
      expect(small).toEqual(large);
    }),
    { numRuns: 300 },
  );
});
