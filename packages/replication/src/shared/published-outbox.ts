/**
 * The outbox: which published rows have changed and may not be in the shared database yet. It is a part of
 * the writer's own store, written in the batch that changes the rows: if we crash here, either both are
 * there or neither. A row holds keys alone; what goes out is what stands there when it goes, so that
 * many changes of one number are one.
 *
 * The last row stays when it has gone out: it is where counting goes on after a restart. A number is
 * given before its batch is written, which takes a while where a ledger comes first: whoever asks how far
 * the outbox reaches hears of what is in the store, and of nothing that may come.
 */
import type { Clock, Random } from '@callbook/protocol';

import { Listeners } from '../listeners.ts';
import { followedKeysMax, followedRowsMax } from '../limits.ts';
import { RowReader, RowWriter } from '../store/row-bytes.ts';
import {
  isSharedRow,
  outboxFrom,
  outboxKey,
  outboxSequenceIn,
  outboxStreamKey,
} from '../store/row-keys.ts';
import type { RowChange, Store } from '../store/store.ts';
import { sharedIdBytes } from './shared-position.ts';

/** Changes that go out together. */
export interface OutboxPage {
  /** Of the last row in it. */
  readonly sequence: number;
  readonly rowKeys: readonly Uint8Array[];
}

export class PublishedOutbox {
  /** To be used in place of the store it was opened on. */
  readonly store: Store;
  /** Names this store, 16 bytes. */
  readonly streamId: Uint8Array;
  readonly #inner: Store;
  readonly #clock: Clock;
  readonly #listeners = new Listeners<void>();
  /** Given to the newest batch, which may be on its way. */
  #given: number;
  readonly #underWay = new Set<number>();
  #erasedBefore = 0;

  private constructor(
    parts: { readonly store: Store; readonly clock: Clock },
    stored: { readonly streamId: Uint8Array; readonly last: number },
  ) {
    this.#inner = parts.store;
    this.#clock = parts.clock;
    this.streamId = stored.streamId;
    this.#given = stored.last;
    const { store } = parts;
    this.store = {
      get: (rowKey) => store.get(rowKey),
      getMany: async (rowKeys) => await store.getMany(rowKeys),
      range: async (range) => await store.range(range),
      snapshot: () => store.snapshot(),
      compact: async (first, last) => await store.compact(first, last),
      close: async () => await store.close(),
      batch: async (changes, options) => await this.#batch(changes, options),
    };
  }

  static async open(parts: {
    readonly store: Store;
    readonly clock: Clock;
    readonly random: Random;
  }): Promise<PublishedOutbox> {
    const { store, random } = parts;
    const rowKey = outboxStreamKey();
    let streamId = store.get(rowKey);
    if (streamId === undefined) {
      streamId = random.bytes(sharedIdBytes);
      await store.batch([{ rowKey, value: streamId }], { durable: true });
    }
    const newest = await store.range({ ...outboxFrom(0), reverse: true, countMax: 1 });
    const last = newest[0] === undefined ? 0 : outboxSequenceIn(newest[0][0]);
    return new PublishedOutbox(parts, { streamId, last });
  }

  /** Sequence number of the newest change up to which all are in the store; 0 before the first. */
  get last(): number {
    return this.#underWay.size === 0 ? this.#given : Math.min(...this.#underWay) - 1;
  }

  /** Calls back when there is more; in the turn in which it is in the store. */
  onMore(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  /** The changes after a sequence number; undefined when some of them are not kept any more. */
  async after(sequence: number): Promise<OutboxPage | undefined> {
    // Before the reading, which may find more.
    const { last: reach } = this;
    const rows = await this.#inner.range({
      ...outboxFrom(sequence + 1),
      countMax: followedRowsMax,
    });
    const keys = new Map<string, Uint8Array>();
    let last = sequence;
    for (const [rowKey, value] of rows) {
      if (keys.size > followedKeysMax || outboxSequenceIn(rowKey) !== last + 1) break;
      for (const changed of keysIn(value)) keys.set(changed.toHex(), changed);
      last += 1;
    }
    if (last === sequence && sequence < reach) return undefined;
    return { sequence: last, rowKeys: [...keys.values()] };
  }

  /** How long the oldest change after a sequence number has waited; 0 where there is none. */
  async waitingMs(sequence: number): Promise<number> {
    if (sequence >= this.last) return 0;
    const [oldest] = await this.#inner.range({ ...outboxFrom(sequence + 1), countMax: 1 });
    if (oldest === undefined) return 0;
    return Math.max(0, this.#clock.nowMs() - new RowReader(oldest[1]).u56());
  }

  /** The published rows as they stand now. */
  async read(rowKeys: readonly Uint8Array[]): Promise<RowChange[]> {
    const values = await this.#inner.getMany(rowKeys);
    return rowKeys.map((rowKey, place) => {
      const value = values[place];
      return value === undefined ? { rowKey, erase: true } : { rowKey, value };
    });
  }

  /** Erases what came before a sequence number, at most so much that the next call does the rest. */
  async forgetBefore(sequence: number): Promise<void> {
    const before = Math.min(sequence, this.last);
    if (before <= this.#erasedBefore) return;
    const { gte } = outboxFrom(0);
    const rows = await this.#inner.range({
      gte,
      lt: outboxKey(before),
      countMax: followedRowsMax * 4,
    });
    if (rows.length < followedRowsMax * 4) this.#erasedBefore = before;
    if (rows.length === 0) return;
    const changes = rows.map(([rowKey]) => ({ rowKey, erase: true }) as const);
    await this.#inner.batch(changes, { durable: false });
  }

  /** Counts on after a number that this store has not come to: it is older than the shared database. */
  async skipTo(sequence: number): Promise<void> {
    if (sequence <= this.#given) return;
    this.#given = sequence;
    await this.#write(sequence, [], { rowKeys: [], durable: true });
  }

  async #batch(
    changes: readonly RowChange[],
    options: { readonly durable: boolean },
  ): Promise<void> {
    const rowKeys = changes.flatMap(({ rowKey }) => (isSharedRow(rowKey) ? [rowKey] : []));
    if (rowKeys.length === 0) return await this.#inner.batch(changes, options);
    this.#given += 1;
    await this.#write(this.#given, changes, { rowKeys, ...options });
    this.#listeners.tell();
  }

  /** When it fails nobody writes any more: then its number stays on its way. */
  async #write(
    sequence: number,
    changes: readonly RowChange[],
    row: { readonly rowKeys: readonly Uint8Array[]; readonly durable: boolean },
  ): Promise<void> {
    this.#underWay.add(sequence);
    const writer = new RowWriter().u56(this.#clock.nowMs()).u32(row.rowKeys.length);
    for (const rowKey of row.rowKeys) writer.sized(rowKey);
    const noted = { rowKey: outboxKey(sequence), value: writer.finish() };
    await this.#inner.batch([...changes, noted], { durable: row.durable });
    this.#underWay.delete(sequence);
  }
}

function keysIn(value: Uint8Array): Uint8Array[] {
  const reader = new RowReader(value);
  reader.u56();
  return Array.from({ length: reader.u32() }, () => reader.sized());
}
