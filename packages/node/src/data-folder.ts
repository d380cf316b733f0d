/**
 * The data folder before anything is opened in it: a disk that is full or read-only, or a folder of
 * somebody else, is told for what it is, not as a failed store.
 */
import { constants, existsSync } from 'node:fs';
import { access, mkdir, open, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DirectoryError } from '@callbook/protocol';
import type { NodeErrorCode } from './errors.ts';

const othersWrite = 0o022;

/** Makes the folder where it is missing, and assures that it can be written. Code: `data_folder_unusable`. */
export async function prepareDataFolder(path: string): Promise<void> {
  await orUnusable(path, async () => await mkdir(path, { recursive: true, mode: 0o700 }));
  await assertDataFolder(path);
}

/** Assures the same of a folder that is there, or could be made; makes none. */
export async function assertDataFolder(path: string): Promise<void> {
  await orUnusable(path, async () => {
    if (!existsSync(path)) {
      await access(nearestFolder(path), constants.W_OK);
      return;
    }
    const { mode } = await stat(path);
    if ((mode & othersWrite) !== 0) {
      throw unusable(`${path} has mode ${(mode & 0o777).toString(8)}: others may write it`);
    }
    await tryWriting(join(path, `.probe-${process.pid}`));
  });
}

function nearestFolder(path: string): string {
  const around = dirname(path);
  return existsSync(around) ? around : nearestFolder(around);
}

async function orUnusable(path: string, look: () => Promise<unknown>): Promise<void> {
  try {
    await look();
  } catch (error) {
    if (error instanceof DirectoryError) throw error;
    throw unusable(`${path} ${reasonOf(error)}`, error);
  }
}

/** A block, flushed: a disk without room takes the name of a file and nothing in it. */
async function tryWriting(path: string): Promise<void> {
  try {
    const file = await open(path, 'w', 0o600);
    try {
      await file.write(Buffer.alloc(4096));
      await file.sync();
    } finally {
      await file.close();
    }
  } finally {
    await rm(path, { force: true });
  }
}

function reasonOf(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code ?? '') {
    case 'EROFS':
      return 'is on a disk that can only be read';
    case 'ENOSPC':
    case 'EDQUOT':
      return 'is on a disk without room';
    case 'EACCES':
    case 'EPERM':
      return 'belongs to another user';
    case 'ENOTDIR':
    case 'EEXIST':
      return 'is no folder';
    default:
      return 'cannot be made or written';
  }
}

function unusable(message: string, cause?: unknown): DirectoryError<NodeErrorCode> {
  return new DirectoryError('data_folder_unusable', message, { cause });
}
