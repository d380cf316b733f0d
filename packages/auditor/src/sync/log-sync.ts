/**
 * Brings one log in the folder up to a signed checkpoint. The tiles are verified from the root down and
 * the bundles by the tiles, so every byte is judged when it comes. Files are written as they come, the
 * checkpoint last: if we are killed before, the next start finds the older checkpoint, and of the files
 * beyond it those that fit are not fetched again.
 */
import {
  bytesEqual,
  encodeHashTile,
  parseCheckpoint,
  parseNote,
  tileWidth,
} from '@callbook/protocol';
import type { Checkpoint, Cryptography, TileCoordinates } from '@callbook/protocol';
import type { LogFolder } from '../cache/cache-folder.ts';
import { requestsAtOnce } from '../limits.ts';
import { problemInBundle } from './log-sources.ts';
import type { LogSources } from './log-sources.ts';
import { VerifiedTiles } from './verified-tiles.ts';
import type { GetTiles } from './verified-tiles.ts';

export interface SyncContext {
  readonly folder: LogFolder;
  readonly sources: LogSources;
  readonly crypto: Cryptography;
  /** Hears of leaves that are in the folder now. */
  readonly onLeaves?: ((count: number) => void) | undefined;
}

export type SyncedLog =
  | { readonly tiles: VerifiedTiles; readonly size: number }
  /** The checkpoint in the folder, which the new tree does not extend. */
  | { readonly tiles: VerifiedTiles; readonly forkedFrom: string };

/** Brings the log up to a checkpoint that has been verified. Throws `audit_log_unavailable`. */
export async function syncLog(
  note: string,
  { size, root }: Checkpoint,
  context: SyncContext,
): Promise<SyncedLog> {
  const { folder, sources, crypto } = context;
  const stored = await storedCheckpoint(folder, crypto);
  if (stored !== undefined && stored.checkpoint.size > size) {
    // An older checkpoint is no news, but has to be of the same tree; the caller compares them.
    const tiles = await VerifiedTiles.open(stored.checkpoint, storedTiles(folder), crypto);
    return { tiles, size: stored.checkpoint.size };
  }
  const tiles = await VerifiedTiles.open({ size, root }, sources.get, crypto);
  const from = stored?.checkpoint.size ?? 0;
  if (from > 0 && !bytesEqual(await tiles.rootAt(from), stored!.checkpoint.root)) {
    return { tiles, forkedFrom: stored!.note };
  }
  await syncBundles(tiles, from, context);
  await writeUpperTiles(tiles, from, folder);
  if (note !== stored?.note) folder.writeCheckpoint(note);
  return { tiles, size };
}

/** The checkpoint in the folder, if its tiles lead to its root: a power cut may have torn them. */
export async function storedCheckpoint(
  folder: LogFolder,
  crypto: Cryptography,
): Promise<{ readonly note: string; readonly checkpoint: Checkpoint } | undefined> {
  const note = folder.checkpoint();
  const parsed = note === undefined ? undefined : parseNote(note);
  if (note === undefined || parsed?.verdict !== 'accept') return undefined;
  const checkpoint = parseCheckpoint(parsed.value.text);
  if (checkpoint.verdict !== 'accept') return undefined;
  try {
    await VerifiedTiles.open(checkpoint.value, storedTiles(folder), crypto);
  } catch {
    return undefined;
  }
  return { note, checkpoint: checkpoint.value };
}

/** Tiles as the folder has them. Throws where one is missing or does not fit. */
export function storedTiles(folder: LogFolder): GetTiles {
  return async (tiles, check) => {
    const given = tiles.map((tile) => folder.tile(tile));
    const all = given.filter((bytes) => bytes !== undefined);
    if (all.length < tiles.length || check(all) !== undefined) throw new Error('torn');
  };
}

async function syncBundles(
  tiles: VerifiedTiles,
  from: number,
  context: SyncContext,
): Promise<void> {
  const { size } = tiles.tree;
  let next = Math.floor(from / 256);
  const lane = async (): Promise<void> => {
    while (next * 256 < size) {
      const index = next++;
      const before = Math.max(from, index * 256);
      await syncBundle(index, tiles, context);
      context.onLeaves?.(Math.min(size, (index + 1) * 256) - before);
    }
  };
  await Promise.all(Array.from({ length: requestsAtOnce }, lane));
}

async function syncBundle(
  index: number,
  tiles: VerifiedTiles,
  { folder, sources, crypto }: SyncContext,
): Promise<void> {
  const width = tileWidth({ level: 0, index }, tiles.tree.size);
  const hashes = await tiles.tile(0, index);
  const tile: TileCoordinates = { level: 'entries', index, width };
  const stored = folder.tile(tile);
  if (stored === undefined || problemInBundle(stored, { tile, hashes, crypto }) !== undefined) {
    folder.writeTile(tile, await sources.bundle(tile, hashes));
  }
  folder.writeTile({ level: 0, index, width }, encodeHashTile(hashes));
}

async function writeUpperTiles(
  tiles: VerifiedTiles,
  from: number,
  folder: LogFolder,
): Promise<void> {
  const { size } = tiles.tree;
  for (let level = 1; 256 ** level <= size; level++) {
    for (let index = Math.floor(from / 256 ** (level + 1)); ; index++) {
      const width = tileWidth({ level, index }, size);
      if (width === 0) break;
      folder.writeTile({ level, index, width }, encodeHashTile(await tiles.tile(level, index)));
    }
  }
}
