/**
 * Makes a backup: `<to>/<number>-<time>/` with the files of the store at one moment, what else a member needs,
 * and a manifest with the hash of each file. What the backup before has already is linked, not copied:
 * tables of the store never change, so the next backup costs what has been written since.
 *
 * If we crash before the folder gets its name, it is none, and the next backup removes it.
 */
import { createHash } from 'node:crypto';
import { link, mkdir, open, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DirectoryError } from '@callbook/protocol';
import { knownCharters } from '../commands/charter-place.ts';
import type { NodeConfig } from '../config.ts';
import { pickCryptography } from '../cryptography.ts';
import type { NodeErrorCode } from '../errors.ts';
import { backupContents } from './backup-contents.ts';
import {
  backupFormat,
  backupsIn,
  findBackup,
  manifestName,
  nextBackupName,
} from './backup-manifest.ts';
import type { BackedUpFile, BackupManifest, FoundBackup } from './backup-manifest.ts';
import type { PinnedStore } from './backup-desk.ts';
import { copyFile, Pace } from './copied-file.ts';
import { diskError } from './disk-errors.ts';
import type { LastBackup } from './last-backup.ts';
import { pinStore } from './pin-store.ts';
import { programVersion } from '../status/version.ts';

export interface BackupOptions {
  readonly config: NodeConfig;
  readonly configFile: string;
  /** Folder of the backups; made where it is not there. */
  readonly to: string;
  readonly withKeys?: boolean;
  /** Copies every table, also those that the backup before has. */
  readonly isFull?: boolean;
  /** Backups to keep, this one counted; all unless given. */
  readonly keep?: number;
  readonly bytesPerSecond?: number;
  readonly onProgress?: (progress: BackupProgress) => void;
}

export interface BackupProgress {
  readonly bytesDone: number;
  readonly bytesTotal: number;
  readonly elapsedMs: number;
}

export interface MadeBackup {
  readonly folder: string;
  readonly manifest: BackupManifest;
  /** Of all files, and of those that were copied. */
  readonly bytes: number;
  readonly copiedBytes: number;
  readonly tookMs: number;
  /** Names of the backups that were removed. */
  readonly removed: readonly string[];
}

const partialName = '.unfinished';

/** Errors: those of `pinStore`, `store_damaged`, `disk_full`, `folder_unwritable`, `backup_failed`. */
export async function makeBackup(options: BackupOptions): Promise<MadeBackup> {
  const { config, to } = options;
  const startedAtMs = performance.now();
  const crypto = await pickCryptography();
  const { charters } = await knownCharters(config, crypto);
  const { charter } = charters.at(-1)!;
  const making = join(to, partialName);
  await inFolder(async () => {
    await mkdir(to, { recursive: true, mode: 0o700 });
    await rm(making, { recursive: true, force: true });
    await mkdir(making, { mode: 0o700 });
  });
  let made: MadeBackup | undefined;
  try {
    const pin = await pinStore({ config, charter, crypto });
    try {
      const copying = new BackupCopy(options, pin.pinned, await previousIn(options));
      const charterNotes = charters.map(({ note }) => note);
      const files = await copying.run(making, charterNotes);
      const manifest = manifestOf(pin.pinned, { charter, files, options });
      made = await keepBackup(manifest, { options, copying, startedAtMs });
    } finally {
      await pin.end(made && lastOf(made));
    }
  } finally {
    await rm(making, { recursive: true, force: true }).catch(() => undefined);
  }
  return made;
}

function lastOf({ manifest, tookMs, bytes, copiedBytes }: MadeBackup): LastBackup {
  return { at: manifest.madeAt, tookMs, bytes, copiedBytes };
}

async function inFolder<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    throw diskError(cause, 'cannot write the backup');
  }
}

/** The newest backup; one that cannot be read is no help, and no hindrance either. */
async function previousIn({ to, isFull }: BackupOptions): Promise<FoundBackup | undefined> {
  if (isFull === true || (await backupsIn(to)).length === 0) return undefined;
  return await findBackup(to).catch(() => undefined);
}

function manifestOf(
  { atMs, store, ownLog }: PinnedStore,
  of: {
    readonly charter: {
      readonly version: number;
      readonly members: readonly { readonly state: string }[];
    };
    readonly files: readonly BackedUpFile[];
    readonly options: BackupOptions;
  },
): BackupManifest {
  const { charter, files, options } = of;
  return {
    format: backupFormat,
    member: options.config.member,
    madeAt: new Date(atMs).toISOString(),
    programVersion,
    store,
    ownLog,
    charterVersion: charter.version,
    memberCount: charter.members.filter(({ state }) => state !== 'expelled').length,
    withKeys: options.withKeys ?? false,
    files: [...files],
  };
}

/** Gives the backup its name, when all of it is on the disk, and removes those that are too old. */
async function keepBackup(
  manifest: BackupManifest,
  {
    options,
    copying,
    startedAtMs,
  }: { options: BackupOptions; copying: BackupCopy; startedAtMs: number },
): Promise<MadeBackup> {
  const { to, keep = Infinity } = options;
  return await inFolder(async () => {
    const making = join(to, partialName);
    await writeFlushed(
      join(making, manifestName),
      Buffer.from(`${JSON.stringify(manifest, null, 1)}\n`),
    );
    const before = await backupsIn(to);
    const folder = join(to, nextBackupName(before.at(-1), Date.parse(manifest.madeAt)));
    for (const path of new Set(manifest.files.map((file) => dirname(file.path))))
      await flushFolder(join(making, path));
    await flushFolder(making);
    await rename(making, folder);
    await flushFolder(to);
    const removed = before.slice(0, Math.max(0, before.length + 1 - keep));
    for (const name of removed) await rm(join(to, name), { recursive: true, force: true });
    const { bytes, copiedBytes } = copying;
    const tookMs = Math.round(performance.now() - startedAtMs);
    return { folder, manifest, bytes, copiedBytes, tookMs, removed };
  });
}

/** The files of one backup, one after the other. */
class BackupCopy {
  bytes = 0;
  copiedBytes = 0;
  readonly #options: BackupOptions;
  readonly #pinned: PinnedStore;
  readonly #previous: ReadonlyMap<string, BackedUpFile>;
  readonly #previousFolder: string;
  readonly #startedAtMs = performance.now();
  readonly #pace: Pace;
  #bytesTotal = 0;

  constructor(options: BackupOptions, pinned: PinnedStore, previous: FoundBackup | undefined) {
    this.#options = options;
    this.#pinned = pinned;
    const files = previous?.manifest.files ?? [];
    this.#previous = new Map(files.map((file) => [file.path, file]));
    this.#previousFolder = previous?.folder ?? '';
    this.#pace = new Pace(options.bytesPerSecond);
  }

  async run(making: string, charterNotes: readonly string[]): Promise<BackedUpFile[]> {
    const { config, configFile, withKeys = false } = this.#options;
    const contents = await backupContents({ config, configFile, charterNotes, withKeys });
    return await inFolder(async () => {
      const planned = await this.#plan();
      this.#bytesTotal = [
        ...planned,
        ...contents.map(({ bytes }) => ({ size: bytes.length })),
      ].reduce((sum, { size }) => sum + size, 0);
      await this.#assertRoom(planned);
      await mkdir(join(making, 'store'), { mode: 0o700 });
      const files: BackedUpFile[] = [];
      for (const file of planned) files.push(await this.#bring(file, making));
      for (const { path, bytes } of contents) {
        await mkdir(dirname(join(making, path)), { recursive: true, mode: 0o700 });
        await writeFlushed(join(making, path), bytes);
        const sha256 = createHash('sha256').update(bytes).digest('hex');
        files.push({ path, size: bytes.length, sha256 });
        this.#note(bytes.length, true);
      }
      return files;
    });
  }

  /** A table that is the same file as then, by number, size, inode and time, is in the backup before. */
  async #plan(): Promise<PlannedFile[]> {
    return await Promise.all(
      this.#pinned.files.map(async ({ name, size }) => {
        const from = join(this.#pinned.folder, name);
        const { ino, mtimeNs } = await stat(from, { bigint: true });
        const [path, source] = [`store/${name}`, `${ino}.${mtimeNs}`];
        const isTable = /\.(ldb|sst)$/.test(name);
        const then = isTable ? this.#previous.get(path) : undefined;
        const same = then?.size === size && then.source === source ? then : undefined;
        return { from, path, size, source, isTable, same };
      }),
    );
  }

  async #assertRoom(planned: readonly PlannedFile[]): Promise<void> {
    const { to } = this.#options;
    const needed = planned.reduce((sum, { size, same }) => (same ? sum : sum + size), 0);
    const { bavail, bsize } = await statfs(to);
    if (needed <= bavail * bsize) return;
    const mebibytes = (bytes: number): number => Math.ceil(bytes / 2 ** 20);
    throw new DirectoryError<NodeErrorCode>(
      'disk_full',
      `the backup needs ${mebibytes(needed)} MiB, the disk has ${mebibytes(bavail * bsize)} MiB`,
    );
  }

  async #bring(planned: PlannedFile, making: string): Promise<BackedUpFile> {
    const { from, path, size, source, isTable, same } = planned;
    const to = join(making, path);
    if (same !== undefined && (await this.#linkPrevious(path, to))) {
      this.#note(size, false);
      return same;
    }
    const onBytes = (count: number): void => this.#note(count, true);
    const sha256 = await copyFile({ from, to, size, isTable, pace: this.#pace, onBytes });
    return { path, size, sha256, source };
  }

  /** Some file systems have no links, and a file may have been taken out of the backup by hand. */
  async #linkPrevious(path: string, to: string): Promise<boolean> {
    return await link(join(this.#previousFolder, path), to).then(
      () => true,
      () => false,
    );
  }

  #note(bytes: number, isCopied: boolean): void {
    this.bytes += bytes;
    if (isCopied) this.copiedBytes += bytes;
    const elapsedMs = performance.now() - this.#startedAtMs;
    const progress = { bytesDone: this.bytes, bytesTotal: this.#bytesTotal, elapsedMs };
    this.#options.onProgress?.(progress);
  }
}

interface PlannedFile {
  readonly from: string;
  readonly path: string;
  readonly size: number;
  readonly source: string;
  readonly isTable: boolean;
  /** What the backup before says of the same file. */
  readonly same: BackedUpFile | undefined;
}

async function writeFlushed(path: string, bytes: Uint8Array): Promise<void> {
  await writeFile(path, bytes, { flag: 'wx', mode: 0o600, flush: true });
}

async function flushFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}
