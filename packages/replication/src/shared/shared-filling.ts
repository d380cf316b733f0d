/**
 * Makes the published rows of the shared database those of the writer's store, by comparing the two in the
 * order of their keys: what is the same is not written again, so that a database that was restored to
 * yesterday costs one reading and yesterday's changes. What changes meanwhile is in the outbox, and sent
 * after it.
 */
import { bytesEqual } from '@callbook/protocol';

import { filledRowsMax } from '../limits.ts';
import { sharedRows } from '../store/row-keys.ts';
import type { Row, RowChange, RowStore } from '../store/store.ts';

export interface Filling {
  readonly from: Pick<RowStore, 'range'>;
  readonly shared: Pick<RowStore, 'range'>;
  /** Writes some of what differs. */
  readonly write: (changes: readonly RowChange[]) => Promise<void>;
}

export async function fillShared(filling: Filling): Promise<void> {
  for (const { gte, lt } of sharedRows()) {
    for (let from = gte; ;) {
      const wanted = await filling.from.range({ gte: from, lt, countMax: filledRowsMax });
      const isLast = wanted.length < filledRowsMax;
      // Beyond the last row that we have read we know nothing; after the last page we do.
      const end = isLast ? lt : after(wanted.at(-1)![0]);
      const changes = await differences(filling, { gte: from, lt: end }, wanted);
      if (changes.length > 0) await filling.write(changes);
      if (isLast) break;
      from = end;
    }
  }
}

async function differences(
  { shared }: Filling,
  bounds: { readonly gte: Uint8Array; readonly lt: Uint8Array },
  wanted: readonly Row[],
): Promise<RowChange[]> {
  const missing = new Map(wanted.map(([rowKey, value]) => [rowKey.toHex(), { rowKey, value }]));
  const changes: RowChange[] = [];
  for (let from = bounds.gte; ;) {
    const found = await shared.range({ gte: from, lt: bounds.lt, countMax: filledRowsMax });
    for (const [rowKey, value] of found) {
      const name = rowKey.toHex();
      const here = missing.get(name);
      if (here === undefined) changes.push({ rowKey, erase: true });
      else if (bytesEqual(here.value, value)) missing.delete(name);
    }
    if (found.length < filledRowsMax) break;
    from = after(found.at(-1)![0]);
  }
  return [...changes, ...missing.values()];
}

/** The first key after one. */
function after(rowKey: Uint8Array): Uint8Array {
  const next = new Uint8Array(rowKey.length + 1);
  next.set(rowKey);
  return next;
}
