/**
 * All that a member keeps of one label, in two rows: what changes with ownership (history, identifier)
 * and what changes with every update (the winning updates, the payloads). An update, by far the most
 * frequent entry, rewrites only the second, and reads only that while the label is held: the row ends
 * with what the first comes to (`holding-row.ts`). Both are written in one batch, so that the two never
 * disagree. The identifier is there only while a payload is, or is awaited.
 */
import type { CharterSet, Holding, Identifier, LabelHistory, Visibility } from '@callbook/protocol';
import { DirectoryError, emptyHistory, holdingOf, updateKeyOf } from '@callbook/protocol';

import type { ReplicationErrorCode } from '../errors.ts';
import { RowReader, RowWriter } from '../store/row-bytes.ts';
import { ownershipKey, updatesKey } from '../store/row-keys.ts';
import type { RowChange } from '../store/store.ts';
import { readEntries, writeEntries } from './history-row.ts';
import { readHolding, UnreadOwnership, writeHolding } from './holding-row.ts';
import type { OpenedPayload } from './payload-check.ts';

/** A payload that has been checked, and the entry that it belongs to. */
export interface HeldPayload {
  /** 32 bytes. */
  readonly commitment: Uint8Array;
  readonly opened: OpenedPayload;
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
  /** Who is told of the binding, while there is one to be found; or that there is one, while its payload is awaited. */
  readonly published: Visibility | undefined;
  /** True while the payload of the entry in force is not held. */
  readonly lacking: boolean;
  /** Holder whose payloads this member has erased last after a release, and when it did. */
  readonly erased: { readonly epoch: number; readonly atMs: number } | undefined;
  /** True when the row of updates ends with a holding, read or not. */
  readonly endsWithHolding: boolean;
}

export const emptyLabelRow: LabelRow = {
  history: emptyHistory,
  identifier: undefined,
  payloads: [],
  published: undefined,
  lacking: false,
  erased: undefined,
  endsWithHolding: false,
};

/** Returns the rows in which `after` differs from `before`. */
export function changedRows(label: Uint8Array, before: LabelRow, after: LabelRow): RowChange[] {
  const changes: RowChange[] = [];
  if (
    before.history.ownership !== after.history.ownership ||
    before.identifier !== after.identifier ||
    before.published !== after.published ||
    before.erased !== after.erased
  ) {
    changes.push({ rowKey: ownershipKey(label), value: encodeOwnership(after) });
  }
  if (
    before.history.updates !== after.history.updates ||
    before.lacking !== after.lacking ||
    !sameItems(before.payloads, after.payloads) ||
    hasOtherHolding(before, after)
  ) {
    changes.push({ rowKey: updatesKey(label), value: encodeUpdates(after) });
  }
  return changes;
}

function hasOtherHolding(before: LabelRow, after: LabelRow): boolean {
  const { holding } = after.history;
  if (holding === undefined) return before.endsWithHolding;
  if (holding !== before.history.holding) return true;
  return before.identifier !== after.identifier || before.published !== after.published;
}

/**
 * Reads back a label that is held from the row of updates alone; `readOwnership` is asked for the other
 * row when its entries are looked at. Undefined when that row does not tell enough.
 */
export function parseHeldLabel(
  label: Uint8Array,
  updatesRow: Uint8Array | undefined,
  readOwnership: () => Uint8Array | undefined,
): LabelRow | undefined {
  if (updatesRow === undefined || (updatesRow[0]! & holdingBit) === 0) return undefined;
  const reader = new RowReader(updatesRow);
  const { payloads, lacking } = readPayloads(reader);
  const entries = readEntries(reader);
  const { holding, identifier, published } = readHolding(reader, label);
  reader.end();
  const [update] = entries;
  const updates = update && new Map([[holding.state.ownershipId.toHex(), update]]);
  const ownership = new UnreadOwnership(() => {
    const row = readOwnership();
    if (row === undefined) throw missingOwnership();
    return parseOwnership(row).history.ownership;
  });
  const history = { ownership, updates: updates ?? emptyHistory.updates, holding };
  const { erased } = emptyLabelRow;
  return { history, identifier, payloads, published, lacking, erased, endsWithHolding: true };
}

/**
 * Returns what the row of updates may end with: nothing where a row that was read without the other
 * one would lack something. Updates that name another ownership entry than the one in force are kept
 * by names that only the ownership entries tell.
 */
export function keptHolding(
  history: LabelHistory,
  charters: CharterSet,
  erased: LabelRow['erased'],
): Holding | undefined {
  if (erased !== undefined || history.updates.size > 1) return undefined;
  const holding = holdingOf(history, charters);
  if (holding === undefined || history.updates.size === 0) return holding;
  return history.updates.has(holding.state.ownershipId.toHex()) ? holding : undefined;
}

/** Reads back the two rows; either may be missing. */
export function parseLabelRow(
  ownershipRow: Uint8Array | undefined,
  updatesRow: Uint8Array | undefined,
): LabelRow {
  if (ownershipRow === undefined && updatesRow === undefined) return emptyLabelRow;
  const owned = ownershipRow === undefined ? emptyLabelRow : parseOwnership(ownershipRow);
  if (updatesRow === undefined) {
    return { ...owned, payloads: [], lacking: false, endsWithHolding: false };
  }
  const reader = new RowReader(updatesRow);
  const { payloads, lacking } = readPayloads(reader);
  const { ownership } = owned.history;
  const updates = new Map(
    readEntries(reader).map((known) => [updateKeyOf(known.entry, ownership), known]),
  );
  const endsWithHolding = (updatesRow[0]! & holdingBit) !== 0;
  if (!endsWithHolding) reader.end();
  return { ...owned, payloads, lacking, endsWithHolding, history: { ownership, updates } };
}

/** Reads the payloads alone: what another member asks for. */
export function parsePayloads(updatesRow: Uint8Array): readonly HeldPayload[] {
  return readPayloads(new RowReader(updatesRow)).payloads;
}

const publishedBit = 1;
const erasedBit = 2;
const apiOnlyBit = 4;

function encodeOwnership({ history, identifier, published, erased }: LabelRow): Uint8Array {
  const flags =
    (published === undefined ? 0 : publishedBit) |
    (published === 'api' ? apiOnlyBit : 0) |
    (erased === undefined ? 0 : erasedBit);
  const writer = new RowWriter().u8(flags).text(identifier ?? '');
  if (erased !== undefined) writer.u56(erased.epoch).u56(erased.atMs);
  writeEntries(writer, history.ownership.values());
  return writer.finish();
}

function parseOwnership(
  row: Uint8Array,
): Pick<LabelRow, 'published' | 'identifier' | 'erased' | 'history'> {
  const reader = new RowReader(row);
  const flags = reader.u8();
  const visibility = (flags & apiOnlyBit) === 0 ? 'dns' : 'api';
  const published = (flags & publishedBit) === 0 ? undefined : visibility;
  const text = reader.text();
  const erased =
    (flags & erasedBit) === 0 ? undefined : { epoch: reader.u56(), atMs: reader.u56() };
  const ownership = new Map(readEntries(reader).map((known) => [known.entryId.toHex(), known]));
  reader.end();
  const identifier = text === '' ? undefined : (text as Identifier);
  return { published, identifier, erased, history: { ownership, updates: emptyHistory.updates } };
}

/** Set beside the number of payloads, which is at most 8. */
const lackingBit = 0x80;
const holdingBit = 0x40;

function encodeUpdates(row: LabelRow): Uint8Array {
  const { history, payloads, lacking, identifier, published } = row;
  const { holding } = history;
  const flags = (lacking ? lackingBit : 0) | (holding === undefined ? 0 : holdingBit);
  const writer = new RowWriter().u8(payloads.length | flags);
  for (const held of payloads) {
    writer.fixed(held.commitment).fixed(held.opened.opening).sized(held.opened.payload);
    writer.fixed(held.entryId).fixed(held.ownershipId);
    writer.u56(held.epoch).u56(held.seq).text(held.origin).u56(held.atMs);
  }
  writeEntries(writer, history.updates.values());
  if (holding !== undefined) writeHolding(writer, { holding, identifier, published });
  return writer.finish();
}

function readPayloads(reader: RowReader): { payloads: HeldPayload[]; lacking: boolean } {
  const first = reader.u8();
  const payloads = Array.from({ length: first & ~(lackingBit | holdingBit) }, () => ({
    commitment: reader.fixed(32),
    opened: { opening: reader.fixed(32), payload: reader.sized() },
    entryId: reader.fixed(32),
    ownershipId: reader.fixed(32),
    epoch: reader.u56(),
    seq: reader.u56(),
    origin: reader.text(),
    atMs: reader.u56(),
  }));
  return { payloads, lacking: (first & lackingBit) !== 0 };
}

function sameItems<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((item, position) => item === b[position]);
}

function missingOwnership(): DirectoryError<ReplicationErrorCode> {
  return new DirectoryError('store_corrupt', 'ownership entries of a stored label are missing');
}
