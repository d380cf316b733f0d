/** A store whose batches fail on demand, in both ways a disk can: not persisted, and persisted. */
import { memoryStore } from '../../src/store/memory-store.ts';
import type { RowChange, Store } from '../../src/store/store.ts';

export type Fault = 'failed, not persisted' | 'failed, but persisted';

export interface FaultyStore extends Store {
  /** Makes the next durable batch fail. */
  failNext(fault: Fault): void;
  /** Makes the next batch with a row of this family fail, durable or not, after `skip` of them. */
  failNextOf(fault: Fault, family: string, skip?: number): void;
}

interface AwaitedFault {
  readonly fault: Fault;
  readonly family?: string;
  /** Batches that are let through first. */
  readonly skip?: number;
}

export function faultyStore(inner: Store = memoryStore()): FaultyStore {
  let next: AwaitedFault | undefined;
  return {
    ...inner,
    failNext: (fault) => {
      next = { fault };
    },
    failNextOf: (fault, family, skip = 0) => {
      next = { fault, family, skip };
    },
    async batch(changes, options) {
      if (next === undefined || !isAwaited(next, changes, options)) {
        return inner.batch(changes, options);
      }
      const { fault, skip = 0 } = next;
      if (skip > 0) {
        next = { ...next, skip: skip - 1 };
        return inner.batch(changes, options);
      }
      next = undefined;
      if (fault === 'failed, but persisted') await inner.batch(changes, options);
      throw new Error(fault);
    },
    close: async () => {},
  };
}

function isAwaited(
  { family }: AwaitedFault,
  changes: readonly RowChange[],
  { durable }: { readonly durable: boolean },
): boolean {
  if (family === undefined) return durable;
  return changes.some(({ rowKey }) => rowKey[0] === family.codePointAt(0));
}
