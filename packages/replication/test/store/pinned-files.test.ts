import { cp, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { openLevelStore } from '../../src/store/level-store.ts';
import type { LevelStore } from '../../src/store/level-store.ts';
import type { Row, RowChange, Store } from '../../src/store/store.ts';
import { isTableSound } from '../../src/store/table-checksums.ts';

/** Small, so that tables are written and compacted all the time. */
const options = { cacheBytes: 1 << 20, writeBufferBytes: 64 << 10 };
const rowsAtOnce = 64;

let folder: string;
let store: LevelStore;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'callbook-pin-'));
  store = await openLevelStore(join(folder, 'store'), options);
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

const key = (n: number): Uint8Array => {
  const bytes = Buffer.alloc(5, 'r');
  bytes.writeUInt32BE(n, 1);
  return new Uint8Array(bytes);
};
const countKey = Uint8Array.of(1);

/** Writes rows that are scattered, and in the same batch how many batches there have been. */
function batchOf(number: number): RowChange[] {
  const rows = Array.from({ length: rowsAtOnce }, (_nothing, n) => ({
    rowKey: key(((number * rowsAtOnce + n) * 7919) % 20_000),
    value: Buffer.alloc(100, number),
  }));
  return [...rows, { rowKey: countKey, value: Uint8Array.of(number >> 8, number & 255) }];
}

function countIn(rows: Pick<Store, 'get'>): number {
  const [high, low] = rows.get(countKey) ?? [0, 0];
  return high! * 256 + low!;
}

async function allRows(of: Store): Promise<Row[]> {
  return await of.range({
    gte: new Uint8Array(0),
    lt: Uint8Array.of(255),
    countMax: 100_000,
  });
}

it('copies the rows of one moment while batches are written and compacted', async () => {
  let written = 0;
  const done = new AbortController();
  const writing = (async () => {
    while (!done.signal.aborted) await store.batch(batchOf(++written), { durable: false });
  })();
  for (let copy = 0; copy < 8; copy += 1) {
    const [pinned, opened] = [join(folder, `pin-${copy}`), join(folder, `copy-${copy}`)];
    let countThen = 0;
    const files = await store.pin(pinned, () => (countThen = countIn(store)));
    // Whoever copies comes later, when the files that grow have grown.
    await store.batch(batchOf(++written), { durable: false });
    await cp(pinned, opened, { recursive: true });
    for (const { name, size } of files) await truncate(join(opened, name), size);
    // A table that a compaction is writing would look like one that the disk has damaged.
    const tables = files.filter(({ name }) => name.endsWith('.ldb'));
    for (const { name } of tables) {
      expect(isTableSound(await readFile(join(opened, name)))).toBe(true);
    }
    const copied = await openLevelStore(opened, options);
    expect(countIn(copied)).toBe(countThen);
    const expected = new Map<string, number>();
    for (let number = 1; number <= countThen; number += 1)
      for (const change of batchOf(number))
        if ('value' in change && change.rowKey.length > 1)
          expected.set(Buffer.from(change.rowKey).toString('hex'), number & 255);
    const rows = (await allRows(copied)).filter(([rowKey]) => rowKey.length > 1);
    expect(rows.length).toBe(expected.size);
    expect(
      rows.filter(
        ([rowKey, value]) => expected.get(Buffer.from(rowKey).toString('hex')) !== value[0],
      ),
    ).toEqual([]);
    await copied.close();
  }
  done.abort();
  await writing;
  expect(written).toBeGreaterThan(16);
}, 120_000);

it('links nothing that does not belong to the store', async () => {
  await store.batch(batchOf(1), { durable: true });
  // As a compaction leaves it that has not ended.
  await writeFile(join(folder, 'store/999999.ldb'), 'half a table');
  const into = join(folder, 'pin');
  const files = await store.pin(into, () => undefined);
  expect(files.map(({ name }) => name).sort()).toEqual((await readdir(into)).sort());
  expect(files.map(({ name }) => name)).toContain('CURRENT');
  expect(files.map(({ name }) => name)).not.toContain('999999.ldb');
  expect(files.some(({ name }) => name === 'LOCK' || name === 'LOG')).toBe(false);
});
