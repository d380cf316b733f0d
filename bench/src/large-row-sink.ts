/** Rows on their way to a store, some megabytes at a time: one batch is written while the next is made. */
import type { RowChange, Store } from '@callbook/replication';

const batchBytesMax: number = 2 << 20;

export class RowSink {
  readonly #store: Store;
  #rows: RowChange[] = [];
  #bytes = 0;
  #writing: Promise<void> = Promise.resolve();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Takes a row over; waits, from time to time, until the store has written others. */
  add(rowKey: Uint8Array, value: Uint8Array): Promise<void> | void {
    this.#rows.push({ rowKey, value });
    this.#bytes += rowKey.length + value.length;
    if (this.#bytes >= batchBytesMax) return this.#flush();
  }

  /** Resolves when all rows are in the store. */
  async end(): Promise<void> {
    await this.#flush();
    await this.#writing;
  }

  async #flush(): Promise<void> {
    const rows = this.#rows;
    this.#rows = [];
    this.#bytes = 0;
    await this.#writing;
    this.#writing = this.#store.batch(rows, { durable: false });
  }
}
