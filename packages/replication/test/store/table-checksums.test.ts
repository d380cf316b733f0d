import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';

import { openLevelStore } from '../../src/store/level-store.ts';
import { uncompressSnappy } from '../../src/store/snappy.ts';
import { isTableSound, tableBlocks } from '../../src/store/table-checksums.ts';

/** The tables that LevelDB makes of rows of many sizes, of which every second does not compress. */
async function tablesOf(rowCount: number): Promise<Uint8Array[]> {
  const path = await mkdtemp(join(tmpdir(), 'callbook-tables-'));
  const store = await openLevelStore(path, { cacheBytes: 1 << 20 });
  const rows = Array.from({ length: rowCount }, (_nothing, n) => ({
    rowKey: Buffer.from(`row ${String(n).padStart(7, '0')}`),
    value: n % 2 === 0 ? randomBytes((n * 37) % 500) : Buffer.alloc((n * 37) % 500, n),
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
  expect(tables.every((table) => isTableSound(table))).toBe(true);
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
}, 120_000);

it('reads the blocks of a table as they were before they were compressed', async () => {
  const tables = await tablesOf(3000);
  const blocks = tables.flatMap((table) => tableBlocks(table)!);
  const plain = Buffer.concat(blocks);
  expect(tables.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(plain.length * 0.6);
  for (const n of [7, 1501, 2999]) {
    expect(plain.includes(Buffer.alloc((n * 37) % 500, n))).toBe(true);
  }
  expect(tableBlocks(tables[0]!.subarray(1))).toBeUndefined();
});

it.each([
  ['', 'ends early'],
  ['05', 'shorter'],
  ['0110616263', 'ends early'],
  ['02086162', 'ends early'],
  ['020861626364', 'longer'],
  ['ffffffff0f', 'larger'],
  ['05006105', 'ends early'],
  ['0500610500', 'not there'],
  ['0500610502', 'not there'],
  ['05006112', 'ends early'],
  ['0300610501', 'not there'],
])('does not read %s, which is not whole', (hex, message) => {
  expect(() => uncompressSnappy(Uint8Array.fromHex(hex))).toThrow(message);
});

it.each([
  ['00', ''],
  ['0308616263', 'abc'],
  ['03f002616263', 'abc'],
  ['03f40200616263', 'abc'],
  ['080c616263640104', 'abcdabcd'],
  ['060061120100', 'aaaaaa'],
  ['06086162630b03000000', 'abcabc'],
])('reads %s as %s', (hex, text) => {
  expect(Buffer.from(uncompressSnappy(Uint8Array.fromHex(hex))).toString('latin1')).toBe(text);
});
