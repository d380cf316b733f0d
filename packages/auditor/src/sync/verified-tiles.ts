/**
 * The hash tiles of one signed tree, each verified when it comes: those at the right edge lead to the
 * root, every other one to a hash of the tile above it. So a hash that does not fit is found at once,
 * in the tile where it stands, and nothing has to be read twice. Tiles above the lowest are kept: there
 * is one for each 65 536 leaves.
 */
import {
  bytesEqual,
  frontierRoot,
  parseHashTile,
  readFrontier,
  tiledHashReader,
  tileWidth,
} from '@callbook/protocol';
import type { Cryptography, HashReader, TileCoordinates } from '@callbook/protocol';
import { fullBundleRoot } from '../replay/leaf-reader.ts';

/** Gets tiles, all from one source, whose bytes pass `check`: that says what is wrong, or nothing. */
export type GetTiles = (
  tiles: readonly TileCoordinates[],
  check: (bytes: readonly Uint8Array[]) => TileProblem | undefined,
) => Promise<void>;

export interface TileProblem {
  readonly code: 'tile_differs' | 'leaf_differs';
  /** Leaf, or first leaf below the hash that differs. */
  readonly index: number;
}

export interface SignedTree {
  readonly size: number;
  readonly root: Uint8Array;
}

const lowestKept = 64;

export class VerifiedTiles {
  readonly tree: SignedTree;
  readonly #get: GetTiles;
  readonly #crypto: Cryptography;
  readonly #upper = new Map<string, readonly Uint8Array[]>();
  readonly #lowest = new Map<string, readonly Uint8Array[]>();

  private constructor(tree: SignedTree, get: GetTiles, crypto: Cryptography) {
    this.tree = tree;
    this.#get = get;
    this.#crypto = crypto;
  }

  /** Gets the right edge, which has to lead to the root as a whole. */
  static async open(tree: SignedTree, get: GetTiles, crypto: Cryptography): Promise<VerifiedTiles> {
    const tiles = new VerifiedTiles(tree, get, crypto);
    await tiles.#openEdge();
    return tiles;
  }

  /** No tile of the edge can be verified alone. */
  async #openEdge(): Promise<void> {
    const { size, root } = this.tree;
    const edge = edgeOf(size);
    let found = new Map<string, readonly Uint8Array[]>();
    await this.#get(edge, (given) => {
      found = new Map();
      for (const [place, tile] of edge.entries()) {
        const hashes = hashesOf(given[place]!, tile);
        if (hashes === undefined) return problemIn(tile);
        found.set(nameOf(tile), hashes);
      }
      const read = tiledHashReader({ size, tile: (one) => found.get(nameOf(one))! }, this.#crypto);
      const leadsTo = frontierRoot(readFrontier(size, read), this.#crypto);
      return bytesEqual(leadsTo, root) ? undefined : problemIn(edge[0]!);
    });
    for (const [name, hashes] of found) this.#keep(name, hashes);
  }

  /** The hashes of a tile, as many as the tree has there. */
  async tile(level: number, index: number): Promise<readonly Uint8Array[]> {
    const name = nameOf({ level, index });
    const known = this.#upper.get(name) ?? this.#lowest.get(name);
    if (known !== undefined) return known;
    const width = tileWidth({ level, index }, this.tree.size);
    const tile = { level, index, width };
    // Whatever is not at the edge is full, and so has a hash above it.
    const parent = await this.tile(level + 1, Math.floor(index / 256));
    const expected = parent[index % 256]!;
    let hashes: readonly Uint8Array[] | undefined;
    await this.#get([tile], ([bytes]) => {
      hashes = hashesOf(bytes!, tile);
      const fits =
        hashes !== undefined && bytesEqual(fullBundleRoot(hashes, this.#crypto), expected);
      return fits ? undefined : problemIn(tile);
    });
    this.#keep(name, hashes!);
    return hashes!;
  }

  /** A reader of hashes on the way to a leaf, and of those beside it, whose tiles are there then. */
  async readerAt(index: number): Promise<HashReader> {
    const { size } = this.tree;
    const way = new Map<string, readonly Uint8Array[]>();
    for (let level = 0; 256 ** level <= size; level++) {
      const place = Math.floor(index / 256 ** (level + 1));
      for (const one of new Set([place, lastTile(level, size)])) {
        if (tileWidth({ level, index: one }, size) === 0) continue;
        way.set(nameOf({ level, index: one }), await this.tile(level, one));
      }
    }
    return tiledHashReader({ size, tile: (tile) => way.get(nameOf(tile))! }, this.#crypto);
  }

  /** The root that this tree had at a smaller size. */
  async rootAt(size: number): Promise<Uint8Array> {
    const read = size === 0 ? () => this.tree.root : await this.readerAt(size);
    return frontierRoot(readFrontier(size, read), this.#crypto);
  }

  #keep(name: string, hashes: readonly Uint8Array[]): void {
    if (!name.startsWith('0 ')) {
      this.#upper.set(name, hashes);
      return;
    }
    this.#lowest.set(name, hashes);
    if (this.#lowest.size > lowestKept) this.#lowest.delete(this.#lowest.keys().next().value!);
  }
}

/** The partial tiles of a tree, the lowest first. */
function edgeOf(size: number): TileCoordinates[] {
  const edge: TileCoordinates[] = [];
  for (let level = 0; 256 ** level <= size; level++) {
    const index = lastTile(level, size);
    const width = tileWidth({ level, index }, size);
    if (width > 0 && width < 256) edge.push({ level, index, width });
  }
  return edge;
}

/** Index of the tile that has a level's last hashes and is not full. */
function lastTile(level: number, size: number): number {
  return Math.floor(size / 256 ** (level + 1));
}

function hashesOf(bytes: Uint8Array, { width }: TileCoordinates): Uint8Array[] | undefined {
  const hashes = parseHashTile(bytes, width);
  return hashes.verdict === 'accept' ? hashes.value : undefined;
}

function problemIn({ level, index }: TileCoordinates): TileProblem {
  return { code: 'tile_differs', index: index * 256 * 256 ** Number(level) };
}

function nameOf({
  level,
  index,
}: {
  readonly level: number | 'entries';
  readonly index: number;
}): string {
  return `${level} ${index}`;
}
