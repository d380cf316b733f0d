/**
 * The hashes of one log, as tiles (C2SP tlog-tiles): 256 hashes of one level a row. A tile holds
 * hashes of every eighth tree level; those in between are computed from it and kept for a while,
 * since the receipts of one batch all ask for the same ones.
 */
import type { Cryptography, HashReader, StoredHash } from '@callbook/protocol';
import { DirectoryError, nodeHash } from '@callbook/protocol';

import type { ReplicationErrorCode } from '../errors.ts';
import { tilesCachedMax, tileWidth } from '../limits.ts';
import { tileKey } from '../store/row-keys.ts';
import type { RowChange, Store } from '../store/store.ts';

const hashBytes = 32;
/** Tree levels that one tile spans. */
const levelsPerTile = 8;

interface OpenTile {
  hashes: Uint8Array;
  /** Inner hashes by level × 256 + index within the tile; they are complete, so never change. */
  readonly inner: Map<number, Uint8Array>;
}

export class TileHashes {
  readonly #open = new Map<string, OpenTile>();
  readonly #origin: string;
  readonly #store: Store;
  readonly #crypto: Cryptography;

  constructor(origin: string, store: Store, crypto: Cryptography) {
    this.#origin = origin;
    this.#store = store;
    this.#crypto = crypto;
  }

  /** Returns the first `width` hashes of a tile, or undefined when fewer are stored. */
  tile(level: number, index: number, width: number): Uint8Array | undefined {
    const row = this.#store.get(tileKey(this.#origin, level, index));
    if (row === undefined || row.length < width * hashBytes) return undefined;
    return row.subarray(0, width * hashBytes);
  }

  /** Returns the rows that hold the hashes that came to be when the tree grew, in their order. */
  rowsFor(stored: readonly StoredHash[]): RowChange[] {
    const grown: { rowKey: Uint8Array; parts: Uint8Array[] }[] = [];
    /** The tile at work at each level: hashes of one level come in order. */
    const last: { index: number; parts: Uint8Array[] }[] = [];
    for (const { level, index, hash } of stored) {
      if (level % levelsPerTile !== 0) continue;
      const tileLevel = level / levelsPerTile;
      const tileIndex = Math.floor(index / tileWidth);
      if (last[tileLevel]?.index !== tileIndex) {
        const rowKey = tileKey(this.#origin, tileLevel, tileIndex);
        const parts = this.#before(rowKey, index % tileWidth);
        grown.push({ rowKey, parts });
        last[tileLevel] = { index: tileIndex, parts };
      }
      last[tileLevel]?.parts.push(hash);
    }
    return grown.map(({ rowKey, parts }) => ({ rowKey, value: Buffer.concat(parts) }));
  }

  /** Hashes of a tile that stand before the one at `width`. */
  #before(rowKey: Uint8Array, width: number): Uint8Array[] {
    if (width === 0) return [];
    const row = this.#store.get(rowKey);
    if (row === undefined || row.length < width * hashBytes) throw missingTile();
    return [row.subarray(0, width * hashBytes)];
  }

  /** Reads the hash of any complete subtree, at any level. */
  readonly read: HashReader = (level, index) => {
    const tileLevel = Math.floor(level / levelsPerTile);
    const levelInTile = level % levelsPerTile;
    const perTile = tileWidth / 2 ** levelInTile;
    const tileIndex = Math.floor(index / perTile);
    const indexInTile = index % perTile;
    const tile = this.#openTile(tileLevel, tileIndex, (indexInTile + 1) * 2 ** levelInTile);
    return this.#hashIn(tile, levelInTile, indexInTile);
  };

  #hashIn(tile: OpenTile, level: number, index: number): Uint8Array {
    if (level === 0) return tile.hashes.slice(index * hashBytes, (index + 1) * hashBytes);
    const name = level * tileWidth + index;
    let hash = tile.inner.get(name);
    if (hash === undefined) {
      const left = this.#hashIn(tile, level - 1, index * 2);
      const right = this.#hashIn(tile, level - 1, index * 2 + 1);
      hash = nodeHash(left, right, this.#crypto);
      tile.inner.set(name, hash);
    }
    return hash;
  }

  #openTile(level: number, index: number, width: number): OpenTile {
    const name = `${level}/${index}`;
    let tile = this.#open.get(name);
    if (tile === undefined || tile.hashes.length < width * hashBytes) {
      const hashes = this.#store.get(tileKey(this.#origin, level, index));
      if (hashes === undefined || hashes.length < width * hashBytes) throw missingTile();
      if (tile === undefined) tile = { hashes, inner: new Map() };
      else tile.hashes = hashes;
    }
    // Least recently used first: a Map keeps the order of insertion.
    this.#open.delete(name);
    this.#open.set(name, tile);
    if (this.#open.size > tilesCachedMax) this.#open.delete(this.#open.keys().next().value!);
    return tile;
  }
}

function missingTile(): DirectoryError<ReplicationErrorCode> {
  return new DirectoryError('store_corrupt', 'a tile of a stored log is missing or too short');
}
