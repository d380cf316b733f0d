/** Rows of the tree: whatever its history, the store holds the rows of a tree made at once. */
import type { IndexChange } from '@callbook/protocol';
import {
  applyIndexBatch,
  encodeIndexProof,
  proveIndexLabel,
  verifyIndexProof,
} from '@callbook/protocol';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';

import { IndexNodes } from '../../src/index/index-nodes.ts';
import { openLevelStore } from '../../src/store/level-store.ts';
import { memoryStore } from '../../src/store/memory-store.ts';
import type { Row, Store } from '../../src/store/store.ts';
import { indexNodes } from '../../src/store/row-keys.ts';
import { crypto, seedOf } from '../support/federation.ts';

async function apply(nodes: IndexNodes, store: Store, slices: readonly IndexChange[][]) {
  const tree = nodes.change();
  let root: Uint8Array = new Uint8Array(32);
  for (const changes of slices) {
    const read = await tree.load(changes.map(({ label }) => label));
    const applied = applyIndexBatch(changes, read, crypto);
    tree.add(applied);
    ({ root } = applied);
  }
  await store.batch(nodes.rowsOf(tree), { durable: false });
  nodes.adopt(tree);
  return root;
}

const rowsOf = (store: Store): Promise<Row[]> => store.range({ ...indexNodes(), countMax: 10_000 });

/** Labels that share their first bytes, so that small nodes grow large and shrink again. */
function labelOf(number: number): Uint8Array {
  const label = seedOf(`label ${number}`);
  label.set([0xab, 0xcd].slice(0, number % 3));
  return label;
}

const batches = fc.array(
  fc.array(fc.record({ number: fc.nat(80), state: fc.option(fc.nat(3), { freq: 2 }) }), {
    minLength: 1,
    maxLength: 40,
  }),
  { maxLength: 12 },
);

it('are those of the same tree made at once, by the same or a fresh reader', async () => {
  await fc.assert(
    fc.asyncProperty(batches, async (drawn) => {
      const store = memoryStore();
      let nodes = new IndexNodes(store);
      const state = new Map<number, IndexChange>();
      let root: Uint8Array = new Uint8Array(32);
      for (const [place, batch] of drawn.entries()) {
        const changes = new Map(
          batch.map(({ number, state: next }) => [
            number,
            { label: labelOf(number), stateHash: next === null ? null : seedOf(`state ${next}`) },
          ]),
        );
        for (const [number, change] of changes) state.set(number, change);
        const all = [...changes.values()];
        const middle = Math.floor(all.length / 2);
        root = await apply(nodes, store, [all.slice(0, middle), all.slice(middle)]);
        if (place % 2 === 0) nodes = new IndexNodes(store);
      }
      const once = memoryStore();
      const rootAtOnce = await apply(new IndexNodes(once), once, [[...state.values()]]);
      expect(root).toEqual(rootAtOnce);
      expect(await rowsOf(store)).toEqual(await rowsOf(once));
      for (const { label, stateHash } of state.values()) {
        const proof = encodeIndexProof(proveIndexLabel(label, nodes.read, crypto));
        expect(verifyIndexProof({ root, label, stateHash, proof }, crypto).verdict).toBe('accept');
      }
    }),
    { numRuns: 60 },
  );
});

it('are the same on disk, when labels come to nodes that were stored before', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'callbook-test-'));
  const store = await openLevelStore(folder, { cacheBytes: 1 << 20 });
  const changes = Array.from({ length: 400 }, (_, number) => {
    return { label: seedOf(`label ${number}`), stateHash: seedOf(`state ${number}`) };
  });
  let root: Uint8Array = new Uint8Array(32);
  for (let start = 0; start < changes.length; start += 50) {
    root = await apply(new IndexNodes(store), store, [changes.slice(start, start + 50)]);
  }
  const once = memoryStore();
  expect(root).toEqual(await apply(new IndexNodes(once), once, [changes]));
  expect(await rowsOf(store)).toEqual(await rowsOf(once));
  await store.close();
  await rm(folder, { recursive: true });
});
