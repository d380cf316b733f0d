/**
 * A second name for every file that makes up a LevelDB store at one moment, in another folder of the same
 * file system. Tables never change once they are written, and of the two kinds of file that grow, the
 * write-ahead log and the manifest, a prefix is the store as it was earlier: so links and two sizes are a
 * whole copy, made in milliseconds however large the store is. Whoever wants bytes of their own copies the
 * links at leisure, and removes them: as long as they are there, what LevelDB has replaced stays on disk.
 */
import { link, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DirectoryError } from '@callbook/protocol';

import type { ReplicationErrorCode } from '../errors.ts';
import { readManifest } from './leveldb-manifest.ts';
import type { ManifestState } from './leveldb-manifest.ts';

/** A file of the copy, and how much of it belongs to the moment. */
export interface PinnedFile {
  readonly name: string;
  /** Bytes from its start. */
  readonly size: number;
}

/** Each round that LevelDB disturbs by finishing a compaction costs a few milliseconds. */
const roundsMax = 64;

const tableName = /^\d{6,}\.(ldb|sst)$/;
const logName = /^\d{6,}\.log$/;

/** Runs a function while no batch is being written. */
export type WhilePaused = <T>(run: () => Promise<T>) => Promise<T>;

/**
 * Links the files of the store in `folder` into the new folder `into`. Tables are linked before batches
 * have to wait, so that they wait for what came to be meanwhile, and for no more.
 */
export async function pinFiles(
  folder: string,
  into: string,
  whilePaused: WhilePaused,
): Promise<PinnedFile[]> {
  await mkdir(into, { mode: 0o700 });
  const linked = new Set<string>();
  await linkNew({ folder, into, linked }, (await namesIn(folder)).tables);
  const pinned = await whilePaused(async () => await pinStill({ folder, into, linked }));
  const kept = new Set(pinned.map(({ name }) => name));
  for (const name of linked) if (!kept.has(name)) await rm(join(into, name), { force: true });
  return pinned;
}

interface Linking {
  readonly folder: string;
  readonly into: string;
  /** Names that are there already. */
  readonly linked: Set<string>;
}

/**
 * With no batch being written, only a compaction can change which files belong to the store, and it says so
 * in the manifest before it removes any. So what was listed and linked between two looks at a manifest
 * that has not grown is what the manifest names, and tables that compactions are writing, which it does not.
 */
async function pinStill(linking: Linking): Promise<PinnedFile[]> {
  const { folder, into, linked } = linking;
  for (let round = 0; round < roundsMax; round += 1) {
    const before = await manifestOf(folder);
    const { tables, logs } = await namesIn(folder);
    await linkNew(linking, [...tables, ...logs, before.name, 'CURRENT']);
    const after = await manifestOf(folder);
    if (before.name !== after.name || before.bytes !== after.bytes) continue;
    const own = tables.filter((name) => after.tables.has(numberOf(name)));
    if (own.length < after.tables.size) throw damaged('a table of the store is gone');
    const growing = [...logs, 'CURRENT'].filter((name) => linked.has(name));
    const sized = [...own, ...growing].map(async (name) => {
      return { name, size: (await stat(join(into, name))).size };
    });
    return [...(await Promise.all(sized)), { name: after.name, size: after.bytes }];
  }
  throw new Error('the store was being compacted all the time');
}

/** LevelDB removes files that it needs no more whenever it likes: one that is gone is not missed here. */
async function linkNew({ folder, into, linked }: Linking, names: readonly string[]): Promise<void> {
  for (const name of names) {
    if (linked.has(name)) continue;
    try {
      await link(join(folder, name), join(into, name));
      linked.add(name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

interface StoreFiles {
  readonly tables: readonly string[];
  readonly logs: readonly string[];
}

async function namesIn(folder: string): Promise<StoreFiles> {
  const names = await readdir(folder);
  return {
    tables: names.filter((name) => tableName.test(name)),
    logs: names.filter((name) => logName.test(name)),
  };
}

async function manifestOf(folder: string): Promise<ManifestState> {
  const manifest = await readManifest(folder);
  if (manifest === undefined) throw damaged('the manifest of the store cannot be read');
  return manifest;
}

function numberOf(table: string): number {
  return Number.parseInt(table, 10);
}

function damaged(message: string): DirectoryError<ReplicationErrorCode> {
  return new DirectoryError('store_damaged', message);
}
