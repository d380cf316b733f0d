/**
 * Hash tiles (C2SP tlog-tiles): 1 to 256 consecutive hashes of every eighth level of the tree. The
 * levels between are computed again when a proof needs them.
 */
import { assert } from '../assert.ts';
import { concatBytes } from '../bytes.ts';
import type { Cryptography } from '../crypto/cryptography.ts';
import type { HashReader } from '../merkle/stored-hashes.ts';
import { areTreeHashes, nodeHash, treeHashBytes } from '../merkle/tree-hash.ts';
import { accept, reject } from '../verdict.ts';
import type { Verdict } from '../verdict.ts';
import { tileWidth, tileWidthMax } from './tile-path.ts';
import type { TileCoordinates } from './tile-path.ts';

const levelsPerTile = 8;

/** Encodes 1 to 256 hashes. */
export function encodeHashTile(hashes: readonly Uint8Array[]): Uint8Array {
  assert(hashes.length >= 1 && hashes.length <= tileWidthMax, 'a tile has 1 to 256 hashes');
  assert(areTreeHashes(hashes), 'a tree hash has 32 bytes');
  return concatBytes(...hashes);
}

/** Parses a tile into its hashes; `width` is the one of the path it was fetched by. */
export function parseHashTile(bytes: Uint8Array, width: number): Verdict<Uint8Array[]> {
  if (bytes.length !== width * treeHashBytes) {
    const expected = width * treeHashBytes;
    return reject('tile_malformed', `hash tile is ${bytes.length} bytes, not ${expected}`);
  }
  const starts = Array.from({ length: width }, (_, index) => index * treeHashBytes);
  return accept(starts.map((start) => bytes.slice(start, start + treeHashBytes)));
}

/** A tree of which the tiles can be read. */
export interface TiledTree {
  /** Leaves. */
  readonly size: number;
  /** Returns a tile's hashes; asked for the width the tree's size gives it. */
  readonly tile: (tile: TileCoordinates) => readonly Uint8Array[];
}

/** Reads any stored hash of a tree out of its tiles, for making proofs. */
export function tiledHashReader(tree: TiledTree, crypto: Cryptography): HashReader {
  return (level, index) => {
    const tileLevel = Math.floor(level / levelsPerTile);
    const size = 2 ** (level % levelsPerTile);
    const first = index * size;
    const tile = { level: tileLevel, index: Math.floor(first / tileWidthMax) };
    const hashes = tree.tile({ ...tile, width: tileWidth(tile, tree.size) });
    const start = first % tileWidthMax;
    return perfectRoot(hashes.slice(start, start + size), crypto);
  };
}

/** Returns the root over a power of two of neighbouring hashes. */
function perfectRoot(hashes: readonly Uint8Array[], crypto: Cryptography): Uint8Array {
  let row = hashes;
  while (row.length > 1) {
    const pairs = row.filter((_, index) => index % 2 === 0);
    row = pairs.map((left, index) => nodeHash(left, row[2 * index + 1]!, crypto));
  }
  return row[0]!;
}
