/**
 * Where a stored log stands: its size, the frontier from which it grows, the latest time among its
 * leaves and its newest signed checkpoint. One row, written in the same batch as the leaves, so that
 * the two never disagree.
 */
import type { Frontier } from '@callbook/protocol';
import { emptyFrontier } from '@callbook/protocol';

import { RowReader, RowWriter } from '../store/row-bytes.ts';

export interface LogPosition {
  readonly frontier: Frontier;
  /** Largest `at` of the leaves so far; a leaf below it is void. */
  readonly lastAtMs: number;
  /** Hash of the charter that the log last took up; 32 bytes, or empty. */
  readonly charter: Uint8Array;
  /**
   * Newest signed checkpoint of a size not above the stored one, or empty. Everything up to its size
   * can be served and proven; a mirror that is catching up stores more than that.
   */
  readonly checkpoint: string;
  /** Size in `checkpoint`. */
  readonly signedSize: number;
}

export const emptyPosition: LogPosition = {
  frontier: emptyFrontier,
  lastAtMs: 0,
  charter: new Uint8Array(0),
  checkpoint: '',
  signedSize: 0,
};

export function encodePosition(position: LogPosition): Uint8Array {
  const { frontier, lastAtMs, charter, checkpoint, signedSize } = position;
  const writer = new RowWriter().u56(frontier.size).u8(frontier.hashes.length);
  for (const hash of frontier.hashes) writer.fixed(hash);
  return writer.u56(lastAtMs).sized(charter).text(checkpoint).u56(signedSize).finish();
}

export function parsePosition(row: Uint8Array): LogPosition {
  const reader = new RowReader(row);
  const size = reader.u56();
  const hashes = Array.from({ length: reader.u8() }, () => reader.fixed(32));
  const position = {
    frontier: { size, hashes },
    lastAtMs: reader.u56(),
    charter: reader.sized(),
    checkpoint: reader.text(),
    signedSize: reader.u56(),
  };
  reader.end();
  return position;
}
