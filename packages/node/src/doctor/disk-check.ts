/** Room and rights of the data folder. */
import { existsSync } from 'node:fs';
import { stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DirectoryError } from '@callbook/protocol';
import { assertDataFolder } from '../data-folder.ts';
import { nextStepFor } from '../next-steps.ts';
import type { Finding, Patient } from './doctor.ts';

const gibibyte = 2 ** 30;
/** LevelDB writes a table anew before the old one goes. */
const freeBytesMin = gibibyte / 4;
const freeBytesOk = 4 * gibibyte;
const freeInodesMin = 1000;

/** One finding for the rights, one for the room. */
export async function checkDisk({ config }: Patient): Promise<Omit<Finding, 'check'>[]> {
  const { dataDir } = config;
  return [await checkRights(dataDir), await checkRoom(dataDir)];
}

async function checkRights(dataDir: string): Promise<Omit<Finding, 'check'>> {
  try {
    await assertDataFolder(dataDir);
  } catch (error) {
    if (!(error instanceof DirectoryError)) throw error;
    return {
      state: 'fail',
      found: `${error.message} (${error.code})`,
      next: nextStepFor(error.code)!,
    };
  }
  if (!existsSync(dataDir)) {
    return { state: 'ok', found: `${dataDir} is not there yet and can be made` };
  }
  const { mode } = await stat(dataDir);
  if ((mode & 0o077) === 0)
    return { state: 'ok', found: `${dataDir} can be written, by its user alone` };
  const next = 'chmod 700 it: numbers of people are in it';
  return { state: 'warn', found: `${dataDir} can be read by others`, next };
}

async function checkRoom(dataDir: string): Promise<Omit<Finding, 'check'>> {
  let folder = dataDir;
  while (!existsSync(folder)) folder = dirname(folder);
  const { bavail, bsize, ffree, files } = await statfs(folder);
  const bytes = bavail * bsize;
  const found = `${(bytes / gibibyte).toFixed(1)} GiB are free`;
  const lacksInodes = files > 0 && ffree < freeInodesMin;
  if (bytes >= freeBytesOk && !lacksInodes) return { state: 'ok', found };
  const next = 'make room: the member stops rather than writing half of something';
  const state = bytes < freeBytesMin || lacksInodes ? 'fail' : 'warn';
  return { state, found: lacksInodes ? `${found}, and few inodes` : found, next };
}
