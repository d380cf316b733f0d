import { describe, expect, it } from 'vitest';

import { isSealedRow, sealRow } from '../../src/store/row-bytes.ts';
import { bindingKey, schemaKey } from '../../src/store/row-keys.ts';
import { memoryStore } from '../../src/store/memory-store.ts';
import { migrateStore, storeSchema } from '../../src/store/schema.ts';
import type { StoreLayout } from '../../src/store/schema.ts';
import type { Store } from '../../src/store/store.ts';

const body = Buffer.from('a binding as version 1 has written it');
const numbers = Array.from(
  { length: 5000 },
  (_nothing, n) => `tel:+4915${100_000_000 + n}` as const,
);

/** A store of version 1, which has no row that says so. */
async function oldStore(): Promise<Store> {
  const store = memoryStore();
  const rows = numbers.flatMap((number) => [
    { rowKey: bindingKey(number), value: body },
    { rowKey: bindingKey(number, 'api'), value: body },
  ]);
  await store.batch(rows, { durable: true });
  return store;
}

const versionOf = (store: Store): number[] => [...(store.get(schemaKey()) ?? [])];
const layout = (version: number, oldestReader: number, ran: number[] = []): StoreLayout => ({
  schema: { version, oldestReader },
  steps: Array.from({ length: version - 1 }, (_nothing, n) => ({
    to: n + 2,
    run: async () => await Promise.resolve(void ran.push(n + 2)),
  })),
});

describe('the version of the store', () => {
  it('is this one in a store that is new', async () => {
    const store = memoryStore();
    const steps: number[] = [];
    await migrateStore(store, (version) => steps.push(version));
    expect(steps).toEqual([]);
    expect(versionOf(store)).toEqual([
      0,
      0,
      0,
      storeSchema.version,
      0,
      0,
      0,
      storeSchema.oldestReader,
    ]);
  });

  it('is brought forward from a store without one: every binding gets its checksum', async () => {
    const store = await oldStore();
    const steps: number[] = [];
    await migrateStore(store, (version) => steps.push(version));
    expect(steps).toEqual([2]);
    for (const number of numbers)
      for (const visibility of ['dns', 'api'] as const)
        expect(store.get(bindingKey(number, visibility))).toEqual(new Uint8Array(sealRow(body)));
    await migrateStore(store, (version) => steps.push(version));
    expect(steps).toEqual([2]);
  });

  it('is brought forward again where the first time was cut short', async () => {
    const store = await oldStore();
    let left = 1;
    const failing: Store = {
      ...store,
      batch: async (changes, how) => {
        if (left-- <= 0) throw new Error('the disk is full');
        await store.batch(changes, how);
      },
    };
    await expect(migrateStore(failing)).rejects.toThrow('full');
    expect(store.get(schemaKey())).toBeUndefined();
    await migrateStore(store);
    for (const number of numbers) {
      const row = store.get(bindingKey(number))!;
      expect(isSealedRow(row)).toBe(true);
      expect(row.length).toBe(body.length + 4);
    }
  });

  it('is refused when it is newer and not for this code to read', async () => {
    const store = memoryStore();
    await migrateStore(store, undefined, layout(4, 4));
    await expect(migrateStore(store)).rejects.toMatchObject({
      code: 'store_newer',
      message: 'the store is of version 4, this program reads up to 2',
    });
    expect(versionOf(store)[3]).toBe(4);
  });

  it('goes back for older code that can read it, and forward again by the same steps', async () => {
    const store = memoryStore();
    await migrateStore(store, undefined, layout(2, 2));
    const ran: number[] = [];
    await migrateStore(store, undefined, layout(3, 2, ran));
    expect(ran).toEqual([3]);
    await migrateStore(store);
    expect(versionOf(store)[3]).toBe(2);
    await migrateStore(store, undefined, layout(3, 2, ran));
    expect(ran).toEqual([3, 3]);
  });
});
