/**
 * Takes all rows of one moment together with the signed root of the index at that moment. The index
 * follows the view a moment later, so it is brought up to it within one turn of the writer, in which
 * nothing else is written.
 */
import { snapshotAttemptsMax } from '../limits.ts';
import type { BindingIndex } from '../index/binding-index.ts';
import type { StoreWriter } from '../store/store-writer.ts';
import type { Store, StoreSnapshot } from '../store/store.ts';

export interface OpenSnapshot {
  /** Signed note: the vector of logs that the rows were folded from, and the root of the index. */
  readonly root: string;
  /** The caller closes it. */
  readonly rows: StoreSnapshot;
}

/** Returns undefined while the index is being built, and while this member may sign nothing. */
export async function openSnapshot(
  index: BindingIndex,
  writer: StoreWriter,
  store: Store,
): Promise<OpenSnapshot | undefined> {
  for (let attempt = 0; attempt < snapshotAttemptsMax; attempt++) {
    if (index.signedRoot === undefined) return undefined;
    const opened = await writer.run(async (commit) => {
      if (!(await index.settleWithin(commit))) return undefined;
      const root = index.signedRoot;
      return root === undefined ? undefined : { root, rows: store.snapshot() };
    });
    if (opened !== undefined) return opened;
    // A batch of the index is under way and waits for the writer.
    await index.flushed();
  }
  return undefined;
}
