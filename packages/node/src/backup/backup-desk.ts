/**
 * The member's part in a backup: it pins the files of its store, which takes milliseconds, says how far its
 * log had come at that moment, and lets go of them when the command that asked has copied them. Copying
 * and hashing are that command's work, in a process of its own, so that nobody who asks the member waits.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DirectoryError } from '@callbook/protocol';
import type { Cryptography } from '@callbook/protocol';
import { readLogState, schemaOf } from '@callbook/replication/replica';
import type { LevelStore, LogState, StoreSchema } from '@callbook/replication';
import type { BackupRequest } from '../admin/admin-messages.ts';
import type { NodeErrorCode } from '../errors.ts';
import { diskError } from './disk-errors.ts';
import { writeLastBackup } from './last-backup.ts';
import type { LastBackup } from './last-backup.ts';

/** What a backup copies from; JSON. */
export interface PinnedStore {
  readonly pinId: string;
  /** Has the files; on the disk of the store. */
  readonly folder: string;
  readonly files: readonly { readonly name: string; readonly size: number }[];
  readonly atMs: number;
  readonly store: StoreSchema;
  /** `root` in base64. */
  readonly ownLog: { readonly origin: string; readonly size: number; readonly root: string };
}

export interface BackupDeskParts {
  readonly dataDir: string;
  readonly store: LevelStore;
  readonly origin: string;
  readonly crypto: Cryptography;
  readonly clock: { nowMs(): number };
}

const pinsName = 'backup-pins';

export class BackupDesk implements AsyncDisposable {
  readonly #parts: BackupDeskParts;
  #pinned: { readonly pinId: string; readonly pid: number } | undefined;

  private constructor(parts: BackupDeskParts) {
    this.#parts = parts;
  }

  /** Removes what a backup has left that a crash ended. */
  static async open(parts: BackupDeskParts): Promise<BackupDesk> {
    await rm(join(parts.dataDir, pinsName), { recursive: true, force: true });
    return new BackupDesk(parts);
  }

  /** Answers a request of the command. */
  async answer(request: BackupRequest): Promise<PinnedStore | null> {
    if (request.ask === 'backup-begin') return await this.begin(request.pid);
    await this.end(request.pinId, request.made);
    return null;
  }

  /** Pins the store for the process with this id. Errors: `backup_running`, `disk_full`, `folder_unwritable`. */
  async begin(pid: number): Promise<PinnedStore> {
    if (this.#pinned !== undefined && isAlive(this.#pinned.pid))
      throw new DirectoryError<NodeErrorCode>('backup_running', 'another backup is being made');
    const { dataDir, store, origin, crypto, clock } = this.#parts;
    const pins = join(dataDir, pinsName);
    const pinId = randomUUID();
    const pinned = { pinId, pid };
    this.#pinned = pinned;
    const folder = join(pins, pinId);
    try {
      await rm(pins, { recursive: true, force: true });
      await mkdir(pins, { mode: 0o700 });
      let moment: { atMs: number; log: LogState; schema: StoreSchema };
      const files = await store.pin(folder, () => {
        const log = readLogState(store, origin, crypto);
        moment = { atMs: clock.nowMs(), log, schema: schemaOf(store) };
      });
      const { atMs, log, schema } = moment!;
      const ownLog = { origin, size: log.size, root: log.root.toBase64() };
      return { pinId, folder, files, atMs, store: schema, ownLog };
    } catch (cause) {
      if (this.#pinned === pinned) this.#pinned = undefined;
      throw diskError(cause, 'cannot link the files of the store');
    }
  }

  /** Lets go of the files; `made` says what has become of them, undefined where nothing has. */
  async end(pinId: string, made: LastBackup | undefined): Promise<void> {
    if (this.#pinned?.pinId !== pinId) return;
    const { dataDir } = this.#parts;
    await rm(join(dataDir, pinsName), { recursive: true, force: true });
    this.#pinned = undefined;
    if (made !== undefined) await writeLastBackup(dataDir, made);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(join(this.#parts.dataDir, pinsName), { recursive: true, force: true });
  }
}

/** A process of another user is alive, though we may not signal it. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
