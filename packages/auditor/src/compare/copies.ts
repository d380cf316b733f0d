/**
 * The copies that members serve of each log, held against what has been verified: every member mirrors
 * every log, and whoever asks any of them has to get the same bytes. Of a long log a sample is
 * taken, another one each time.
 */
import { tilePath, tileWidth } from '@callbook/protocol';
import type { CharterSet, Cryptography, Random, TileCoordinates } from '@callbook/protocol';
import type { CacheFolder } from '../cache/cache-folder.ts';
import { keepMisfit } from '../evidence-files.ts';
import type { Findings } from '../findings.ts';
import { bundleBytesMax, copiesPerLogMax } from '../limits.ts';
import type { FetchedLog } from '../sync/fetched-logs.ts';
import { storedCheckpoint, storedTiles } from '../sync/log-sync.ts';
import { problemInBundle } from '../sync/log-sources.ts';
import type { AuditedMember, MemberFiles } from '../sync/member-files.ts';
import { VerifiedTiles } from '../sync/verified-tiles.ts';
import type { TileProblem } from '../sync/verified-tiles.ts';

export interface CopiesContext {
  readonly folder: CacheFolder;
  readonly charters: CharterSet;
  readonly crypto: Cryptography;
  readonly random: Random;
  readonly files: MemberFiles;
  readonly findings: Findings;
  readonly logs: readonly FetchedLog[];
  readonly members: readonly AuditedMember[];
  /** Bundles of each log that are looked at, at each member; all of them where it has fewer. */
  readonly bundlesMax?: number;
}

/** Looks at the copies of all logs at all members; returns how many bundles were compared. */
export async function compareCopies(context: CopiesContext): Promise<number> {
  let compared = 0;
  for (const log of context.logs) {
    const stored = await storedCheckpoint(log.folder, context.crypto);
    if (stored === undefined) continue;
    const tiles = await VerifiedTiles.open(
      stored.checkpoint,
      storedTiles(log.folder),
      context.crypto,
    );
    const served = context.members.filter(({ state }) => state !== 'expelled');
    for (const index of sampled(stored.checkpoint.size, context)) {
      const at = { log, tiles, note: stored.note, index };
      await Promise.all(served.map((member) => compareCopy(at, member, context)));
      compared += served.length;
    }
  }
  return compared;
}

/** Bundles to look at: all, or as many different ones as the limit says, by chance. */
function sampled(size: number, { random, bundlesMax = copiesPerLogMax }: CopiesContext): number[] {
  const count = Math.ceil(size / 256);
  if (count <= bundlesMax) return Array.from({ length: count }, (_, index) => index);
  const drawn = new Set<number>();
  while (drawn.size < bundlesMax) {
    const bytes = random.bytes(6);
    const number = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
    drawn.add(number % count);
  }
  return [...drawn].sort((a, b) => a - b);
}

async function compareCopy(
  at: {
    readonly log: FetchedLog;
    readonly tiles: VerifiedTiles;
    readonly note: string;
    readonly index: number;
  },
  member: AuditedMember,
  context: CopiesContext,
): Promise<void> {
  const { log, tiles, note, index } = at;
  const { files, findings, crypto } = context;
  const width = tileWidth({ level: 0, index }, tiles.tree.size);
  const hashes = await tiles.tile(0, index);
  for (const level of ['entries', 0] as const) {
    const tile: TileCoordinates = { level, index, width };
    const bytesMax = level === 0 ? 256 * 32 : bundleBytesMax;
    const path = `/log/${log.origin}/${tilePath(tile)}`;
    const file = await files.get(member, path, bytesMax);
    const place = { member: member.name, log: log.origin };
    if ('failure' in file) findings.add({ code: file.failure, ...place });
    // A mirror may be a moment behind.
    if (!('bytes' in file)) continue;
    const problem =
      level === 0
        ? problemInHashes(file.bytes, { hashes, index })
        : problemInBundle(file.bytes, { tile, hashes, crypto });
    if (problem === undefined) continue;
    const misfit = { ...place, problem, tile, bytes: file.bytes, tilePath: tilePath(tile) };
    const evidence = await keepMisfit(misfit, { ...context, tiles, note });
    findings.add({ code: problem.code, ...place, index: problem.index, evidence });
  }
}

function problemInHashes(
  bytes: Uint8Array,
  { hashes, index }: { readonly hashes: readonly Uint8Array[]; readonly index: number },
): TileProblem | undefined {
  const differs = hashes.findIndex(
    (hash, place) => Buffer.compare(hash, bytes.subarray(place * 32, place * 32 + 32)) !== 0,
  );
  if (differs < 0 && bytes.length === hashes.length * 32) return undefined;
  return { code: 'tile_differs', index: index * 256 + Math.max(0, differs) };
}
