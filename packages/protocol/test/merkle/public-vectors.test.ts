// Hashes, roots and proofs of transparency-dev, on all three implementations of cryptography.
import { globSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { nobleCryptography } from '../../src/crypto/noble.ts';
import { nodeCryptography } from '../../src/crypto/node.ts';
import { sodiumCryptography } from '../../src/crypto/sodium.ts';
import { verifyConsistency } from '../../src/merkle/consistency-proof.ts';
import { emptyFrontier, extendFrontier, frontierRoot } from '../../src/merkle/frontier.ts';
import { verifyInclusion } from '../../src/merkle/inclusion-proof.ts';
import { emptyRoot, leafHash, nodeHash } from '../../src/merkle/tree-hash.ts';
import { readJson, vectorsRoot } from '../read-vectors.ts';

interface HashVectors {
  readonly emptyRoot: string;
  readonly emptyLeaf: string;
  readonly leaf_L123456: string;
  readonly node_N123_N456: string;
  readonly leafInputsHex: readonly string[];
  readonly rootsBySize: readonly string[];
}

interface InclusionVector {
  readonly leafIdx: number;
  readonly treeSize: number;
  readonly root: string;
  readonly leafHash: string;
  readonly proof: readonly string[] | null;
  readonly wantErr: boolean;
}

interface ConsistencyVector {
  readonly size1: number;
  readonly size2: number;
  readonly root1: string;
  readonly root2: string;
  readonly proof: readonly string[] | null;
  readonly wantErr: boolean;
}

/** No error there, though its roots have 12 bytes: see vectors/merkle/README.md. */
const shortRoots = 'merkle/consistency/additional/sizes-are-equal-one-and-proof-is-empty.json';

const implementations = [nodeCryptography, nobleCryptography, sodiumCryptography];

describe.each(implementations)('with $name', (crypto) => {
  const hashes: HashVectors = readJson('golang-mod/rfc6962-hashes.json');

  test('leaf and node hashes are those of RFC 6962', () => {
    expect(emptyRoot().toHex()).toBe(hashes.emptyRoot);
    expect(leafHash(new Uint8Array(), crypto).toHex()).toBe(hashes.emptyLeaf);
    expect(leafHash(utf8('L123456'), crypto).toHex()).toBe(hashes.leaf_L123456);
    expect(nodeHash(utf8('N123'), utf8('N456'), crypto).toHex()).toBe(hashes.node_N123_N456);
  });

  test.each(hashes.rootsBySize.map((root, size) => ({ root, size })))(
    'the root of $size leaves is that of transparency-dev',
    ({ root, size }) => {
      const leaves = hashes.leafInputsHex.slice(0, size).map((hex) => Uint8Array.fromHex(hex));
      const leafHashes = leaves.map((leaf) => leafHash(leaf, crypto));
      const frontier = extendFrontier(emptyFrontier, leafHashes, crypto);
      expect(frontierRoot(frontier, crypto).toHex()).toBe(root);
    },
  );

  const inclusion = files('merkle/inclusion');
  const consistency = files('merkle/consistency');

  test('every vector is found', () => {
    expect([inclusion.length, consistency.length]).toEqual([98, 98]);
  });

  test.each(inclusion)('%s', (file) => {
    const vector: InclusionVector = readJson(file);
    const claim = {
      leafHash: bytes(vector.leafHash),
      index: vector.leafIdx,
      treeSize: vector.treeSize,
      proof: (vector.proof ?? []).map(bytes),
      root: bytes(vector.root),
    };
    expect(verifyInclusion(claim, crypto)).toBe(!vector.wantErr);
  });

  test.each(consistency)('%s', (file) => {
    const vector: ConsistencyVector = readJson(file);
    const claim = {
      oldSize: vector.size1,
      newSize: vector.size2,
      oldRoot: bytes(vector.root1),
      newRoot: bytes(vector.root2),
      proof: (vector.proof ?? []).map(bytes),
    };
    expect(verifyConsistency(claim, crypto)).toBe(!vector.wantErr && file !== shortRoots);
  });
});

function files(folder: string): string[] {
  return globSync(`${folder}/**/*.json`, { cwd: vectorsRoot }).sort();
}

function bytes(base64: string): Uint8Array {
  return Uint8Array.fromBase64(base64);
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
