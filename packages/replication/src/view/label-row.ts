/**
 * All that a member keeps of one label, as one row: what the logs say of it, which identifier it
 * stands for, and which payloads are held. The identifier is there only while a payload is.
 */
import type { Identifier, LabelHistory } from '@callbook/protocol';
import { emptyHistory, encodeHistory, parseHistory } from '@callbook/protocol';

import { RowReader, RowWriter } from '../store/row-bytes.ts';

/** A payload whose row is stored, and the entry that it belongs to. */
export interface HeldPayload {
  /** 32 bytes. */
  readonly commitment: Uint8Array;
  /** 32 bytes. */
  readonly entryId: Uint8Array;
  /** Ownership entry under which it was made: the entry itself or the one an update names. */
  readonly ownershipId: Uint8Array;
  readonly epoch: number;
  readonly seq: number;
  /** Log that brought the entry first, and that leaf's time. */
  readonly origin: string;
  readonly atMs: number;
}

export interface LabelRow {
  readonly history: LabelHistory;
  /** Proven once by the VRF, then known: an update of a known label needs no proof again. */
  readonly identifier: Identifier | undefined;
  readonly payloads: readonly HeldPayload[];
  /** True while look-ups find a binding. */
  readonly published: boolean;
}

export const emptyLabelRow: LabelRow = {
  history: emptyHistory,
  identifier: undefined,
  payloads: [],
  published: false,
};

export function encodeLabelRow({ history, identifier, payloads, published }: LabelRow): Uint8Array {
  const writer = new RowWriter()
    .u8(published ? 1 : 0)
    .text(identifier ?? '')
    .u8(payloads.length);
  for (const held of payloads) {
    writer.fixed(held.commitment).fixed(held.entryId).fixed(held.ownershipId);
    writer.u56(held.epoch).u56(held.seq).text(held.origin).u56(held.atMs);
  }
  return writer.fixed(encodeHistory(history)).finish();
}

export function parseLabelRow(row: Uint8Array): LabelRow {
  const reader = new RowReader(row);
  const published = reader.u8() === 1;
  const text = reader.text();
  const payloads = Array.from({ length: reader.u8() }, () => parseHeld(reader));
  const history = parseHistory(reader.rest());
  const identifier = text === '' ? undefined : (text as Identifier);
  return { history, identifier, payloads, published };
}

function parseHeld(reader: RowReader): HeldPayload {
  return {
    commitment: reader.fixed(32),
    entryId: reader.fixed(32),
    ownershipId: reader.fixed(32),
    epoch: reader.u56(),
    seq: reader.u56(),
    origin: reader.text(),
    atMs: reader.u56(),
  };
}
