/**
 * Restores a backup into a data folder that has no store. The store is older then than what the member has
 * signed; what it has logged since stands at the other members, and at its start the member fetches that
 * back before it writes anything (docs/spec/members.md, rules 46 to 52). A member without others has
 * nobody to fetch from: its log would get other leaves in the place of those that are lost.
 *
 * Keys may come from another backup than the store: one with keys is made seldom and locked away.
 */
import { copyFile, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DirectoryError } from '@callbook/protocol';
import { storeFolder } from '../config.ts';
import type { NodeConfig } from '../config.ts';
import type { NodeErrorCode } from '../errors.ts';
import { giveAway, ownerToGiveTo } from '../file-owner.ts';
import type { FileOwner } from '../file-owner.ts';
import { keyPaths } from './backup-contents.ts';
import { findBackup } from './backup-manifest.ts';
import type { BackupManifest, FoundBackup } from './backup-manifest.ts';
import { diskError } from './disk-errors.ts';
import { verifyBackup } from './verify-backup.ts';

export interface RestoreOptions {
  readonly config: NodeConfig;
  /** A backup, or a folder of them, of which the newest is taken. */
  readonly from: string;
  /** One with keys, for those that are missing; else they are taken from the same. */
  readonly keysFrom?: string;
  /** Also in a federation of one, where what was logged since the backup is lost. */
  readonly withoutMirrors?: boolean;
  readonly onBytes?: (count: number) => void;
}

export interface RestoredBackup {
  readonly folder: string;
  readonly manifest: BackupManifest;
  /** Files of keys that were written; those that were there already are as they were. */
  readonly keysWritten: readonly string[];
  /** Files of keys that the member needs and that neither the backup nor this machine has. */
  readonly keysMissing: readonly string[];
}

const restoringName = 'store.restoring';

/**
 * Errors: `backup_missing`, `backup_damaged`, `backup_foreign`, `restore_alone`, `data_folder_filled`,
 * `store_newer`, `disk_full`, `folder_unwritable`, `backup_failed`.
 */
export async function restoreBackup(options: RestoreOptions): Promise<RestoredBackup> {
  const { config, from, keysFrom, withoutMirrors = false, onBytes } = options;
  const found = await findOwn(from, config);
  const keys = keysFrom === undefined ? found : await findOwn(keysFrom, config);
  const { manifest } = found;
  if (keysFrom !== undefined && !keys.manifest.withKeys)
    throw new DirectoryError<NodeErrorCode>('backup_missing', `${keys.folder} has no keys`);
  if (manifest.memberCount < 2 && !withoutMirrors)
    throw new DirectoryError<NodeErrorCode>(
      'restore_alone',
      'the federation has one member: nobody has what was logged after the backup',
    );
  await assertEmpty(config);
  await verifyBackup(found, onBytes);
  if (keys !== found) await verifyBackup(keys);
  try {
    const owner = await ownerToGiveTo([config.dataDir, config.keys.log]);
    // It holds keys, too, which the member must reach.
    await makeFolder(config.dataDir, owner);
    const keysWritten = await restoreKeys(keys, config, owner);
    await restoreStore(found, config, owner);
    return { ...found, keysWritten, keysMissing: await missingKeys(config) };
  } catch (cause) {
    throw diskError(cause, 'cannot restore the backup');
  }
}

async function findOwn(from: string, { member }: NodeConfig): Promise<FoundBackup> {
  const found = await findBackup(from);
  if (found.manifest.member === member) return found;
  throw new DirectoryError<NodeErrorCode>(
    'backup_foreign',
    'the backup is of another member than the configuration',
  );
}

/** What may be there: compiled code, keys, and what a restore that was cut short has left. */
async function assertEmpty(config: NodeConfig): Promise<void> {
  const { dataDir, keys } = config;
  const kept = [keys.zone, ...keyPaths(config).values()].filter((key) => dirname(key) === dataDir);
  const harmless = ['compiled', 'lost+found', restoringName, ...kept.map((key) => basename(key))];
  const names = await readdir(dataDir).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return [];
    throw diskError(error, 'cannot look into the data folder');
  });
  if (names.every((name) => harmless.includes(name))) return;
  throw new DirectoryError<NodeErrorCode>(
    'data_folder_filled',
    `${dataDir} is not empty: nothing there is overwritten`,
  );
}

/** If we crash before the folder gets its name, there is no store, and the next restore begins again. */
async function restoreStore(
  { folder, manifest }: FoundBackup,
  config: NodeConfig,
  owner: FileOwner | undefined,
): Promise<void> {
  const restoring = join(config.dataDir, restoringName);
  await rm(restoring, { recursive: true, force: true });
  await makeFolder(restoring, owner);
  for (const { path } of manifest.files)
    if (path.startsWith('store/'))
      await copyNew(join(folder, path), join(restoring, basename(path)), owner);
  await flush(restoring);
  await rename(restoring, storeFolder(config));
  await flush(config.dataDir);
}

/**
 * Keys that are there are newer than those of a backup. Zone keys belong together, so all of them come back
 * or none.
 */
async function restoreKeys(
  { folder, manifest }: FoundBackup,
  config: NodeConfig,
  owner: FileOwner | undefined,
): Promise<string[]> {
  if (!manifest.withKeys) return [];
  const places = new Map(keyPaths(config));
  if ((await readdir(config.keys.zone).catch((): string[] => [])).length === 0)
    for (const { path } of manifest.files)
      if (path.startsWith('zone-keys/')) places.set(path, join(config.keys.zone, basename(path)));
  const written: string[] = [];
  for (const { path } of manifest.files) {
    const place = places.get(path);
    if (place === undefined || (await isThere(place))) continue;
    await makeFolder(dirname(place), owner);
    await copyNew(join(folder, path), place, owner);
    written.push(place);
  }
  return written;
}

/** Zone keys may lie on another machine, and certificates be made by an authority: those are not asked for. */
async function missingKeys({ keys }: NodeConfig): Promise<string[]> {
  const missing: string[] = [];
  for (const path of [keys.log, keys.peer, keys.vrf, keys.zone])
    if (!path.startsWith('env:') && !(await isThere(path))) missing.push(path);
  return missing;
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}

/** Files of a backup have mode 0600, which the copy keeps. */
async function copyNew(from: string, to: string, owner: FileOwner | undefined): Promise<void> {
  await copyFile(from, to);
  await giveAway(to, owner);
  await flush(to);
}

/** Gives away what it makes; a folder that is there stays as it is. */
async function makeFolder(path: string, owner: FileOwner | undefined): Promise<void> {
  const made = await mkdir(path, { recursive: true, mode: 0o700 });
  if (made !== undefined) await giveAway(path, owner);
}

async function flush(path: string): Promise<void> {
  await using file = await open(path, 'r');
  await file.sync();
}
