/**
 * Charters in the store: the notes that came after the pinned ones, a row for each version, the first one,
 * by which a store is known to be of another federation, and one row that says how far the member has come with them. A note is stored as soon as it is verified;
 * its version is in force here from the row on, and the view is folded by it when the row says so.
 */
import type { RowChange, Store } from '../store/store.ts';
import { charterKey, charterProgressKey } from '../store/row-keys.ts';
import { RowReader, RowWriter } from '../store/row-bytes.ts';

export interface CharterProgress {
  /** Newest version that has taken effect here; a clock that goes back does not undo it. */
  readonly adopted: number;
  /** Newest version by which every label of the view has been folded. */
  readonly folded: number;
}

export function storedNote(store: Store, version: number): string | undefined {
  const row = store.get(charterKey(version));
  return row === undefined ? undefined : Buffer.from(row).toString();
}

export function noteRow(version: number, note: string): RowChange {
  return { rowKey: charterKey(version), value: Buffer.from(note) };
}

/** Keeps the note of version 1, where it is not yet: from then on the store opens for this federation alone. */
export async function keepFounding(store: Store, note: string): Promise<void> {
  if (storedNote(store, 1) === undefined) await store.batch([noteRow(1, note)], { durable: true });
}

/** Before the first later charter there is no row: everything was folded by version 1. */
export function readProgress(store: Store): CharterProgress {
  const row = store.get(charterProgressKey());
  if (row === undefined) return { adopted: 1, folded: 1 };
  const reader = new RowReader(row);
  const progress = { adopted: reader.u56(), folded: reader.u56() };
  reader.end();
  return progress;
}

export function progressRow({ adopted, folded }: CharterProgress): RowChange {
  const value = new RowWriter().u56(adopted).u56(folded).finish();
  return { rowKey: charterProgressKey(), value };
}
