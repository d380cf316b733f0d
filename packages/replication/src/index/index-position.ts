/**
 * What the stored index was folded from: ruleset, charter, and size and root of every log. One row,
 * written in the same batch as the nodes that it belongs to, so that tree and vector never disagree.
 */
import type {
  Checkpoint,
  Cryptography,
  Frontier,
  IndexRoot,
  KnownCharter,
} from '@callbook/protocol';
import { bytesEqual, frontierRoot } from '@callbook/protocol';

import { indexVectorLeavesMax } from '../limits.ts';
import { RowReader, RowWriter } from '../store/row-bytes.ts';
import { indexPositionKey } from '../store/row-keys.ts';

interface PositionRow {
  readonly rowKey: Uint8Array;
  readonly value: Uint8Array;
}

export function positionRow({ ruleset, charter, root, logs }: IndexRoot): PositionRow {
  const writer = new RowWriter().u56(ruleset).fixed(charter).fixed(root).u8(logs.length);
  for (const log of logs) writer.text(log.origin).u56(log.size).fixed(log.root);
  return { rowKey: indexPositionKey(), value: writer.finish() };
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

/** A log, and its tree as far as the view has folded it. */
export interface FoldedLog {
  readonly origin: string;
  readonly folded: Frontier;
}

/** Tells whether an index was folded by this charter's rules, of these logs in their order. */
export function belongsTo(
  { ruleset, charter, logs }: IndexRoot,
  current: KnownCharter,
  folded: readonly FoldedLog[],
): boolean {
  return (
    ruleset === current.charter.ruleset.number &&
    bytesEqual(charter, current.hash) &&
    logs.length === folded.length &&
    logs.every(({ origin }, place) => origin === folded[place]!.origin)
  );
}

/** Tells whether a stored vector may stay while the index is at another: few leaves lie between them. */
export function isNearby(stored: IndexRoot | undefined, position: IndexRoot): boolean {
  if (stored === undefined || !bytesEqual(stored.charter, position.charter)) return false;
  return leafCount(position) - leafCount(stored) < indexVectorLeavesMax;
}

function leafCount({ logs }: IndexRoot): number {
  return logs.reduce((sum, { size }) => sum + size, 0);
}

/** Size and root of every log, as far as it is folded. */
export function vectorOf(logs: readonly FoldedLog[], crypto: Cryptography): Checkpoint[] {
  return logs.map(({ origin, folded }) => {
    return { origin, size: folded.size, root: frontierRoot(folded, crypto) };
  });
}
