/**
 * The layout of the store: which row holds what. One prefix byte a family, fixed-width big-endian
 * numbers, so that the order of the bytes is the order of the things.
 *
 * | prefix | key | value |
 * |---|---|---|
 * | `s` | origin | position of a log: size, frontier, last time, checkpoint |
 * | `b` | origin NUL index(4) | 256 leaves, as an entry bundle |
 * | `p` | origin NUL first(6) | leaves of the bundle that is not full yet, a row a batch |
 * | `t` | origin NUL level(1) index(6) | up to 256 hashes of a tile |
 * | `h` | label(32) `o` | identifier of a label and its ownership entries |
 * | `h` | label(32) `u` | payloads of a label and its winning updates |
 * | `e` | entry id(32) | the entry's label |
 * | `i` | identifier | the published binding: all that one look-up reads |
 * | `o` | owner hash(28) scheme(1) | identifier whose names carry this hash |
 * | `x` | time(6) label(32) | release whose pause ends then |
 */
import type { Identifier } from '@callbook/protocol';

/** Widths of the numbers in keys. */
const indexBytes = 6;
const bundleBytes = 4;

export function positionKey(origin: string): Uint8Array {
  return Buffer.concat([prefix('s'), Buffer.from(origin)]);
}

export function bundleKey(origin: string, bundle: number): Uint8Array {
  return inLog('b', origin, number(bundle, bundleBytes));
}

export function partKey(origin: string, first: number): Uint8Array {
  return inLog('p', origin, number(first, indexBytes));
}

/** Reads the first index out of a `partKey`. */
export function partFirst(rowKey: Uint8Array): number {
  return Buffer.from(rowKey).readUIntBE(rowKey.length - indexBytes, indexBytes);
}

export function tileKey(origin: string, level: number, index: number): Uint8Array {
  return inLog('t', origin, Buffer.concat([number(level, 1), number(index, indexBytes)]));
}

/** The two rows of a label are neighbours: one block of the store holds both. */
export function ownershipKey(label: Uint8Array): Uint8Array {
  return labelKey(label, 'o');
}

export function updatesKey(label: Uint8Array): Uint8Array {
  return labelKey(label, 'u');
}

export function entryKey(entryId: Uint8Array): Uint8Array {
  return Buffer.concat([prefix('e'), entryId]);
}

export function bindingKey(identifier: Identifier): Uint8Array {
  return Buffer.concat([prefix('i'), Buffer.from(identifier)]);
}

/** `hash` is 28 bytes: the 56 hex digits of the names that carry it. */
export function ownerKey(hash: Uint8Array, scheme: string): Uint8Array {
  return Buffer.concat([prefix('o'), hash, Buffer.from(scheme.slice(0, 1))]);
}

export function releaseKey(endsAtMs: number, label: Uint8Array): Uint8Array {
  return Buffer.concat([prefix('x'), number(endsAtMs, indexBytes), label]);
}

/** Reads time and label out of a `releaseKey`. */
export function releaseOf(rowKey: Uint8Array): { endsAtMs: number; label: Uint8Array } {
  const bytes = Buffer.from(rowKey);
  return { endsAtMs: bytes.readUIntBE(1, indexBytes), label: bytes.subarray(1 + indexBytes) };
}

/** Bounds of all releases whose pause ends at or before `nowMs`. */
export function releasesUntil(nowMs: number): { gte: Uint8Array; lt: Uint8Array } {
  return {
    gte: prefix('x'),
    lt: Buffer.concat([prefix('x'), number(nowMs + 1, indexBytes)]),
  };
}

function labelKey(label: Uint8Array, half: string): Uint8Array {
  return Buffer.concat([prefix('h'), label, prefix(half)]);
}

function inLog(family: string, origin: string, rest: Uint8Array): Uint8Array {
  // An origin is one line of a note and holds no NUL, so no log's keys lie among another's.
  return Buffer.concat([prefix(family), Buffer.from(origin), Buffer.of(0), rest]);
}

function prefix(family: string): Uint8Array {
  return Buffer.from(family, 'latin1');
}

function number(value: number, width: number): Uint8Array {
  const bytes = Buffer.alloc(width);
  bytes.writeUIntBE(value, 0, width);
  return bytes;
}
