/**
 * Has the files of a store pinned: by the member that runs with a configuration or, where none runs, by this
 * process, which then has the store open for that moment alone.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DirectoryError, parseVerifierKey } from '@callbook/protocol';
import type { Charter, Cryptography } from '@callbook/protocol';
import { openLevelStore } from '@callbook/replication/replica';
import { askMember } from '../admin/ask-member.ts';
import { accepted } from '../commands/charter-notes.ts';
import { storeFolder } from '../config.ts';
import type { NodeConfig } from '../config.ts';
import type { NodeErrorCode } from '../errors.ts';
import { systemClock } from '../system-ports.ts';
import { BackupDesk } from './backup-desk.ts';
import type { PinnedStore } from './backup-desk.ts';
import type { LastBackup } from './last-backup.ts';

export interface Pin {
  readonly pinned: PinnedStore;
  /** Lets go of the files; `made` says what has become of them, undefined where nothing has. */
  readonly end: (made: LastBackup | undefined) => Promise<void>;
}

export interface PinOptions {
  readonly config: NodeConfig;
  /** Newest charter that is known. */
  readonly charter: Charter;
  readonly crypto: Cryptography;
}

const cacheBytes: number = 8 << 20;

/** Errors: those of `BackupDesk.begin`, of opening the store, `member_key_mismatch`, `data_folder_empty`. */
export async function pinStore(options: PinOptions): Promise<Pin> {
  const { config } = options;
  try {
    const pinned = await askMember(config, { ask: 'backup-begin', pid: process.pid });
    const { pinId } = pinned;
    return {
      pinned,
      end: async (made) => void (await askMember(config, { ask: 'backup-end', pinId, made })),
    };
  } catch (error) {
    const code: NodeErrorCode = 'member_not_running';
    if (!(error instanceof DirectoryError) || error.code !== code) throw error;
    return await pinAtRest(options);
  }
}

async function pinAtRest({ config, charter, crypto }: PinOptions): Promise<Pin> {
  const { dataDir } = config;
  if (!existsSync(join(storeFolder(config), 'CURRENT')))
    throw new DirectoryError<NodeErrorCode>('data_folder_empty', `${dataDir} has no store`);
  const origin = originOf(charter, config.member);
  const store = await openLevelStore(storeFolder(config), { cacheBytes });
  try {
    const desk = await BackupDesk.open({ dataDir, store, origin, crypto, clock: systemClock });
    const pinned = await desk.begin(process.pid);
    return { pinned, end: async (made) => await desk.end(pinned.pinId, made) };
  } finally {
    await store.close();
  }
}

/** Name of a member's log. Error: `member_key_mismatch`. */
function originOf({ members }: Charter, memberName: string): string {
  const member = members.find(({ name }) => name === memberName);
  if (member !== undefined) return accepted(parseVerifierKey(member.logKey)).name;
  throw new DirectoryError<NodeErrorCode>(
    'member_key_mismatch',
    'the newest charter has no member of the configured name',
  );
}
