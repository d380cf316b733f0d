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
