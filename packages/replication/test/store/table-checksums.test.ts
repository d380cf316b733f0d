import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';

import { openLevelStore } from '../../src/store/level-store.ts';
import { isTableSound } from '../../src/store/table-checksums.ts';

/** The tables that LevelDB makes of rows of many sizes. */
async function tablesOf(rowCount: number): Promise<Uint8Array[]> {
  const path = await mkdtemp(join(tmpdir(), 'callbook-tables-'));
  const store = await openLevelStore(path, { cacheBytes: 1 << 20 });
  const rows = Array.from({ length: rowCount }, (_nothing, n) => ({
    rowKey: Buffer.from(`row ${String(n).padStart(7, '0')}`),
    value: Buffer.alloc((n * 37) % 500, n),
  }));
  await store.batch(rows, { durable: true });
  await store.compact(Uint8Array.of(0), Uint8Array.of(255));
  await store.close();
  const names = (await readdir(path)).filter((name) => name.endsWith('.ldb'));
  const tables = await Promise.all(names.map(async (name) => await readFile(join(path, name))));
  await rm(path, { recursive: true });
  return tables;
}

it('finds the tables sound that LevelDB has written', async () => {
  const tables = await tablesOf(30_000);
  expect(tables.length).toBeGreaterThan(2);
  expect(tables.every(isTableSound)).toBe(true);
});

it('finds every changed bit in the blocks of a table, and a table that was cut', async () => {
  const [table] = await tablesOf(40);
  // Behind the blocks are the footer, whose padding means nothing, and its magic number.
  const blocksEnd = table!.length - 48;
  for (let bit = 0; bit < blocksEnd * 8; bit += 1) {
    const changed = table!.slice();
    changed[bit >> 3]! ^= 1 << (bit & 7);
    expect(isTableSound(changed)).toBe(false);
  }
  for (let size = 0; size < table!.length; size += 7)
    expect(isTableSound(table!.subarray(0, size))).toBe(false);
}, 30_000);
