/**
 * What a backup says of itself, in `manifest.json`: whose it is, how far the own log had come, and each file
 * with its size and hash. It proves nothing to anybody: whoever can write the backup can write the manifest.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DirectoryError } from '@callbook/protocol';
import { Type } from 'typebox';
import type { Static } from 'typebox';
import { Compile } from 'typebox/compile';
import type { NodeErrorCode } from '../errors.ts';

/** Of the layout of a backup's folder. */
export const backupFormat = 1;
export const manifestName = 'manifest.json';

const manifestBytesMax = 256 << 20;
const filesMax = 1_000_000;

const Size = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Text = Type.String({ maxLength: 1024 });

const Manifest = Type.Object({
  format: Type.Literal(backupFormat),
  member: Text,
  /** When the store was as it is in the backup. */
  madeAt: Text,
  /** Of the program. */
  programVersion: Text,
  store: Type.Object({ version: Size, oldestReader: Size }),
  ownLog: Type.Object({ origin: Text, size: Size, root: Text }),
  /** Newest charter that the member knew. */
  charterVersion: Size,
  /** Members that it has, this one counted. */
  memberCount: Size,
  withKeys: Type.Boolean(),
  files: Type.Array(
    Type.Object({
      /** Relative, with slashes, without `..`. */
      path: Type.String({ pattern: '^(?!.*(^|/)\\.\\.?(/|$))[A-Za-z0-9._/-]+$', maxLength: 255 }),
      size: Size,
      sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
      /** What the file in the store was then: the same again is the same file. */
      source: Type.Optional(Text),
    }),
    { maxItems: filesMax },
  ),
});

export type BackupManifest = Static<typeof Manifest>;
export type BackedUpFile = BackupManifest['files'][number];

const compiled = Compile(Manifest);

export interface FoundBackup {
  /** Folder of the backup itself. */
  readonly folder: string;
  readonly manifest: BackupManifest;
}

/** Numbers come first: a clock that was set back must not make an old backup the newest. */
const backupName = /^(\d{6})-\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}Z$/;

/** Name of the next backup in a folder whose newest has this name. */
export function nextBackupName(newest: string | undefined, nowMs: number): string {
  const number = newest === undefined ? 1 : Number(backupName.exec(newest)![1]) + 1;
  const time = new Date(nowMs).toISOString().slice(0, 19).replaceAll(':', '-');
  return `${String(number).padStart(6, '0')}-${time}Z`;
}

/** Names of the backups in a folder, the oldest first; none where there is no folder. */
export async function backupsIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((): string[] => []);
  return names.filter((name) => backupName.test(name)).sort();
}

/** Finds the backup that a folder is, or the newest in it. Errors: `backup_missing`, `backup_damaged`. */
export async function findBackup(folder: string): Promise<FoundBackup> {
  const isBackup = await stat(join(folder, manifestName)).then(
    () => true,
    () => false,
  );
  if (isBackup) return { folder, manifest: await readManifest(folder) };
  const newest = (await backupsIn(folder)).at(-1);
  if (newest === undefined)
    throw new DirectoryError<NodeErrorCode>('backup_missing', `${folder} has no backup`);
  const found = join(folder, newest);
  return { folder: found, manifest: await readManifest(found) };
}

async function readManifest(folder: string): Promise<BackupManifest> {
  const path = join(folder, manifestName);
  try {
    if ((await stat(path)).size > manifestBytesMax) throw new Error('too large');
    const manifest: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (compiled.Check(manifest)) return manifest;
  } catch (cause) {
    throw damaged(folder, 'has no manifest that can be read', cause);
  }
  throw damaged(folder, 'has a manifest that is not of this format');
}

/** An error about a backup: its name, and what was found. */
export function damaged(
  folder: string,
  found: string,
  cause?: unknown,
): DirectoryError<NodeErrorCode> {
  return new DirectoryError('backup_damaged', `backup ${basename(folder)} ${found}`, { cause });
}
