/** A store whose batches fail on demand, in both ways a disk can: not persisted, and persisted. */
import { memoryStore } from '../../src/store/memory-store.ts';
import type { Store } from '../../src/store/store.ts';

export type Fault = 'failed, not persisted' | 'failed, but persisted';

export interface FaultyStore extends Store {
  /** Makes the next durable batch fail. */
  failNext(fault: Fault): void;
}

export function faultyStore(inner: Store = memoryStore()): FaultyStore {
  let next: Fault | undefined;
  return {
    ...inner,
    failNext: (fault) => {
      next = fault;
    },
    async batch(changes, options) {
      if (next === undefined || !options.durable) return inner.batch(changes, options);
      const fault = next;
      next = undefined;
      if (fault === 'failed, but persisted') await inner.batch(changes, options);
      throw new Error(fault);
    },
    close: async () => {},
  };
}
