/**
 * What the stored index was folded from: ruleset, charter, and size and root of every log. One row,
 * written in the same batch as the nodes that it belongs to, so that tree and vector never disagree.
 */
import type { Checkpoint, IndexRoot } from '@callbook/protocol';

import { RowReader, RowWriter } from '../store/row-bytes.ts';

export function encodeIndexPosition({ ruleset, charter, root, logs }: IndexRoot): Uint8Array {
  const writer = new RowWriter().u56(ruleset).fixed(charter).fixed(root).u8(logs.length);
  for (const log of logs) writer.text(log.origin).u56(log.size).fixed(log.root);
  return writer.finish();
}

export function parseIndexPosition(row: Uint8Array): IndexRoot {
  const reader = new RowReader(row);
  const ruleset = reader.u56();
  const charter = reader.fixed(32);
  const root = reader.fixed(32);
  const logs: Checkpoint[] = Array.from({ length: reader.u8() }, () => ({
    origin: reader.text(),
    size: reader.u56(),
    root: reader.fixed(32),
  }));
  reader.end();
  return { ruleset, charter, root, logs };
}
