/** When the vector goes to the store, and that the tree can be had again from an older one. */
import type { IndexChange, IndexRoot } from '@callbook/protocol';
import { applyIndexBatch } from '@callbook/protocol';
import { expect, it } from 'vitest';

import { parseIndexPosition } from '../../src/index/index-position.ts';
import { StoredTree } from '../../src/index/stored-tree.ts';
import { indexVectorLeavesMax } from '../../src/limits.ts';
import { systemScheduler } from '../../src/scheduler.ts';
import { memoryStore } from '../../src/store/memory-store.ts';
import { indexNodes, indexPositionKey } from '../../src/store/row-keys.ts';
import type { Store } from '../../src/store/store.ts';
import { crypto, seedOf } from '../support/federation.ts';

const changesOf = (first: number, count: number): IndexChange[] =>
  Array.from({ length: count }, (_, place) => {
    const label = seedOf(`label ${(first + place) % 900}`);
    // Below nodes that stay in memory.
    label.set([0xab, 0xcd]);
    return { label, stateHash: seedOf(`state ${first + place}`) };
  });

const vectorOf = (root: Uint8Array, size: number): IndexRoot => ({
  ruleset: 1,
  charter: seedOf('charter'),
  root,
  logs: [{ origin: 'alpha.test/log', size, root: seedOf(`log of ${size}`) }],
});

async function write(tree: StoredTree, store: Store, changes: IndexChange[], size: number) {
  const applied = await tree.apply(changes);
  const batch = tree.toWrite(applied, vectorOf(applied.root, size));
  await store.batch(batch.rows, { durable: false });
  tree.adopt(batch);
  return applied.root;
}

const openTree = (store: Store): StoredTree =>
  new StoredTree({ store, crypto, scheduler: systemScheduler });
const storedSize = (store: Store): number | undefined => {
  const row = store.get(indexPositionKey());
  return row && parseIndexPosition(row).logs[0]!.size;
};

it('writes the vector with small batches, and with large ones as often as leaves demand it', async () => {
  const store = memoryStore();
  const tree = openTree(store);
  const sizes: [size: number, labels: number, stored: number][] = [
    [300, 300, 300],
    [600, 300, 300],
    [601, 1, 601],
    [900, 299, 601],
    [601 + indexVectorLeavesMax, 300, 601 + indexVectorLeavesMax],
  ];
  for (const [size, labels, stored] of sizes) {
    await write(tree, store, changesOf(size, labels), size);
    expect(storedSize(store)).toBe(stored);
  }
});

it('is had again from an older vector, by the labels that have changed since', async () => {
  const store = memoryStore();
  const tree = openTree(store);
  await write(tree, store, changesOf(0, 300), 300);
  await write(tree, store, changesOf(300, 300), 600);
  const root = await write(tree, store, changesOf(500, 400), 900);
  expect(storedSize(store)).toBe(300);
  const again = openTree(store);
  again.begin(parseIndexPosition(store.get(indexPositionKey())!));
  const since = [...changesOf(300, 200), ...changesOf(500, 400)];
  expect(await write(again, store, since, 300 + indexVectorLeavesMax)).toEqual(root);
  const once = memoryStore();
  const all = [...changesOf(0, 300), ...since];
  expect(await write(openTree(once), once, all, 900)).toEqual(root);
  expect(applyIndexBatch(all, () => undefined, crypto).root).toEqual(root);
  const rows = { ...indexNodes(), countMax: 10_000 };
  expect(await store.range(rows)).toEqual(await once.range(rows));
});
