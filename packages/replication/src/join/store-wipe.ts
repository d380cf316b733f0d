/** Empties a store of all that comes from logs and snapshots, and marks one that is being filled. */
import { wipeRowsMax } from '../limits.ts';
import { joiningKey, positions, replicatedRows } from '../store/row-keys.ts';
import type { Store } from '../store/store.ts';

/** True while a snapshot is being taken in; also when a crash has ended that. */
export function isMarked(store: Store): boolean {
  return store.get(joiningKey()) !== undefined;
}

/** From here on, and until `unmark`, what the store holds of logs and labels is worth nothing. */
export async function mark(store: Store): Promise<void> {
  const changes = [{ rowKey: joiningKey(), value: new Uint8Array(0) }];
  await store.batch(changes, { durable: true });
}

/** Durable: every batch before it is then on disk too. */
export async function unmark(store: Store): Promise<void> {
  await store.batch([{ rowKey: joiningKey(), erase: true }], { durable: true });
}

/** True when the store has nothing of any log. */
export async function isFresh(store: Store): Promise<boolean> {
  return (await store.range({ ...positions(), countMax: 1 })).length === 0;
}

/** Erases what logs and snapshots bring. What the member has promised, cosigned or convicted stays. */
export async function wipe(store: Store): Promise<void> {
  for (const bounds of replicatedRows()) {
    for (let erased = wipeRowsMax; erased === wipeRowsMax;) {
      const rows = await store.range({ ...bounds, countMax: wipeRowsMax });
      const changes = rows.map(([rowKey]) => ({ rowKey, erase: true }) as const);
      // If we crash meanwhile, the mark is there still and the rest is erased at the next start.
      await store.batch(changes, { durable: false });
      erased = rows.length;
    }
  }
}
