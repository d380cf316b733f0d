/**
 * The store port: ordered rows of bytes, written in atomic batches. It is all that replication asks
 * of a database, so that a distributed engine can take level's place; `test/store/acceptance.ts`
 * says what an implementation owes, and runs on each.
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

export interface Store {
  /** Reads one row at once: DNS answers inside one turn of the event loop. */
  get(rowKey: Uint8Array): Uint8Array | undefined;

  /** Reads rows in the order of their keys given. */
  getMany(rowKeys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]>;

  /**
   * Applies all changes or none. When it resolves with `durable`, the changes and every batch
   * before them survive a crash of the machine; without it, a crash may lose a suffix of batches,
   * never a part of one. When it rejects, the batch may or may not be there after the next open:
   * the caller must write nothing more before it has opened the store again.
   */
  batch(changes: readonly RowChange[], options: { readonly durable: boolean }): Promise<void>;

  /** Reads at most `countMax` rows of a range. */
  range(range: RowRange): Promise<Row[]>;

  /** Takes the rows of this moment: batches that have resolved are in it, others wholly or not at all. */
  snapshot(): StoreSnapshot;

  /**
   * Rewrites what holds the rows from `first` to `last`: what was erased or overwritten there is in
   * no file of the store any more. Slow; rows can be read and written meanwhile.
   */
  compact(first: Uint8Array, last: Uint8Array): Promise<void>;

  close(): Promise<void>;
}
