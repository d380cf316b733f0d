/**
 * The manifest of a LevelDB store: which tables and logs belong to it. A folder has others too: tables that a
 * compaction is writing, or has left half written. Format: `version_edit.cc`, in a log of its own.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { VarintReader } from './leveldb-coding.ts';
import { readRecords } from './leveldb-log.ts';

export interface ManifestState {
  /** Of the file. */
  readonly name: string;
  /** Of the manifest, which only grows, or is another. */
  readonly bytes: number;
  /** The oldest log that counts; 0 before there was one. */
  readonly logNumber: number;
  readonly lastSequence: number;
  /** Numbers of the tables that count. */
  readonly tables: ReadonlySet<number>;
}

/** The manifest that a store in this folder has now; undefined where there is none that can be read. */
export async function readManifest(folder: string): Promise<ManifestState | undefined> {
  try {
    const name = (await readFile(join(folder, 'CURRENT'), 'latin1')).trimEnd();
    if (!/^MANIFEST-\d+$/.test(name)) return undefined;
    const manifest = await readFile(join(folder, name));
    const tables = new Set<number>();
    let state = { name, bytes: manifest.length, logNumber: 0, lastSequence: 0, tables };
    for (const edit of readRecords(manifest).records) {
      state = { ...state, ...readEdit(edit, tables) };
    }
    return state;
  } catch (error) {
    if (error instanceof RangeError || (error as NodeJS.ErrnoException).code !== undefined)
      return undefined;
    throw error;
  }
}

/** What an edit sets, behind a tag each; tables that it adds and removes it adds and removes. */
function readEdit(
  edit: Buffer,
  tables: Set<number>,
): Partial<Pick<ManifestState, 'lastSequence' | 'logNumber'>> {
  const reader = new VarintReader(edit);
  const sized = (): void => reader.skip(reader.varint());
  const found: { logNumber?: number; lastSequence?: number } = {};
  while (!reader.isAtEnd) {
    const tag = reader.varint();
    if (tag === 1) sized();
    else if (tag === 2) found.logNumber = reader.varint();
    else if (tag === 3 || tag === 9) reader.varint();
    else if (tag === 4) found.lastSequence = reader.varint();
    else if (tag === 5) {
      reader.varint();
      sized();
    } else if (tag === 6) {
      reader.varint();
      tables.delete(reader.varint());
    } else if (tag === 7) {
      // Level, number, size, smallest and largest key.
      reader.varint();
      tables.add(reader.varint());
      reader.varint();
      sized();
      sized();
    } else throw new RangeError('an unknown tag');
  }
  return found;
}
