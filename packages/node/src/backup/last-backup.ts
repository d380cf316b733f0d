/** When the newest backup was made that came to its end: a file in the data folder, for metrics and people. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface LastBackup {
  /** When the store was as it is in the backup; ISO 8601. */
  readonly at: string;
  readonly tookMs: number;
  /** Of all its files. */
  readonly bytes: number;
  /** Of the files that were not in the backup before. */
  readonly copiedBytes: number;
}

const fileName = 'last-backup.json';

/** Reads it; undefined where there has been no backup, and where the file is not one of ours. */
export async function readLastBackup(dataDir: string): Promise<LastBackup | undefined> {
  try {
    const last = JSON.parse(await readFile(join(dataDir, fileName), 'utf8')) as LastBackup;
    return Number.isFinite(Date.parse(last.at)) ? last : undefined;
  } catch {
    return undefined;
  }
}

export async function writeLastBackup(dataDir: string, last: LastBackup): Promise<void> {
  const path = join(dataDir, fileName);
  // If we crash in between, the age that is told is that of the backup before.
  await writeFile(`${path}.new`, `${JSON.stringify(last)}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
}
