/**
 * The store in memory, for tests and simulation: the same promises as the one on disk, except that
 * nothing survives the process. Keys are kept as strings of one character a byte, whose order is
 * the order of the bytes.
 */
import { DirectoryError } from '@callbook/protocol';

import type { ReplicationErrorCode } from '../errors.ts';
import type { Row, RowChange, RowRange, Store } from './store.ts';

/** Opens an empty store in memory. */
export function memoryStore(): Store {
  const rows = new Map<string, Uint8Array>();
  // Sorted keys, made again by the first range after keys have come or gone.
  let sortedKeys: string[] | undefined = [];
  let open = true;

  function assertOpen(): void {
    if (open) return;
    throw new DirectoryError<ReplicationErrorCode>('store_closed', 'the store is closed');
  }

  function get(rowKey: Uint8Array): Uint8Array | undefined {
    assertOpen();
    return rows.get(textOf(rowKey))?.slice();
  }

  function apply(change: RowChange): void {
    const text = textOf(change.rowKey);
    if ('erase' in change) {
      if (rows.delete(text)) sortedKeys = undefined;
    } else {
      if (!rows.has(text)) sortedKeys = undefined;
      rows.set(text, change.value.slice());
    }
  }

  return {
    get,
    getMany: (rowKeys) => deferred(() => rowKeys.map(get)),
    batch: (changes) =>
      deferred(() => {
        assertOpen();
        changes.forEach(apply);
      }),
    range: (range) =>
      deferred(() => {
        assertOpen();
        sortedKeys ??= [...rows.keys()].sort();
        return selectRows(rows, sortedKeys, range);
      }),
    snapshot: () => {
      assertOpen();
      const frozen = new Map(rows);
      const frozenKeys = [...frozen.keys()].sort();
      return {
        range: (range) => deferred(() => selectRows(frozen, frozenKeys, range)),
        close: () => deferred(() => frozen.clear()),
      };
    },
    compact: () => deferred(assertOpen),
    close: () =>
      deferred(() => {
        open = false;
      }),
  };
}

/** Runs in this turn, answers in a later one, and turns a throw into a rejection. */
async function deferred<T>(run: () => T): Promise<T> {
  return run();
}

function selectRows(
  rows: ReadonlyMap<string, Uint8Array>,
  sortedKeys: readonly string[],
  { gte, lt, reverse, countMax }: RowRange,
): Row[] {
  const from = firstAtOrAfter(sortedKeys, textOf(gte));
  const to = Math.max(from, firstAtOrAfter(sortedKeys, textOf(lt)));
  const selected =
    reverse === true
      ? sortedKeys.slice(Math.max(from, to - countMax), to).reverse()
      : sortedKeys.slice(from, Math.min(to, from + countMax));
  return selected.map((text) => [
    new Uint8Array(Buffer.from(text, 'latin1')),
    rows.get(text)!.slice(),
  ]);
}

function firstAtOrAfter(sortedKeys: readonly string[], text: string): number {
  let low = 0;
  let high = sortedKeys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sortedKeys[middle]! < text) low = middle + 1;
    else high = middle;
  }
  return low;
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
