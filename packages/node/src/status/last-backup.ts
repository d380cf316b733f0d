/** When the last backup was taken: what `callbook-node backup` leaves in the data folder. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NodeConfig } from '../config.ts';

export function lastBackupFile({ dataDir }: NodeConfig): string {
  return join(dataDir, 'last-backup.json');
}

/** Undefined when none was taken, and when the file is not one of ours. */
export async function readLastBackupMs(config: NodeConfig): Promise<number | undefined> {
  try {
    const written: unknown = JSON.parse(await readFile(lastBackupFile(config), 'utf8'));
    const { at } = written as { readonly at?: unknown };
    const atMs = typeof at === 'string' ? Date.parse(at) : Number.NaN;
    return Number.isFinite(atMs) ? atMs : undefined;
  } catch {
    return undefined;
  }
}
