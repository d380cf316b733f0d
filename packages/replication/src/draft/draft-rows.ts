/**
 * The draft in the store: the charter that it follows, the words by which it was begun again, proofs
 * of forks, and the changes in the order in which they were taken in. Everything is signed, so what
 * is read back is taken in like what a peer sends.
 */
import { DirectoryError, encodeCbor, parseCbor } from '@callbook/protocol';

import type { ReplicationErrorCode } from '../errors.ts';
import { draftChangesMax } from '../limits.ts';
import { draftKey, draftRows } from '../store/row-keys.ts';
import type { RowChange, Store } from '../store/store.ts';
import type { DraftFork } from './charter-draft.ts';

export interface StoredDraft {
  readonly base: Uint8Array | undefined;
  readonly discards: readonly Uint8Array[];
  readonly forks: readonly DraftFork[];
  readonly changes: readonly Uint8Array[];
}

/** 16 members' words, forks and changes. */
const rowsMax = 16 * (draftChangesMax + 2) + 1;

export async function readStoredDraft(store: Store): Promise<StoredDraft> {
  const rows = await store.range({ ...draftRows(), countMax: rowsMax });
  const of = (kind: DraftRowKind): Uint8Array[] =>
    rows.filter(([rowKey]) => rowKey[1] === kind.charCodeAt(0)).map(([, value]) => value);
  return {
    base: of('b')[0],
    discards: of('d'),
    forks: of('f').map(parseForkRow),
    changes: of('c'),
  };
}

/** Base, word, fork, change. */
type DraftRowKind = 'b' | 'd' | 'f' | 'c';

/** The rows of a whole draft, in the place of those that are there. */
export async function replacingRows(store: Store, draft: StoredDraft): Promise<RowChange[]> {
  const old = await store.range({ ...draftRows(), countMax: rowsMax });
  const rows: { readonly rowKey: Uint8Array; readonly value: Uint8Array }[] = [
    ...(draft.base === undefined ? [] : [{ rowKey: draftKey('b', 0), value: draft.base }]),
    ...draft.discards.map((value, index) => ({ rowKey: draftKey('d', index), value })),
    ...draft.forks.map((fork, index) => ({
      rowKey: draftKey('f', index),
      value: encodeCbor(fork),
    })),
    ...draft.changes.map((value, index) => changeRow(index, value)),
  ];
  const kept = new Set(rows.map(({ rowKey }) => rowKey.toHex()));
  const gone = old.filter(([rowKey]) => !kept.has(rowKey.toHex()));
  return [...gone.map(([rowKey]) => ({ rowKey, erase: true }) as const), ...rows];
}

/** The row of the change that was taken in as number `index`, from 0. */
export function changeRow(
  index: number,
  value: Uint8Array,
): { readonly rowKey: Uint8Array; readonly value: Uint8Array } {
  return { rowKey: draftKey('c', index), value };
}

function parseForkRow(row: Uint8Array): DraftFork {
  const parsed = parseCbor(row);
  const fork = parsed.verdict === 'accept' && Array.isArray(parsed.value) ? parsed.value : [];
  const [a, b] = fork as readonly unknown[];
  if (a instanceof Uint8Array && b instanceof Uint8Array) return [a, b];
  throw new DirectoryError<ReplicationErrorCode>('store_corrupt', 'a fork in the store is no pair');
}
