/**
 * A member's store as large as one of a federation of three with that many bindings. Bindings are told in
 * DNS, so they are rows like any; what nobody reads in this bench, labels, entries and logs, has the sizes
 * that a registration leaves, in a family of rows that no member looks at.
 */
import { randomFillSync } from 'node:crypto';
import { memoryStore } from '@callbook/replication';
import type { Row, RowChange, Store } from '@callbook/replication';
import { fillWithNumbers } from './dns-zone.ts';
import { logAll, openSyntheticReplica, SyntheticHolder } from './synthetic-federation.ts';

const memberCount = 3;
const numbersAtOnce = 2048;
const leavesInBundle = 256;

/** Adds numbers 0 to `numberCount` - 1 to the store of a member that does not run. */
export async function fillMemberStore(store: Store, numberCount: number): Promise<void> {
  const { scattered, leafBytes } = await sizesOfRegistration();
  const registered = memoryStore();
  await using replica = await openSyntheticReplica('alpha', registered, { memberCount: 1 });
  await fillWithNumbers(numberCount, { store, replica, registered });
  for (let from = 0; from < numberCount; from += numbersAtOnce) {
    const count = Math.min(numbersAtOnce, numberCount - from);
    const rows = Array.from({ length: count }, () => scattered.map(scatteredRow)).flat();
    await store.batch([...rows, ...bundleRows(from, count, leafBytes)], { durable: false });
  }
}

/** Bytes of the rows that a registration leaves beside its binding, and of its leaf. */
async function sizesOfRegistration(): Promise<{ scattered: number[]; leafBytes: number }> {
  const store = memoryStore();
  await using replica = await openSyntheticReplica('alpha', store, { memberCount: 1 });
  const before = new Set((await allRows(store)).map(([rowKey]) => textOf(rowKey)));
  await logAll(replica, [await new SyntheticHolder(0).register()], 'challenged');
  await replica.settleIndex();
  const page = await replica.page(replica.origin, 0);
  const leafBytes = Math.max(...page!.leaves.map((leaf) => leaf.length));
  const rows = (await allRows(store)).filter(([rowKey]) => !before.has(textOf(rowKey)));
  // Labels, entries and owner names, and the node of the index.
  const scattered = rows.filter(([rowKey]) => 'heon'.includes(textOf(rowKey)[0]!));
  return { scattered: scattered.map(([rowKey, value]) => rowKey.length + value.length), leafBytes };
}

async function allRows(store: Store): Promise<Row[]> {
  const everything = { gte: new Uint8Array(0), lt: Uint8Array.of(255) };
  return await store.range({ ...everything, countMax: 100_000 });
}

function textOf(rowKey: Uint8Array): string {
  return Buffer.from(rowKey).toString('latin1');
}

const keyBytes = 34;

/** Keys are hashes: such a row lies anywhere. */
function scatteredRow(size: number): RowChange {
  const bytes = randomFillSync(new Uint8Array(Math.max(size, keyBytes + 1)));
  bytes.set(Buffer.from('zz'));
  return { rowKey: bytes.subarray(0, keyBytes), value: bytes.subarray(keyBytes) };
}

/** Every member's log has the leaf. */
function bundleRows(from: number, count: number, leafBytes: number): RowChange[] {
  const rows: RowChange[] = [];
  for (let log = 0; log < memberCount; log += 1) {
    for (let first = from; first < from + count; first += leavesInBundle) {
      const rowKey = Buffer.from(`zy${log} ${String(first).padStart(12, '0')}`);
      rows.push({ rowKey, value: randomFillSync(new Uint8Array(leavesInBundle * leafBytes)) });
    }
  }
  return rows;
}
