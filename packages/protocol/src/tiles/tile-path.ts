/**
 * Paths of tiles (C2SP tlog-tiles): `tile/<L>/<N>[.p/<W>]` and `tile/entries/<N>[.p/<W>]`, relative to
 * the log's prefix. One tile has one path, so a cache holds it once.
 */
import { assert } from '../assert.ts';
import { accept, reject } from '../verdict.ts';
import type { Verdict } from '../verdict.ts';

/** Which tile of a log (C2SP tlog-tiles). */
export interface TileCoordinates {
  /** Height in tiles above the leaves, 0 to 63, or the bundles of the entries themselves. */
  readonly level: number | 'entries';
  /** 0-based within the level. */
  readonly index: number;
  /** Hashes or entries in it: 1 to 256, below 256 for a partial tile. */
  readonly width: number;
}

/** Hashes of a full tile, entries of a full bundle. */
export const tileWidthMax = 256;

/** The highest tile index whose leaves still have safe indexes. */
const tileIndexMax = Math.floor(Number.MAX_SAFE_INTEGER / tileWidthMax);
const tileLevelMax = 63;

/** Returns the path, such as `tile/0/x001/234.p/5`. */
export function tilePath(tile: TileCoordinates): string {
  assert(isTile(tile), 'tile level 0 to 63 or entries, index from 0, width 1 to 256');
  const groups: string[] = [];
  // "It MUST be a non-negative integer encoded into zero-padded 3-digit path elements. All but the
  // last path element MUST begin with an `x`."
  for (let rest = tile.index; groups.length === 0 || rest > 0; rest = Math.floor(rest / 1000)) {
    const digits = String(rest % 1000).padStart(3, '0');
    groups.unshift(groups.length === 0 ? digits : `x${digits}`);
  }
  const partial = tile.width === tileWidthMax ? '' : `.p/${tile.width}`;
  return `tile/${tile.level}/${groups.join('/')}${partial}`;
}

/** Parses a path; only the one that `tilePath` gives is accepted. */
export function parseTilePath(path: string): Verdict<TileCoordinates> {
  const match =
    /^tile\/(entries|[0-9]{1,2})\/((?:x[0-9]{3}\/){0,5}[0-9]{3})(?:\.p\/([0-9]{1,3}))?$/.exec(path);
  const [, level, groups, width] = match ?? [];
  const tile: TileCoordinates = {
    level: level === 'entries' ? level : Number(level),
    index: Number(groups?.replaceAll(/[x/]/g, '')),
    width: width === undefined ? tileWidthMax : Number(width),
  };
  if (!isTile(tile) || tilePath(tile) !== path) {
    return reject('tile_path_malformed', 'the path is not tile/<level>/<index>[.p/<width>]');
  }
  return accept(tile);
}

/** Returns how many hashes or entries a tile has in a tree of that size; 0 where there is none. */
export function tileWidth(
  tile: { readonly level: number | 'entries'; readonly index: number },
  treeSize: number,
): number {
  const level = tile.level === 'entries' ? 0 : tile.level;
  // "The partial tile at level l for a tree of size s has floor(s / 256**l) mod 256 entries."
  const hashes = Math.floor(treeSize / tileWidthMax ** level);
  return Math.max(0, Math.min(tileWidthMax, hashes - tile.index * tileWidthMax));
}

function isTile({ level, index, width }: TileCoordinates): boolean {
  const levelFits =
    level === 'entries' || (Number.isInteger(level) && level >= 0 && level <= tileLevelMax);
  const indexFits = Number.isInteger(index) && index >= 0 && index <= tileIndexMax;
  return levelFits && indexFits && Number.isInteger(width) && width >= 1 && width <= tileWidthMax;
}
