/**
 * What is kept of a verified leaf until its label is folded: one record of bytes, so that a million of
 * them cost files and no objects. Layout, big endian: size of the record (2), log (1), charter (2; its
 * version, 0 when it is not known), role (1; plus 128 for an update), bundle (4), place in it (1), `at` (8), offsets in the entry
 * where the terms of an update begin and end (2 + 2; 0 where they have to be parsed), `seq` (8; 2^53 and
 * more never occur), label (32), entry id (32), the charter's hash where its version is 0 (32), the entry.
 */
import type { Entry, LeafRole } from '@callbook/protocol';

const labelStart = 2 + 1 + 2 + 1 + 4 + 1 + 8 + 2 + 2 + 8;
const labelBytes = 32;
const hashBytes = 32;
const fixedBytes: number = labelStart + labelBytes + 32;
const roles: readonly LeafRole[] = ['received', 'challenged', 'witnessed', 'charter'];
const bundleLeaves = 256;
const updateBit = 0x80;

/** A leaf whose entry has been verified. */
export interface LeafRecord {
  /** Place of the log among those of the fold. */
  readonly log: number;
  readonly index: number;
  readonly at: number;
  readonly role: LeafRole;
  readonly isUpdate: boolean;
  /** Version of the charter that it names; 0 when that is not known, then with `charterHash`. */
  readonly charterVersion: number;
  readonly charterHash?: Uint8Array | undefined;
  readonly seq: number;
  readonly label: Uint8Array;
  readonly entryId: Uint8Array;
  readonly entryBytes: Uint8Array;
  /** What an update shares with others of its terms: lock, prev, email, epoch, label, keys; else nothing. */
  readonly terms?: Uint8Array | undefined;
}

/** Returns the bytes of a record. */
export function recordBytes({ charterVersion, entryBytes }: LeafRecord): number {
  return fixedBytes + (charterVersion === 0 ? hashBytes : 0) + entryBytes.length;
}

/** Writes a record at an offset; returns where it ends. */
export function writeRecord(target: Uint8Array, offset: number, record: LeafRecord): number {
  const view = new DataView(target.buffer, target.byteOffset + offset);
  const size = recordBytes(record);
  const { log, index, at, role, charterVersion, charterHash, seq, entryId, entryBytes } = record;
  const { terms, isUpdate, label } = record;
  view.setUint16(0, size);
  view.setUint8(2, log);
  view.setUint16(3, charterVersion);
  view.setUint8(5, roles.indexOf(role) | (isUpdate ? updateBit : 0));
  view.setUint32(6, Math.floor(index / bundleLeaves));
  view.setUint8(10, index % bundleLeaves);
  view.setFloat64(11, at);
  const start = terms === undefined ? 0 : terms.byteOffset - entryBytes.byteOffset;
  view.setUint16(19, start);
  view.setUint16(21, terms === undefined ? 0 : start + terms.length);
  view.setFloat64(23, seq);
  target.set(label, offset + labelStart);
  target.set(entryId, offset + labelStart + labelBytes);
  let end = offset + fixedBytes;
  if (charterVersion === 0) {
    target.set(charterHash!, end);
    end += hashBytes;
  }
  target.set(entryBytes, end);
  return end + entryBytes.length;
}

/** Where the records of each label begin, in the order of the labels. */
export function offsetsByLabel(bytes: Uint8Array): (readonly [label: Uint8Array, number[]])[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const found = new Map<string, number[]>();
  for (let offset = 0; offset < bytes.length; offset += view.getUint16(offset)) {
    const label = Buffer.from(bytes.buffer, bytes.byteOffset + offset + labelStart, labelBytes);
    const name = label.toString('latin1');
    const known = found.get(name);
    if (known === undefined) found.set(name, [offset]);
    else known.push(offset);
  }
  // In Latin-1 characters sort as their bytes do.
  return [...found]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, offsets]) => [labelAt(bytes, offsets[0]!), offsets]);
}

function labelAt(bytes: Uint8Array, offset: number): Uint8Array {
  return bytes.subarray(offset + labelStart, offset + labelStart + labelBytes);
}

/** Reads the record at an offset: views of `bytes`. */
export function readRecord(bytes: Uint8Array, offset: number): LeafRecord {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset);
  const end = offset + view.getUint16(0);
  const charterVersion = view.getUint16(3);
  const fixedEnd = offset + fixedBytes;
  const entryStart = charterVersion === 0 ? fixedEnd + hashBytes : fixedEnd;
  const roleBits = view.getUint8(5);
  const [termsStart, termsEnd] = [view.getUint16(19), view.getUint16(21)];
  return {
    log: view.getUint8(2),
    index: view.getUint32(6) * bundleLeaves + view.getUint8(10),
    at: view.getFloat64(11),
    role: roles[roleBits & ~updateBit]!,
    isUpdate: (roleBits & updateBit) !== 0,
    charterVersion,
    charterHash: charterVersion === 0 ? bytes.subarray(fixedEnd, entryStart) : undefined,
    seq: view.getFloat64(23),
    label: labelAt(bytes, offset),
    entryId: bytes.subarray(offset + labelStart + labelBytes, fixedEnd),
    entryBytes: bytes.subarray(entryStart, end),
    terms:
      termsEnd === 0 ? undefined : bytes.subarray(entryStart + termsStart, entryStart + termsEnd),
  };
}

/**
 * In deterministic CBOR the fields of an update stand in one order: between `sig` and `commitment` stand
 * kind, lock, prev, email, epoch, label, recovery and authority and nothing else. Updates that are equal
 * there have the same terms under the same ownership entry. Undefined where the entry was not read as
 * views of its bytes.
 */
export function termsOf(entry: Entry, entryBytes: Uint8Array): Uint8Array | undefined {
  const { sig, authority } = entry;
  if (entry.kind !== 'update') return undefined;
  if (sig.buffer !== entryBytes.buffer || authority.buffer !== entryBytes.buffer) return undefined;
  const start = sig.byteOffset + sig.length - entryBytes.byteOffset;
  const end = authority.byteOffset + authority.length - entryBytes.byteOffset;
  return start > 0 && end > start && end <= entryBytes.length
    ? entryBytes.subarray(start, end)
    : undefined;
}
