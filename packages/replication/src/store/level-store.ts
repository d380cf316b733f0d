/**
 * The store on LevelDB (classic-level). LevelDB's log gives what the port promises: a batch is one
 * record of it, `sync` flushes that record and all before it, and a record that was torn by a crash
 * is dropped as a whole at the next open. After a failed write LevelDB itself refuses every further
 * one ("the state of the log file is indeterminate"), which is the port's rule too.
 */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { DirectoryError } from '@callbook/protocol';
import { Level } from 'level';

import type { ReplicationErrorCode } from '../errors.ts';
import { pinFiles } from './pinned-files.ts';
import type { PinnedFile } from './pinned-files.ts';
import type { Row, RowChange, Store, StoreSnapshot } from './store.ts';
import { missingOfLogs } from './write-ahead-log.ts';

/** A store whose files can be copied while it is in use. */
export interface LevelStore extends Store {
  /**
   * Links the files that hold the rows of one moment into a new folder on the same file system. Batches wait
   * for a few milliseconds; `atMoment` runs in them, and reads what the files hold.
   */
  pin(into: string, atMoment: () => void): Promise<PinnedFile[]>;
  /** Bytes of the tables that rows with such keys take, about; what has come since the last table is not counted. */
  tableBytes(range: { readonly gte: Uint8Array; readonly lt: Uint8Array }): Promise<number>;
}

export interface LevelStoreOptions {
  /** Blocks kept in memory; the default of 8 MiB makes reads four times slower at 10^7 bindings. */
  readonly cacheBytes: number;
  /** Rows collected in memory before they are written as a sorted file. */
  readonly writeBufferBytes?: number;
  /** Lets other threads of this process open it too; each of them must say so. Options of the first hold. */
  readonly sharedByThreads?: boolean;
  /** Another thread has it open already, so that its files change: they are not looked at here. */
  readonly isOpenElsewhere?: boolean;
}

/**
 * LevelDB counts each read that passes a new table as a seek, and merges the table with all below it after a
 * thousand of them: so where labels are read as they are written, every buffer that is written costs a pass
 * over what lies around its keys, and one twice as large half as many. What is in it is replayed after a crash.
 */
const defaultWriteBufferBytes = 32 * 1024 * 1024;

/**
 * A table that is not open must be opened for a read, which costs as much as the read. Each takes some 50 KB, for
 * its index and its filter, once it is asked for; 10^7 published bindings lie in 1 300 of 2 MiB.
 * Node raises the limit of open files as far as it may; the service has 65 536.
 */
const openTablesMax = 4096;

/**
 * Opens the store in a folder, making it if it is not there. Errors: `store_unavailable`, `store_in_use`,
 * `store_damaged`.
 */
export async function openLevelStore(
  path: string,
  options: LevelStoreOptions,
): Promise<LevelStore> {
  if (options.isOpenElsewhere !== true) await assertWhole(path);
  const level = new Level<Uint8Array, Uint8Array>(path, {
    keyEncoding: 'view',
    valueEncoding: 'view',
    cacheSize: options.cacheBytes,
    writeBufferSize: options.writeBufferBytes ?? defaultWriteBufferBytes,
    // Half of what a label's rows have stands in them twice: 3.2 KB a binding in a federation of three become 1.9.
    compression: true,
    maxOpenFiles: openTablesMax,
    multithreading: options.sharedByThreads ?? false,
  });
  try {
    await level.open();
  } catch (cause) {
    throw openingError(path, cause);
  }
  await discardLog(path);
  return storeOver(level, path);
}

/**
 * LevelDB takes a folder without `CURRENT` for a new store, and would erase every table in it; and it goes on
 * without what it cannot read of its logs.
 */
async function assertWhole(path: string): Promise<void> {
  const names = await readdir(path).catch((): string[] => []);
  if (!names.includes('CURRENT')) {
    if (!names.some((name) => /^(MANIFEST-\d+|\d+\.(ldb|sst|log))$/.test(name))) return;
    throw damaged(`${path} has tables, and no file CURRENT that says which of them count`);
  }
  const missing = await missingOfLogs(path);
  if (missing !== undefined) throw damaged(`${path} has lost what was written to it: ${missing}`);
}

function damaged(message: string, cause?: unknown): DirectoryError<ReplicationErrorCode> {
  return new DirectoryError('store_damaged', message, { cause });
}

function openingError(path: string, cause: unknown): DirectoryError<ReplicationErrorCode> {
  const reason = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const code = (reason as { readonly code?: unknown } | undefined)?.code;
  if (code === 'LEVEL_LOCKED')
    return new DirectoryError('store_in_use', `another process has ${path} open`, { cause });
  if (code === 'LEVEL_CORRUPTION') return damaged(`files of ${path} are damaged or missing`, cause);
  return new DirectoryError('store_unavailable', `cannot open ${path}`, { cause });
}

/**
 * LevelDB keeps a log in words of its own, and names keys in it where it compacts: telephone numbers
 * among them. So the file loses its name as soon as it is open, and its blocks when the store closes.
 */
async function discardLog(path: string): Promise<void> {
  for (const name of ['LOG', 'LOG.old']) await rm(join(path, name), { force: true });
}

function storeOver(level: Level<Uint8Array, Uint8Array>, path: string): LevelStore {
  // Each write is taken up by a thread of a pool, and two threads may overtake each other.
  let earlier: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(run: () => Promise<T>): Promise<T> => {
    const done = earlier.then(run);
    earlier = done.catch(() => undefined);
    return done;
  };
  return {
    get: (rowKey) => guard(() => plainOrNone(level.getSync(rowKey))),
    getMany: (rowKeys) =>
      guardAsync(async () => (await level.getMany([...rowKeys])).map(plainOrNone)),
    batch: (changes, { durable }) =>
      inTurn(() => guardAsync(() => writeBatch(level, changes, durable))),
    pin: (into, atMoment) =>
      pinFiles(path, into, (run) =>
        inTurn(() => {
          atMoment();
          return run();
        }),
      ),
    range: ({ gte, lt, reverse, countMax }) =>
      guardAsync(async () =>
        plainRows(
          await level.iterator({ gte, lt, reverse: reverse ?? false, limit: countMax }).all(),
        ),
      ),
    snapshot: () => guard(() => snapshotOf(level)),
    compact: (first, last) => guardAsync(() => compactRows(level, first, last)),
    tableBytes: ({ gte, lt }) => guardAsync(() => classic(level).approximateSize(gte, lt)),
    close: () => earlier.then(() => level.close()),
  };
}

function snapshotOf(level: Level<Uint8Array, Uint8Array>): StoreSnapshot {
  const snapshot = level.snapshot();
  return {
    range: ({ gte, lt, reverse, countMax }) =>
      guardAsync(async () =>
        plainRows(
          await level
            .iterator({ gte, lt, reverse: reverse ?? false, limit: countMax, snapshot })
            .all(),
        ),
      ),
    close: () => snapshot.close(),
  };
}

/**
 * The binding gives a `Buffer`, whose `slice` is a view where that of a `Uint8Array` is a copy: who
 * changed the one would change the row that others read.
 */
function plain({ buffer, byteOffset, length }: Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, length);
}

function plainOrNone(value: Uint8Array | undefined): Uint8Array | undefined {
  return value === undefined ? undefined : plain(value);
}

function plainRows(rows: readonly [Uint8Array, Uint8Array][]): Row[] {
  return rows.map(([rowKey, value]) => [plain(rowKey), plain(value)]);
}

/**
 * LevelDB writes a table of the last level again only when a newer one overlaps it, and what is in
 * memory goes to a table with all that was overwritten there. So twice a mark is erased beside the
 * rows, a key that nobody has: the first table that results is an input of the second compaction.
 */
async function compactRows(
  level: Level<Uint8Array, Uint8Array>,
  first: Uint8Array,
  last: Uint8Array,
): Promise<void> {
  const mark = Buffer.concat([first, Buffer.of(0)]);
  const end = Buffer.concat([last, Buffer.of(0)]);
  for (let pass = 0; pass < 2; pass++) {
    await level.del(mark);
    await classic(level).compactRange(first, end);
  }
}

/** On Node, `Level` is `ClassicLevel`; its types speak of what browsers have too. */
function classic(level: Level<Uint8Array, Uint8Array>): ClassicLevel {
  return level as unknown as ClassicLevel;
}

interface ClassicLevel {
  compactRange(first: Uint8Array, last: Uint8Array): Promise<void>;
  approximateSize(first: Uint8Array, last: Uint8Array): Promise<number>;
}

/** Hands rows over one by one, which costs less than an array of operations. */
async function writeBatch(
  level: Level<Uint8Array, Uint8Array>,
  changes: readonly RowChange[],
  durable: boolean,
): Promise<void> {
  const batch = level.batch();
  for (const change of changes) {
    if ('erase' in change) batch.del(change.rowKey);
    else batch.put(change.rowKey, change.value);
  }
  await batch.write({ sync: durable });
}

function guard<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw storeError(cause);
  }
}

async function guardAsync<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    throw storeError(cause);
  }
}

function storeError(cause: unknown): DirectoryError<ReplicationErrorCode> {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'LEVEL_DATABASE_NOT_OPEN')
    return new DirectoryError('store_closed', 'the store is closed', { cause });
  if (code === 'LEVEL_CORRUPTION') return damaged('files of the store are damaged', cause);
  return new DirectoryError('store_failed', 'the store failed', { cause });
}
