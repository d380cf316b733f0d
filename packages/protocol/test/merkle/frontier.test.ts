import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nodeCryptography as crypto } from '../../src/crypto/node.ts';
import {
  emptyFrontier,
  extendFrontier,
  frontierRoot,
  growFrontier,
} from '../../src/merkle/frontier.ts';
import { leafHash } from '../../src/merkle/tree-hash.ts';
import { numberedLeaves, referenceHash, referenceRoot } from './reference-tree.ts';

const leaves = numberedLeaves(300);
const leafHashes = leaves.map((leaf) => leafHash(leaf, crypto));

describe('the frontier', () => {
  test('gives the root of RFC 9162 for every size to 300', () => {
    let frontier = emptyFrontier;
    for (let size = 0; size <= 300; size += 1) {
      expect(frontierRoot(frontier, crypto)).toEqual(referenceRoot(leaves.slice(0, size)));
      frontier = extendFrontier(frontier, leafHashes.slice(size, size + 1), crypto);
    }
  });

  test('is the same however the leaves are cut into batches', () => {
    const whole = extendFrontier(emptyFrontier, leafHashes, crypto);
    fc.assert(
      fc.property(fc.array(fc.nat(300), { maxLength: 6 }), (cuts) => {
        const ends = [...cuts.sort((a, b) => a - b), 300];
        let frontier = emptyFrontier;
        for (const end of ends) {
          frontier = extendFrontier(frontier, leafHashes.slice(frontier.size, end), crypto);
        }
        expect(frontier).toEqual(whole);
      }),
    );
  });

  test('leaves the frontier it extends as it was', () => {
    const before = extendFrontier(emptyFrontier, leafHashes.slice(0, 7), crypto);
    const copy = structuredClone(before);
    extendFrontier(before, leafHashes.slice(7, 64), crypto);
    expect(before).toEqual(copy);
  });

  test('returns every hash that came to be, once', () => {
    const begun = extendFrontier(emptyFrontier, leafHashes.slice(0, 100), crypto);
    const { stored } = growFrontier(begun, leafHashes.slice(100, 300), crypto);
    const reference = referenceHash(leaves);
    for (const { level, index, hash } of stored) expect(hash).toEqual(reference(level, index));
    const places = new Set(stored.map(({ level, index }) => `${level}/${index}`));
    expect(places.size).toBe(stored.length);
    // 300 leaves make 596 perfect subtrees, 100 leaves 197: 2n less the bits set in n.
    expect(stored.length).toBe(596 - 197);
  });

  test('refuses a frontier whose hashes do not fit its size', () => {
    const broken = { size: 3, hashes: leafHashes.slice(0, 1) };
    expect(() => frontierRoot(broken, crypto)).toThrow('one hash for each perfect subtree');
  });
});
