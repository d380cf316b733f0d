/**
 * Rows of the ledger, which the processes of one member share: who may write, what was written, and how far
 * each stand-by has come. The ledger is what makes them one member: a store is a copy of it.
 */
import { DirectoryError } from '@callbook/protocol';

import type { ReplicationErrorCode } from '../errors.ts';
import { RowReader, RowWriter } from '../store/row-bytes.ts';
import type { RowChange } from '../store/store.ts';

/** 16 random bytes each. */
export const leaseIdBytes = 16;
/** Holder of a lease that was given back. */
export const nobody: Uint8Array = new Uint8Array(leaseIdBytes);

/** The one row that every write replaces, and that every write expects as its writer left it. */
export interface Lease {
  readonly ledgerId: Uint8Array;
  /** The process that may write. */
  readonly holderId: Uint8Array;
  /** Rises with each holder. */
  readonly term: number;
  /** Rises with each sign of life. */
  readonly beat: number;
  /** Of the newest batch. */
  readonly sequence: number;
  /** Whether the first holder's store was empty before batch 1, so that an empty one can follow from there. */
  readonly beganEmpty: boolean;
}

/** How far a store has come in which ledger. */
export interface LedgerPlace {
  readonly ledgerId: Uint8Array;
  readonly applied: number;
}

export interface LedgerBatch {
  /** By its writer's clock; for clearing up, no rule depends on it. */
  readonly atMs: number;
  readonly changes: readonly RowChange[];
}

const version = 1;

export function encodeLease(lease: Lease): Uint8Array {
  return new RowWriter()
    .u8(version)
    .fixed(lease.ledgerId)
    .fixed(lease.holderId)
    .u56(lease.term)
    .u56(lease.beat)
    .u56(lease.sequence)
    .u8(lease.beganEmpty ? 1 : 0)
    .finish();
}

/** Reads a lease. Errors: `ledger_foreign`. */
export function parseLease(row: Uint8Array): Lease {
  return parse(row, (reader) => ({
    ledgerId: reader.fixed(leaseIdBytes).slice(),
    holderId: reader.fixed(leaseIdBytes).slice(),
    term: reader.u56(),
    beat: reader.u56(),
    sequence: reader.u56(),
    beganEmpty: reader.u8() === 1,
  }));
}

export function encodePlace({ ledgerId, applied }: LedgerPlace): Uint8Array {
  return new RowWriter().u8(version).fixed(ledgerId).u56(applied).finish();
}

/** Reads a place. Errors: `ledger_foreign`. */
export function parsePlace(row: Uint8Array): LedgerPlace {
  return parse(row, (reader) => ({
    ledgerId: reader.fixed(leaseIdBytes).slice(),
    applied: reader.u56(),
  }));
}

export function encodeLedgerBatch({ atMs, changes }: LedgerBatch): Uint8Array {
  const writer = new RowWriter().u8(version).u56(atMs).u32(changes.length);
  for (const change of changes) {
    const isErased = 'erase' in change;
    writer.u8(isErased ? 0 : 1).sized(change.rowKey);
    if (!isErased) writer.sized(change.value);
  }
  return writer.finish();
}

/** Reads a batch; its bytes share the row's memory. Errors: `ledger_foreign`. */
export function parseLedgerBatch(row: Uint8Array): LedgerBatch {
  return parse(row, (reader) => ({
    atMs: reader.u56(),
    changes: Array.from({ length: reader.u32() }, (): RowChange => {
      const isErased = reader.u8() === 0;
      const rowKey = reader.sized();
      return isErased ? { rowKey, erase: true } : { rowKey, value: reader.sized() };
    }),
  }));
}

function parse<T>(row: Uint8Array, read: (reader: RowReader) => T): T {
  try {
    const reader = new RowReader(row);
    if (reader.u8() !== version) throw new RangeError('another version');
    const value = read(reader);
    reader.end();
    return value;
  } catch (cause) {
    throw new DirectoryError<ReplicationErrorCode>(
      'ledger_foreign',
      'a row of the ledger is not one that this version writes',
      { cause },
    );
  }
}
