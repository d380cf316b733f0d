import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nodeCryptography as crypto } from '../../src/crypto/node.ts';
import { indexProofBytesMax } from '../../src/limits.ts';
import {
  encodeIndexProof,
  parseIndexProof,
  proveIndexLabel,
  verifyIndexProof,
} from '../../src/index-tree/index-proof.ts';
import { readVectors } from '../read-vectors.ts';
import { bytes32, StoredIndex } from './reference-index.ts';

const heads = ['', '00', 'ff', 'abcd', 'abcdef01'].map((head) => Uint8Array.fromHex(head));
const labels = Array.from({ length: 60 }, (_, number) =>
  bytes32(`label ${number}`, heads[number % heads.length]),
);
const stateHash = bytes32('state');
const otherState = bytes32('other state');
const subsets = fc.subarray(labels);

function indexOf(present: readonly Uint8Array[]): StoredIndex {
  return new StoredIndex().apply(present.map((label) => ({ label, stateHash })));
}

function prove({ read }: StoredIndex, label: Uint8Array): Uint8Array {
  return encodeIndexProof(proveIndexLabel(label, read, crypto));
}

describe('a proof of the index', () => {
  test('verifies what is so of a label, and nothing else', () => {
    fc.assert(
      fc.property(subsets, fc.constantFrom(...labels), (present, label) => {
        const index = indexOf(present);
        const is = present.includes(label);
        const claim = { root: index.root, label, proof: prove(index, label) };
        const verdict = (state: Uint8Array | null) =>
          verifyIndexProof({ ...claim, stateHash: state }, crypto).verdict;
        expect(verdict(stateHash)).toBe(is ? 'accept' : 'reject');
        expect(verdict(null)).toBe(is ? 'reject' : 'accept');
        expect(verdict(otherState)).toBe('reject');
      }),
      { numRuns: 400 },
    );
  });

  test('shows nothing about another label', () => {
    fc.assert(
      fc.property(subsets, fc.constantFrom(...labels), fc.constantFrom(...labels), (s, a, b) => {
        fc.pre(a !== b);
        const index = indexOf(s);
        const claim = { root: index.root, label: b, proof: prove(index, a) };
        const shown = [stateHash, null].filter(
          (state) => verifyIndexProof({ ...claim, stateHash: state }, crypto).verdict === 'accept',
        );
        // The end of one way may be the end of another label's too: then it shows what is so of it.
        expect(shown.every((state) => (state !== null) === s.includes(b))).toBe(true);
      }),
      { numRuns: 400 },
    );
  });

  test('fails with any bit of it flipped', () => {
    for (const present of [labels.slice(0, 40), labels.slice(0, 1), []]) {
      const index = indexOf(present);
      for (const label of [labels[0]!, labels[3]!, labels[41]!, labels[43]!]) {
        const state = present.includes(label) ? stateHash : null;
        const proof = prove(index, label);
        const claim = { root: index.root, label, stateHash: state };
        expect(verifyIndexProof({ ...claim, proof }, crypto).verdict).toBe('accept');
        for (let bit = 0; bit < proof.length * 8; bit++) {
          const flipped = proof.with(bit >> 3, proof[bit >> 3]! ^ (1 << (bit & 7)));
          expect(verifyIndexProof({ ...claim, proof: flipped }, crypto).verdict).toBe('reject');
        }
      }
    }
  });

  test('of absence cannot be made for a label that is there, from any part of the tree', () => {
    // All that a liar has: the hashes of the true tree, put together in another way.
    const index = indexOf(labels.slice(0, 20));
    const label = labels[0]!;
    const honest = proveIndexLabel(label, index.read, crypto);
    const ends = [
      'empty' as const,
      ...labels.slice(1, 20).map((other) => ({ label: other, stateHash })),
    ];
    for (let depth = 0; depth <= honest.siblings.length; depth++) {
      for (const end of ends) {
        const siblings = honest.siblings.slice(0, depth);
        const proof = encodeIndexProof({ siblings, end });
        const claim = { root: index.root, label, stateHash: null, proof };
        expect(verifyIndexProof(claim, crypto).verdict).toBe('reject');
      }
    }
  });

  test('fails under another root', () => {
    const index = indexOf(labels.slice(0, 20));
    const claim = { label: labels[0]!, stateHash, proof: prove(index, labels[0]!) };
    const root = indexOf(labels.slice(0, 21)).root;
    expect(verifyIndexProof({ ...claim, root }, crypto)).toMatchObject({
      code: 'index_proof_invalid',
    });
    for (const wrong of [root.slice(1), new Uint8Array(0)]) {
      expect(verifyIndexProof({ ...claim, root: wrong }, crypto).verdict).toBe('reject');
    }
  });

  test('encodes to the bytes that it was parsed from, and parses or is refused whatever they are', () => {
    const index = indexOf(labels.slice(0, 30));
    for (const label of labels) {
      const proof = prove(index, label);
      const parsed = parseIndexProof(proof);
      expect(parsed.verdict === 'accept' && encodeIndexProof(parsed.value)).toEqual(proof);
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const parsed = parseIndexProof(bytes);
        if (parsed.verdict === 'accept') expect(encodeIndexProof(parsed.value)).toEqual(bytes);
      }),
    );
  });

  test('is at most 4 096 bytes', () => {
    const longest = (size: number) => parseIndexProof(new Uint8Array(size));
    expect(longest(indexProofBytesMax + 1)).toMatchObject({ code: 'index_proof_malformed' });
    const siblings = Array.from({ length: 127 }, () => bytes32('sibling'));
    expect(encodeIndexProof({ siblings, end: 'empty' })).toHaveLength(4082);
    expect(() =>
      encodeIndexProof({ siblings: [...siblings, bytes32('sibling')], end: 'empty' }),
    ).toThrow('a proof fits its limit');
  });

  test('of one among 10^9 labels takes about 1 100 bytes', () => {
    // 2^30 labels: a random one has 30 levels above it and seldom more than five beyond.
    const siblings = Array.from({ length: 36 }, () => bytes32('sibling'));
    const end = { label: bytes32('other'), stateHash };
    expect(encodeIndexProof({ siblings, end }).length).toBeLessThan(1300);
  });
});

describe('vectors of proofs', () => {
  const vectors = readVectors('index').filter(({ content }) => content.verify === 'index proof');
  test.each(vectors)('$name', ({ content }) => {
    const bytes = (text: string | null) => (text === null ? null : Uint8Array.fromHex(text));
    const claim = {
      root: bytes(content.root)!,
      label: bytes(content.label)!,
      stateHash: bytes(content.stateHash),
      proof: bytes(content.proof)!,
    };
    const verdict = verifyIndexProof(claim, crypto);
    expect(verdict.verdict === 'accept' ? 'accept' : verdict.code).toBe(content.expect);
  });
});
