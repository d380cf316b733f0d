/**
 * Bindings for a thread that only looks them up, beside the one that has the replica: the same database
 * of the same process. A module of its own, so that such a thread does not load the network.
 */
import { openLevelStore } from './store/level-store.ts';
import { Bindings } from './view/bindings.ts';

export { openSealedRow, sealRow } from './store/row-bytes.ts';
export { bindingKey } from './store/row-keys.ts';

export interface BindingsReader extends AsyncDisposable {
  /** What is committed is seen at once. */
  readonly bindings: Bindings;
}

/** Opens the store in a folder that the replica's thread has open with `sharedByThreads`. Errors: `store_unavailable`. */
export async function openBindingsReader(folder: string): Promise<BindingsReader> {
  // The database has the cache with which it was opened first.
  const store = await openLevelStore(folder, {
    cacheBytes: 1 << 20,
    sharedByThreads: true,
    isOpenElsewhere: true,
  });
  return {
    bindings: new Bindings(store),
    [Symbol.asyncDispose]: async () => await store.close(),
  };
}
