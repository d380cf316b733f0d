/**
 * The store ports: ordered rows of bytes, written in atomic batches. `Store` is the writer's own, on its
 * machine, and answers a read at once; `SharedStore` is a database that many read over a network.
 * `test/store/acceptance.ts` says what an implementation of either owes, and runs on each.
 *
 * Rows are ordered bytewise. A returned value belongs to the caller, and is no `Buffer`; a stored one
 * must not be changed after it was handed in. One writer at a time: batches are applied in the order
 * of calls.
 */

export type RowChange =
  | { readonly rowKey: Uint8Array; readonly value: Uint8Array }
  | { readonly rowKey: Uint8Array; readonly erase: true };

export interface RowRange {
  /** First key of the range. */
  readonly gte: Uint8Array;
  /** First key beyond the range. */
  readonly lt: Uint8Array;
  /** Last row first. */
  readonly reverse?: boolean;
  readonly countMax: number;
}

export type Row = readonly [rowKey: Uint8Array, value: Uint8Array];

/** The rows as they were at one moment, whatever is written after it. Close it: it keeps old rows. */
export interface StoreSnapshot {
  range(range: RowRange): Promise<Row[]>;
  close(): Promise<void>;
}

/** What both kinds of store have in common. */
export interface RowStore {
  /** Reads one row. */
  get(rowKey: Uint8Array): Uint8Array | undefined | Promise<Uint8Array | undefined>;

  /** Reads rows in the order of their keys given. */
  getMany(rowKeys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]>;

  /**
   * Applies all changes or none. When it resolves with `durable`, the changes and every batch
   * before them survive a crash of the machine; without it, a crash may lose a suffix of batches,
   * never a part of one. When it rejects, the batch may or may not be there after the next open:
   * the caller must write nothing more before it has opened the store, or read what it needs, again.
   */
  batch(changes: readonly RowChange[], options: { readonly durable: boolean }): Promise<void>;

  /** Reads at most `countMax` rows of a range. */
  range(range: RowRange): Promise<Row[]>;

  /** Takes the rows of this moment: batches that have resolved are in it, others wholly or not at all. */
  snapshot(): StoreSnapshot | Promise<StoreSnapshot>;

  close(): Promise<void>;
}

/** The writer's own store. */
export interface Store extends RowStore {
  /** Reads one row at once: DNS answers inside one turn of the event loop. */
  get(rowKey: Uint8Array): Uint8Array | undefined;

  snapshot(): StoreSnapshot;

  /**
   * Rewrites what holds the rows from `first` to `last`: what was erased or overwritten there is in
   * no file of the store any more. Slow; rows can be read and written meanwhile.
   */
  compact(first: Uint8Array, last: Uint8Array): Promise<void>;
}

/** A row that must be so, or absent, for a batch to be applied. */
export interface ExpectedRow {
  readonly rowKey: Uint8Array;
  readonly value: Uint8Array | undefined;
}

/**
 * A database that several processes share, on any number of machines. Every call may fail with
 * `shared_store_unavailable`, `shared_store_slow`, `shared_store_read_only` or `shared_store_failed`, and
 * may be made again.
 */
export interface SharedStore extends RowStore {
  get(rowKey: Uint8Array): Promise<Uint8Array | undefined>;

  snapshot(): Promise<StoreSnapshot>;

  /** As a durable `batch`, if a row is as expected; false when it is not, and then nothing is applied. */
  batchIf(expected: ExpectedRow, changes: readonly RowChange[]): Promise<boolean>;

  /** Hints to all who listen that there is something to read; lost without harm. */
  hint(): Promise<void>;

  /** Calls back at hints until disposed of; never where the database has none. Who needs certainty polls. */
  onHint(listener: () => void): AsyncDisposable;
}
