import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nodeCryptography as crypto } from '../../src/crypto/node.ts';
import { applyIndexBatch } from '../../src/index-tree/apply-batch.ts';
import type { IndexChange } from '../../src/index-tree/apply-batch.ts';
import { emptyIndexRoot } from '../../src/index-tree/index-hash.ts';
import { contentAt, parseIndexNode, slotHash } from '../../src/index-tree/index-node.ts';
import { bytes32, referenceRoot, StoredIndex } from './reference-index.ts';

/** Labels that share long beginnings, so that small trees are deep. */
const labels = fc
  .tuple(fc.constantFrom('', '00', 'ff', 'abcd', 'abcdef01'), fc.nat(40))
  .map(([head, seed]) => bytes32(`label ${seed}`, Uint8Array.fromHex(head)));

const changes = fc.array(fc.record({ label: labels, state: fc.option(fc.nat(5), { freq: 3 }) }), {
  maxLength: 60,
});

function changeOf({ label, state }: { label: Uint8Array; state: number | null }): IndexChange {
  return { label, stateHash: state === null ? null : bytes32(`state ${state}`) };
}

/** What is left in the tree after all changes in order. */
function leavesAfter(all: readonly IndexChange[]) {
  const last = new Map(all.map((change) => [change.label.toHex(), change]));
  return [...last.values()].flatMap(({ label, stateHash }) =>
    stateHash === null ? [] : [{ label, stateHash }],
  );
}

function inBatches(all: readonly IndexChange[], sizes: readonly number[]): StoredIndex {
  const index = new StoredIndex();
  let rest = all;
  for (const size of [...sizes, all.length]) {
    const batch = new Map(rest.slice(0, size).map((change) => [change.label.toHex(), change]));
    index.apply([...batch.values()]);
    rest = rest.slice(size);
  }
  return index;
}

function sortedRows({ rows }: StoredIndex): [string, Uint8Array][] {
  return [...rows].sort(([a], [b]) => (a < b ? -1 : 1));
}

describe('the index tree', () => {
  test('has the root of its definition, however its changes were split', () => {
    fc.assert(
      fc.property(changes, fc.array(fc.integer({ min: 1, max: 9 })), (drawn, sizes) => {
        const all = drawn.map(changeOf);
        const leaves = leavesAfter(all);
        expect(inBatches(all, sizes).root).toEqual(referenceRoot(leaves));
      }),
      { numRuns: 300 },
    );
  });

  test('has the same root and the same nodes for every order and history', () => {
    fc.assert(
      fc.property(changes, fc.array(fc.integer({ min: 1, max: 9 })), (drawn, sizes) => {
        const all = drawn.map(changeOf);
        const leaves = leavesAfter(all);
        const once = new StoredIndex().apply(leaves.toReversed());
        const stepwise = inBatches(all, sizes);
        expect(stepwise.root).toEqual(once.root);
        expect(sortedRows(stepwise)).toEqual(sortedRows(once));
      }),
      { numRuns: 300 },
    );
  });

  test('is empty, without nodes, when its last label goes', () => {
    const label = bytes32('label');
    const index = new StoredIndex().apply([{ label, stateHash: bytes32('state') }]);
    expect(index.rows.size).toBe(1);
    index.apply([{ label, stateHash: null }]);
    expect(index.root).toEqual(emptyIndexRoot());
    expect(index.rows.size).toBe(0);
  });

  test('writes nothing for a change that changes nothing', () => {
    const leaf = { label: bytes32('label'), stateHash: bytes32('state') };
    const { read, root } = new StoredIndex().apply([leaf]);
    const absent = { label: bytes32('other'), stateHash: null };
    const applied = applyIndexBatch([leaf, absent], read, crypto);
    expect(applied).toEqual({ root, written: new Map(), obsolete: [] });
  });

  test('shares the upper nodes of a batch: 1 000 updates of 20 000 labels write under 2 each', () => {
    const leaves = Array.from({ length: 20_000 }, (_, number) => ({
      label: bytes32(`label ${number}`),
      stateHash: bytes32('state'),
    }));
    const index = new StoredIndex().apply(leaves);
    const updates = leaves
      .slice(0, 1000)
      .map(({ label }) => ({ label, stateHash: bytes32('new state') }));
    const { written } = applyIndexBatch(updates, index.read, crypto);
    expect(written.size).toBeLessThan(2000);
    expect(index.apply(updates).root).toEqual(
      new StoredIndex().apply([...leaves.slice(1000), ...updates]).root,
    );
  });

  test('takes a label once in a batch', () => {
    const label = bytes32('label');
    const twice = [1, 2].map(() => ({ label, stateHash: bytes32('state') }));
    expect(() => applyIndexBatch(twice, () => undefined, crypto)).toThrow('a label changes once');
  });
});

describe('a stored node', () => {
  const leaves = Array.from({ length: 30 }, (_, number) => ({
    label: bytes32(`label ${number}`),
    stateHash: bytes32('state'),
  }));
  const { rows } = new StoredIndex().apply(leaves);
  const row = rows.get('')!;

  test('has the hash that the slot above it holds', () => {
    for (const [path, bytes] of rows) {
      const node = parseIndexNode(bytes, path);
      if (node.verdict !== 'accept') throw new Error(node.message);
      const below = leaves.filter(({ label }) => label.toHex().startsWith(path));
      expect(slotHash(contentAt(node.value, 1, crypto), crypto)).toEqual(
        referenceRoot(below, 4 * path.length),
      );
    }
  });

  test.each([
    ['shorter than its head', row.slice(0, 3)],
    ['cut', row.slice(0, -1)],
    ['followed by a byte', Uint8Array.of(...row, 0)],
    ['with a slot that is leaf and branch', row.with(0, 0xff)],
    ['without leaves', new Uint8Array(4)],
  ])('is refused %s', (_, bytes) => {
    expect(parseIndexNode(bytes, '')).toMatchObject({ code: 'index_node_malformed' });
  });

  test('is refused at another path, or with one leaf below the top', () => {
    const [path, bytes] = [...rows].find(([name]) => name !== '')!;
    const elsewhere = path === '0' ? '1' : '0';
    expect(parseIndexNode(bytes, elsewhere)).toMatchObject({ code: 'index_node_malformed' });
    const alone = new StoredIndex().apply(leaves.slice(0, 1)).rows.get('')!;
    expect(parseIndexNode(alone, '').verdict).toBe('accept');
    expect(parseIndexNode(alone, '0')).toMatchObject({ code: 'index_node_malformed' });
  });

  test('parses or is refused, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        parseIndexNode(bytes, '');
      }),
    );
  });
});
