/**
 * What every implementation of the store port owes, as one suite. `reopen` is for stores that
 * survive the process; it closes the store and opens it again.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { RowStore, Store } from '../../src/store/store.ts';

export interface StoreUnderTest {
  readonly store: RowStore & Partial<Pick<Store, 'compact'>>;
  readonly reopen?: () => Promise<RowStore>;
  readonly dispose: () => Promise<void>;
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const put = (rowKey: Uint8Array, value: Uint8Array) => ({ rowKey, value });
const plain = (rows: readonly (readonly [Uint8Array, Uint8Array])[]): number[][][] =>
  rows.map(([key, value]) => [[...key], [...value]]);

export function acceptStore(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`store on ${name}`, () => {
    let subject: StoreUnderTest;
    let store: StoreUnderTest['store'];
    beforeEach(async () => {
      subject = await open();
      store = subject.store;
    });
    afterEach(() => subject.dispose());

    it('reads undefined where nothing was written', async () => {
      expect(await store.get(bytes(1))).toBeUndefined();
      expect(await store.getMany([bytes(1), bytes(2)])).toEqual([undefined, undefined]);
    });

    it('reads what was written, at once and in bulk, in the order of the keys asked', async () => {
      await store.batch([put(bytes(2), bytes(20)), put(bytes(1), bytes(10))], { durable: true });
      expect([...(await store.get(bytes(1)))!]).toEqual([10]);
      const many = await store.getMany([bytes(2), bytes(3), bytes(1)]);
      expect(many.map((value) => value && [...value])).toEqual([[20], undefined, [10]]);
    });

    it('gives bytes whose slices are copies', async () => {
      await store.batch([put(bytes(1), bytes(10))], { durable: true });
      const range = { gte: bytes(1), lt: bytes(2), countMax: 1 };
      const snapshot = await store.snapshot();
      const rows = [...(await store.range(range)), ...(await snapshot.range(range))].flat();
      await snapshot.close();
      for (const value of [
        await store.get(bytes(1)),
        ...(await store.getMany([bytes(1)])),
        ...rows,
      ]) {
        const [before] = value!;
        value!.slice().fill(99);
        expect(value![0]).toBe(before);
      }
    });

    it('applies the changes of one batch in order', async () => {
      const changes = [
        put(bytes(1), bytes(10)),
        { rowKey: bytes(1), erase: true } as const,
        put(bytes(2), bytes(20)),
        put(bytes(2), bytes(21)),
      ];
      await store.batch(changes, { durable: false });
      expect(await store.get(bytes(1))).toBeUndefined();
      expect([...(await store.get(bytes(2)))!]).toEqual([21]);
    });

    it('applies batches in the order of the calls, even when they are not awaited', async () => {
      const writes = [];
      for (let value = 0; value < 50; value++) {
        writes.push(store.batch([put(bytes(1), bytes(value))], { durable: value % 7 === 0 }));
      }
      await Promise.all(writes);
      expect([...(await store.get(bytes(1)))!]).toEqual([49]);
    });

    it('erases a row that is not there without complaint', async () => {
      await store.batch([{ rowKey: bytes(9), erase: true }], { durable: false });
      expect(await store.get(bytes(9))).toBeUndefined();
    });

    it('keeps empty values apart from missing ones', async () => {
      await store.batch([put(bytes(1), bytes())], { durable: false });
      expect(await store.get(bytes(1))).toHaveLength(0);
    });

    it('ranges bytewise, first key included, last excluded, both ways, at most as many as asked', async () => {
      const keys = [bytes(1), bytes(1, 0), bytes(1, 255), bytes(2), bytes(128), bytes(255)];
      await store.batch(keys.map((rowKey, position) => put(rowKey, bytes(position))).reverse(), {
        durable: false,
      });
      const all = await store.range({ gte: bytes(), lt: bytes(255, 255), countMax: 10 });
      expect(plain(all).map(([key]) => key)).toEqual(keys.map((key) => [...key]));
      const some = await store.range({ gte: bytes(1, 0), lt: bytes(128), countMax: 2 });
      expect(plain(some)).toEqual([
        [[1, 0], [1]],
        [[1, 255], [2]],
      ]);
      const last = await store.range({ gte: bytes(1), lt: bytes(128), reverse: true, countMax: 2 });
      expect(plain(last)).toEqual([
        [[2], [3]],
        [[1, 255], [2]],
      ]);
      expect(await store.range({ gte: bytes(3), lt: bytes(2), countMax: 5 })).toEqual([]);
    });

    it('gives values that the caller may change', async () => {
      await store.batch([put(bytes(1), bytes(10))], { durable: false });
      (await store.get(bytes(1)))!.fill(99);
      (await store.range({ gte: bytes(1), lt: bytes(2), countMax: 1 }))[0]![1].fill(98);
      expect([...(await store.get(bytes(1)))!]).toEqual([10]);
    });

    it('keeps the rows of a moment in a snapshot', async () => {
      await store.batch([put(bytes(1), bytes(10)), put(bytes(2), bytes(20))], { durable: false });
      const snapshot = await store.snapshot();
      const changes = [put(bytes(1), bytes(11)), put(bytes(3), bytes(30))];
      await store.batch([...changes, { rowKey: bytes(2), erase: true }], { durable: true });
      const range = { gte: bytes(), lt: bytes(9), countMax: 10 };
      const before = [
        [[1], [10]],
        [[2], [20]],
      ];
      expect(plain(await snapshot.range(range))).toEqual(before);
      expect(plain(await snapshot.range({ ...range, countMax: 1 }))).toEqual(before.slice(0, 1));
      expect(plain(await snapshot.range({ ...range, reverse: true }))).toEqual(before.reverse());
      await snapshot.close();
      expect(plain(await store.range(range))).toEqual([
        [[1], [11]],
        [[3], [30]],
      ]);
    });

    it('has the same rows after a compaction, where it can be told to', async () => {
      if (store.compact === undefined) return;
      await store.batch([put(bytes(1), bytes(10)), put(bytes(2), bytes(20))], { durable: false });
      await store.batch([{ rowKey: bytes(1), erase: true }], { durable: true });
      await store.compact(bytes(1), bytes(2));
      expect(await store.get(bytes(1))).toBeUndefined();
      expect([...(await store.get(bytes(2)))!]).toEqual([20]);
    });

    it('refuses use after it is closed, with a code', async () => {
      await store.close();
      const closed = expect.objectContaining({ code: 'store_closed' });
      await expect(async () => await store.get(bytes(1))).rejects.toThrow(closed);
      await expect(store.batch([put(bytes(1), bytes(1))], { durable: true })).rejects.toThrow(
        closed,
      );
      await expect(store.range({ gte: bytes(), lt: bytes(9), countMax: 1 })).rejects.toThrow(
        closed,
      );
    });

    it('has everything after it is opened again, where it survives the process', async () => {
      if (subject.reopen === undefined) return;
      await store.batch([put(bytes(1), bytes(10))], { durable: false });
      await store.batch([put(bytes(2), bytes(20))], { durable: true });
      const again = await subject.reopen();
      expect([...(await again.get(bytes(1)))!, ...(await again.get(bytes(2)))!]).toEqual([10, 20]);
    });
  });
}
