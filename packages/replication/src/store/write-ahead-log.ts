/**
 * Looks at the write-ahead logs of a LevelDB store before LevelDB does, which passes over what it cannot read
 * in them, and over a log that is gone, and goes on with what was written later: batches would be missing
 * from the middle, which the port rules out. What is torn at the very end is what a crash leaves, and
 * is LevelDB's to drop.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { readRecords } from './leveldb-log.ts';
import { readManifest } from './leveldb-manifest.ts';
import type { ManifestState } from './leveldb-manifest.ts';

/** Sequence number of a batch's first change, and how many there are. */
const batchHeadBytes = 12;

/** Where another process has the store open, its logs change under our eyes: then LevelDB says so. */
const looksMax = 8;

/**
 * Tells what is missing of the logs that a store in this folder was left with; undefined where nothing is, and
 * where LevelDB itself will say what is wrong.
 */
export async function missingOfLogs(folder: string): Promise<string | undefined> {
  let manifest = await readManifest(folder);
  for (let look = 0; look < looksMax && manifest !== undefined; look += 1) {
    const missing = await missingBehind(manifest, folder);
    const after = await readManifest(folder);
    if (missing === undefined || after?.bytes === manifest.bytes) return missing;
    manifest = after;
  }
  return undefined;
}

async function missingBehind(
  { logNumber, lastSequence }: ManifestState,
  folder: string,
): Promise<string | undefined> {
  const logs = (await readdir(folder))
    .filter((name) => /^\d{6,}\.log$/.test(name) && numberOf(name) >= logNumber)
    .sort((one, other) => numberOf(one) - numberOf(other));
  // It is made before the manifest names it, and removed after the manifest names another.
  if (logNumber > 0 && numberOf(logs[0] ?? '') !== logNumber) return 'a log is gone';
  let nextMax = lastSequence + 1;
  for (const name of logs) {
    const log = await readFile(join(folder, name)).catch(() => undefined);
    if (log === undefined) return `${name} cannot be read`;
    const { records, isWhole } = readRecords(log);
    if (!isWhole) return `${name} cannot be read in its middle`;
    for (const record of records) {
      if (record.length < batchHeadBytes) return `${name} has a record that is no batch`;
      const sequence = Number(record.readBigUInt64LE(0));
      if (sequence > nextMax) return `batches before one in ${name} are gone`;
      nextMax = Math.max(nextMax, sequence + record.readUInt32LE(8));
    }
  }
  return undefined;
}

function numberOf(log: string): number {
  return Number.parseInt(log, 10);
}
