/** A notice of the shared database: which identifiers' rows changed with one generation; or all. */
import type { Identifier } from '@callbook/protocol';

import { noticedIdentifiersMax } from '../limits.ts';
import { RowReader, RowWriter } from '../store/row-bytes.ts';

/** Identifiers that have changed, or that nobody says which. */
export type SharedNotice = readonly Identifier[] | 'everything';

export function encodeSharedNotice(notice: SharedNotice): Uint8Array {
  if (notice === 'everything' || notice.length > noticedIdentifiersMax) {
    return new RowWriter().u8(1).finish();
  }
  const writer = new RowWriter().u8(0).u32(notice.length);
  for (const identifier of notice) writer.text(identifier);
  return writer.finish();
}

export function parseSharedNotice(row: Uint8Array): SharedNotice {
  const reader = new RowReader(row);
  if (reader.u8() === 1) return 'everything';
  const count = Math.min(reader.u32(), noticedIdentifiersMax);
  const identifiers: Identifier[] = [];
  while (identifiers.length < count) identifiers.push(reader.text() as Identifier);
  return identifiers;
}
