/**
 * The entries of a label's history as they stand in its rows. Written so that reading them back copies
 * nothing: what is made of a row are views of it, since every copy of more than 64 bytes costs the
 * engine an allocation outside its heap, and a member reads a history for each entry it takes in.
 */
import type { LeafMention, LeafRole, MentionedEntry } from '@callbook/protocol';
import { DirectoryError, parseEntry } from '@callbook/protocol';

import type { ReplicationErrorCode } from '../errors.ts';
import type { RowReader, RowWriter } from '../store/row-bytes.ts';

/** Roles by their number in a row; the list only ever grows at the end. */
const roles: readonly LeafRole[] = ['received', 'challenged', 'witnessed', 'charter'];

export function writeEntries(writer: RowWriter, entries: Iterable<MentionedEntry>): void {
  const list = [...entries];
  writer.u32(list.length);
  for (const { entryId, entryBytes, settled, mentions } of list) {
    writer
      .fixed(entryId)
      .sized(entryBytes)
      .u8(settled ? 1 : 0);
    writer.u8(mentions.length);
    for (const { origin, index, at, charter, role } of mentions) {
      writer.text(origin).u56(index).u56(at).fixed(charter).u8(roles.indexOf(role));
    }
  }
}

export function readEntries(reader: RowReader): MentionedEntry[] {
  return Array.from({ length: reader.u32() }, () => readEntry(reader));
}

function readEntry(reader: RowReader): MentionedEntry {
  const entryId = reader.fixed(32);
  const entryBytes = reader.sized();
  const settled = reader.u8() === 1;
  const mentions = Array.from({ length: reader.u8() }, () => readMention(reader));
  const entry = parseEntry(entryBytes);
  if (entry.verdict !== 'accept') {
    throw new DirectoryError<ReplicationErrorCode>('store_corrupt', 'a stored entry is malformed');
  }
  return { entryId, entry: entry.value, entryBytes, settled, mentions };
}

function readMention(reader: RowReader): LeafMention {
  return {
    origin: reader.text(),
    index: reader.u56(),
    at: reader.u56(),
    charter: reader.fixed(32),
    role: roles[reader.u8()]!,
  };
}
