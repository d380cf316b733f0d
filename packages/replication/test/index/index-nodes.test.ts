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

import { IndexNodes, neededOf } from '../../src/index/index-nodes.ts';
import { openLevelStore } from '../../src/store/level-store.ts';
import { memoryStore } from '../../src/store/memory-store.ts';
import type { Row, Store } from '../../src/store/store.ts';
import { indexNodes } from '../../src/store/row-keys.ts';
import { crypto, seedOf } from '../support/federation.ts';

async function apply(
  nodes: IndexNodes,
  store: Store,
  slices: readonly IndexChange[][],
  canWait = false,
) {
  const tree = nodes.change();
  let root: Uint8Array = new Uint8Array(32);
  for (const changes of slices) {
    const read = await tree.load(changes.map(({ label }) => label));
    const applied = applyIndexBatch(changes, read, crypto);
    tree.add(applied);
    ({ root } = applied);
  }
  const which = neededOf(tree, canWait);
  await store.batch(nodes.rowsOf(tree, which), { durable: false });
  nodes.adopt(tree, which);
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

it('are those of the same tree after crashes, when the labels since the last whole one change again', async () => {
  const scripts = fc.array(
    fc.record({
      changes: batches.filter((drawn) => drawn.length > 0),
      ends: fc.constantFrom('wait', 'crash', 'write'),
    }),
    { maxLength: 6 },
  );
  await fc.assert(
    fc.asyncProperty(scripts, async (script) => {
      const store = memoryStore();
      let nodes = new IndexNodes(store);
      const state = new Map<number, IndexChange>();
      const since = new Set<number>();
      const write = async (numbers: Iterable<number>, canWait: boolean): Promise<Uint8Array> => {
        const changes = Array.from(numbers, (number) => state.get(number)!);
        const middle = Math.floor(changes.length / 3);
        const slices = [changes.slice(middle), changes.slice(0, middle)];
        return apply(nodes, store, slices, canWait);
      };
      for (const { changes, ends } of script) {
        for (const batch of changes) {
          const drawn = new Map(batch.map(({ number, state: next }) => [number, next]));
          for (const [number, next] of drawn) {
            const stateHash = next === null ? null : seedOf(`state ${next}`);
            state.set(number, { label: labelOf(number), stateHash });
            since.add(number);
          }
          await write(drawn.keys(), true);
        }
        if (ends === 'crash') nodes = new IndexNodes(store);
        if (ends === 'wait') continue;
        // In two batches, the first of which lacks labels that the nodes below have already.
        const again = [...since];
        await write(again.slice(0, again.length / 2), true);
        await write(again.slice(again.length / 2), false);
        since.clear();
      }
      const root = await write(since, false);
      const once = memoryStore();
      const rootAtOnce = await apply(new IndexNodes(once), once, [[...state.values()]]);
      expect(await rowsOf(store)).toEqual(await rowsOf(once));
      expect(root).toEqual(rootAtOnce);
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
