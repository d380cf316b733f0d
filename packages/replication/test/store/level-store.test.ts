import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { openLevelStore } from '../../src/store/level-store.ts';
import type { StoreUnderTest } from './acceptance.ts';
import { acceptStore } from './acceptance.ts';

const options = { cacheBytes: 1024 * 1024 };

async function openInTemporaryFolder(): Promise<StoreUnderTest> {
  const path = await mkdtemp(join(tmpdir(), 'callbook-store-'));
  let store = await openLevelStore(path, options);
  return {
    store,
    reopen: async () => {
      await store.close();
      store = await openLevelStore(path, options);
      return store;
    },
    dispose: async () => {
      await store.close();
      await rm(path, { recursive: true });
    },
  };
}

acceptStore('level', openInTemporaryFolder);

it('says with a code that a store cannot be opened', async () => {
  const path = await mkdtemp(join(tmpdir(), 'callbook-store-'));
  await writeFile(join(path, 'file'), '');
  await expect(openLevelStore(join(path, 'file'), options)).rejects.toThrow(
    expect.objectContaining({ code: 'store_unavailable' }),
  );
  await rm(path, { recursive: true });
});

it('refuses a folder that another store has open', async () => {
  const path = await mkdtemp(join(tmpdir(), 'callbook-store-'));
  const store = await openLevelStore(path, options);
  await expect(openLevelStore(path, options)).rejects.toThrow(
    expect.objectContaining({ code: 'store_in_use' }),
  );
  await store.close();
  await rm(path, { recursive: true });
});

describe('a store whose files are damaged', () => {
  let path: string;
  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), 'callbook-store-'));
    const store = await openLevelStore(path, options);
    const rows = Array.from({ length: 2000 }, (_nothing, n) => ({
      rowKey: Buffer.from(`row ${n}`),
      value: Buffer.alloc(64, n),
    }));
    await store.batch(rows, { durable: true });
    // Into a table.
    await store.compact(Uint8Array.of(0), Uint8Array.of(255));
    await store.close();
  });
  afterEach(async () => await rm(path, { recursive: true }));

  const damaged = expect.objectContaining({ code: 'store_damaged' });
  const file = async (pattern: RegExp): Promise<string> =>
    join(
      path,
      (await readdir(path)).find((name) => pattern.test(name))!,
    );
  const tables = async (): Promise<number> =>
    (await readdir(path)).filter((name) => name.endsWith('.ldb')).length;

  it('is not opened with a manifest that was cut', async () => {
    await truncate(await file(/^MANIFEST/), 20);
    await expect(openLevelStore(path, options)).rejects.toThrow(damaged);
  });

  it('is not opened without a table that the manifest names', async () => {
    await rm(await file(/\.ldb$/));
    await expect(openLevelStore(path, options)).rejects.toThrow(damaged);
  });

  it('is not taken for a new one, and emptied, where CURRENT is lost', async () => {
    const count = await tables();
    expect(count).toBeGreaterThan(0);
    await rm(join(path, 'CURRENT'));
    await expect(openLevelStore(path, options)).rejects.toThrow(damaged);
    expect(await tables()).toBe(count);
  });

  it('says so when a table cannot be read', async () => {
    const table = await file(/\.ldb$/);
    const bytes = await readFile(table);
    // The footer, without which nothing in the table is found.
    bytes.fill(0, bytes.length - 48);
    await writeFile(table, bytes);
    const opening = openLevelStore(path, options).then((store) => store.get(Buffer.from('row 1')));
    await expect(opening).rejects.toThrow(damaged);
  });
});

describe('a store whose write-ahead log is damaged', () => {
  const batches = 400;
  const keyOf = (n: number): Uint8Array => Buffer.from(`row ${n}`);
  let path: string;
  /** Of the log that the next opening replays. */
  let log: string;
  let bytes: Buffer;

  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), 'callbook-store-'));
    const store = await openLevelStore(path, options);
    // Some records in several parts, so that they go over the ends of blocks.
    for (let n = 0; n < batches; n += 1) {
      const value = Buffer.alloc(n % 50 === 0 ? 40_000 : 500, n);
      await store.batch([{ rowKey: keyOf(n), value }], { durable: n === batches - 1 });
    }
    await store.close();
    log = join(
      path,
      (await readdir(path)).find((name) => name.endsWith('.log'))!,
    );
    bytes = await readFile(log);
    expect(bytes.length).toBeGreaterThan(batches * 500);
  });
  afterEach(async () => await rm(path, { recursive: true }));

  const damaged = expect.objectContaining({ code: 'store_damaged' });
  const open = async () => await openLevelStore(path, options);

  /** How many batches are there: none may be missing before one that is. */
  async function countInOrder(): Promise<number> {
    const store = await open();
    const there = Array.from(
      { length: batches },
      (_nothing, n) => store.get(keyOf(n)) !== undefined,
    );
    await store.close();
    const count = there.indexOf(false) === -1 ? batches : there.indexOf(false);
    expect(there.slice(count)).not.toContain(true);
    return count;
  }

  it('has all batches where nothing is wrong, at the second opening too', async () => {
    expect(await countInOrder()).toBe(batches);
    expect(await countInOrder()).toBe(batches);
  });

  it('is not opened without a batch in the middle: any byte that is another is noticed', async () => {
    for (const part of [0.001, 0.2, 0.41, 0.63, 0.8]) {
      const changed = Buffer.from(bytes);
      changed[Math.floor(bytes.length * part)]! ^= 16;
      await writeFile(log, changed);
      await expect(open()).rejects.toThrow(damaged);
    }
    await writeFile(log, bytes);
    expect(await countInOrder()).toBe(batches);
  });

  it('is not opened with a block of zeros before others, or without a block', async () => {
    await writeFile(log, Buffer.from(bytes).fill(0, 32_768, 65_536));
    await expect(open()).rejects.toThrow(damaged);
    await writeFile(log, Buffer.concat([bytes.subarray(0, 32_768), bytes.subarray(65_536)]));
    await expect(open()).rejects.toThrow(damaged);
    // What is before the first record that is left is missed by its number.
    await writeFile(log, bytes.subarray(32_768 * 2));
    await expect(open()).rejects.toThrow(damaged);
  });

  it('is not opened when the log is gone', async () => {
    await rm(log);
    await expect(open()).rejects.toThrow(damaged);
  });

  it.each([1, 7, 300, 33_000])(
    'ends earlier where a crash has cut the last %i bytes',
    async (cut) => {
      await truncate(log, bytes.length - cut);
      const count = await countInOrder();
      expect(count).toBeGreaterThan(300);
      expect(count).toBeLessThan(batches);
    },
  );

  it('ends earlier where a crash has left zeros at the end', async () => {
    await writeFile(log, Buffer.from(bytes).fill(0, bytes.length - 10_000));
    expect(await countInOrder()).toBeGreaterThan(300);
  });
});
