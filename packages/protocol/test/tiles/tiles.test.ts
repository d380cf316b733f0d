import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nodeCryptography as crypto } from '../../src/crypto/node.ts';
import { inclusionProof, verifyInclusion } from '../../src/merkle/inclusion-proof.ts';
import { leafHash } from '../../src/merkle/tree-hash.ts';
import { encodeEntryBundle, parseEntryBundle } from '../../src/tiles/entry-bundle.ts';
import { encodeHashTile, parseHashTile, tiledHashReader } from '../../src/tiles/hash-tile.ts';
import { parseTilePath, tilePath, tileWidth } from '../../src/tiles/tile-path.ts';
import type { TileCoordinates } from '../../src/tiles/tile-path.ts';
import { numberedLeaves, referenceHash, referenceRoot } from '../merkle/reference-tree.ts';
import { readVectors } from '../read-vectors.ts';

const vectors = readVectors('tiles');
const outcome = (verdict: { verdict: string; code?: string }): string =>
  verdict.verdict === 'accept' ? 'accept' : (verdict.code ?? '');

describe('vectors of tile paths', () => {
  test.each(vectors.filter(({ content }) => 'path' in content))('$name', ({ content }) => {
    const verdict = parseTilePath(content.path);
    expect(outcome(verdict)).toBe(content.expect);
    if (verdict.verdict !== 'accept') return;
    expect(verdict.value).toEqual(content.tile);
    expect(tilePath(verdict.value)).toBe(content.path);
  });
});

describe('vectors of entry bundles', () => {
  test.each(vectors.filter(({ content }) => 'bundle' in content))('$name', ({ content }) => {
    const verdict = parseEntryBundle(Uint8Array.fromHex(content.bundle));
    expect(outcome(verdict)).toBe(content.expect);
    if (verdict.verdict !== 'accept') return;
    expect(verdict.value.map((leaf) => leaf.toHex())).toEqual(content.leaves);
    expect(encodeEntryBundle(verdict.value).toHex()).toBe(content.bundle);
  });
});

describe('vectors of hash tiles', () => {
  test.each(vectors.filter(({ content }) => 'hashTile' in content))('$name', ({ content }) => {
    const verdict = parseHashTile(Uint8Array.fromHex(content.hashTile), content.width);
    expect(outcome(verdict)).toBe(content.expect);
    if (verdict.verdict !== 'accept') return;
    expect(verdict.value.map((hash) => hash.toHex())).toEqual(content.hashes);
    expect(encodeHashTile(verdict.value).toHex()).toBe(content.hashTile);
  });
});

describe('tile paths', () => {
  const tiles: fc.Arbitrary<TileCoordinates> = fc.record({
    level: fc.oneof(fc.constant('entries' as const), fc.nat(63)),
    index: fc.oneof(fc.nat(2000), fc.nat({ max: 35_184_372_088_831 })),
    width: fc.integer({ min: 1, max: 256 }),
  });

  test('parse to what they were made of', () => {
    fc.assert(
      fc.property(tiles, (tile) => {
        expect(parseTilePath(tilePath(tile))).toEqual({ verdict: 'accept', value: tile });
      }),
    );
  });

  test('have one spelling, whatever is changed in one', () => {
    fc.assert(
      fc.property(tiles, fc.nat(30), fc.string({ maxLength: 3 }), (tile, at, piece) => {
        const path = tilePath(tile);
        const changed = `${path.slice(0, at)}${piece}${path.slice(at + piece.length)}`;
        const verdict = parseTilePath(changed);
        if (verdict.verdict === 'accept') expect(tilePath(verdict.value)).toBe(changed);
      }),
      { numRuns: 20_000 },
    );
  });

  // C2SP tlog-tiles: "a tree of size 70,000 will be represented by 273 full level 0 tiles, one partial
  // level 0 tile of width 112, one full level 1 tile, one partial level 1 tile of width 17, and one
  // partial level 2 tile of width 1."
  test.each([
    { level: 0, index: 272, width: 256 },
    { level: 0, index: 273, width: 112 },
    { level: 0, index: 274, width: 0 },
    { level: 1, index: 0, width: 256 },
    { level: 1, index: 1, width: 17 },
    { level: 2, index: 0, width: 1 },
    { level: 2, index: 1, width: 0 },
    { level: 3, index: 0, width: 0 },
    { level: 63, index: 0, width: 0 },
    { level: 'entries' as const, index: 273, width: 112 },
  ])('of 70 000 leaves: level $level index $index has width $width', ({ width, ...tile }) => {
    expect(tileWidth(tile, 70_000)).toBe(width);
  });
});

describe('entry bundles', () => {
  test('parse to the leaves they were made of', () => {
    const leaves = fc.array(fc.uint8Array({ maxLength: 2048 }), { minLength: 1, maxLength: 256 });
    fc.assert(
      fc.property(leaves, (some) => {
        expect(parseEntryBundle(encodeEntryBundle(some))).toEqual({
          verdict: 'accept',
          value: some,
        });
      }),
    );
  });

  test('have one encoding, whatever the bytes', () => {
    const small = fc.array(fc.uint8Array({ maxLength: 3 }), { minLength: 1, maxLength: 5 });
    const mutated = fc
      .tuple(small, fc.nat(20), fc.nat(255))
      .map(([leaves, at, byte]) => encodeEntryBundle(leaves).fill(byte, at, at + 1));
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 24 })), (bytes) => {
        const verdict = parseEntryBundle(bytes);
        if (verdict.verdict === 'accept') expect(encodeEntryBundle(verdict.value)).toEqual(bytes);
        else expect(verdict.code).toBe('bundle_malformed');
      }),
      { numRuns: 20_000 },
    );
  });
});

describe('a tree read from its tiles', () => {
  const leaves = numberedLeaves(700);
  const stored = referenceHash(leaves);
  const asked: TileCoordinates[] = [];
  const tiled = tiledHashReader(
    {
      size: leaves.length,
      tile: (tile) => {
        asked.push(tile);
        const level = 8 * Number(tile.level);
        return Array.from({ length: tile.width }, (_, at) => stored(level, tile.index * 256 + at));
      },
    },
    crypto,
  );

  test.each([
    [0, 0],
    [0, 699],
    [1, 349],
    [5, 20],
    [7, 4],
    [8, 1],
    [9, 0],
  ])('has at level %i index %i the hash of the tree', (level, index) => {
    expect(tiled(level, index)).toEqual(stored(level, index));
  });

  test('proves inclusion, and asks for tiles of that tree only', () => {
    asked.length = 0;
    const position = { index: 517, treeSize: leaves.length };
    const proof = inclusionProof(position, tiled, crypto);
    const claim = { leafHash: leafHash(leaves[517]!, crypto), proof, root: referenceRoot(leaves) };
    expect(verifyInclusion({ ...position, ...claim }, crypto)).toBe(true);
    expect(asked.length).toBeGreaterThan(0);
    for (const tile of asked) expect(tile.width).toBe(tileWidth(tile, leaves.length));
  });
});
