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
 * | `i` | hash(4) identifier | the published binding: all that one look-up reads |
 * | `y` | hash(4) identifier | the same of one that DNS does not tell of |
 * | `o` | owner hash(28) scheme(1) | identifier whose names carry this hash |
 * | `x` | time(6) label(32) | release whose pause ends then |
 * | `n` | path, a half byte a character | node of the index tree |
 * | `v` | – | what the index was folded from, and its root |
 * | `c` | origin | the largest checkpoint of a log that this member has cosigned |
 * | `a` | origin | note of a log's newest agreed checkpoint |
 * | `m` | label(32) | nothing: the payload of the label's entry in force is missing |
 * | `w` | – | checkpoint of ours that contradicts our own log: nothing is written to it |
 * | `k` | version(6) | charter note that came after the pinned ones |
 * | `d` | – | newest charter in force here, and newest by which the view is folded |
 * | `g` | kind(1) number(2) | the charter draft: base, words, forks, changes |
 * | `f` | evidence id(32) | a piece of evidence and what it proves |
 * | `q` | request id(32) | a request that this member has logged, until its holder is told |
 * | `j` | – | nothing: the store is being filled from a snapshot |
 * | `z` | – | the version of this table |
 * | `u` | `s` | names this store to the shared database that follows it |
 * | `u` | `q` sequence(6) | keys of rows that changed and which the shared database may not have yet |
 * | `u` | `a` | how far this store has come in the ledger of the member's processes |
 *
 * The shared database has the families `i` and `o`, and of its own:
 *
 * | prefix | key | value |
 * |---|---|---|
 * | `u` | `p` | position: who writes, and how far it has come |
 * | `u` | `n` generation(6) | identifiers whose rows changed with this generation |
 * | `u` | `d` | what front ends need to know of the member beside its bindings |
 *
 * Rows of the ledger: `lease/ledger-keys.ts`.
 */
import type { Identifier, Visibility } from '@callbook/protocol';
import { slabCopy, takeBytes } from '@callbook/protocol';

/** Widths of the numbers in keys. */
const indexBytes = 6;
const bundleBytes = 4;
const spreadBytes = 4;

export function positionKey(origin: string): Uint8Array {
  return keyOf('s', Buffer.from(origin));
}

export function bundleKey(origin: string, bundle: number): Uint8Array {
  return inLog('b', origin, number(bundle, bundleBytes));
}

export function partKey(origin: string, first: number): Uint8Array {
  return inLog('p', origin, number(first, indexBytes));
}

/** Bounds of the rows of a log, beside its position. */
export function logRows(origin: string): { gte: Uint8Array; lt: Uint8Array }[] {
  return ['b', 'p', 't'].map((family) => ({
    gte: keyOf(family, Buffer.from(origin), nul),
    lt: keyOf(family, Buffer.from(origin), Uint8Array.of(1)),
  }));
}

/** Reads the first index out of a `partKey`. */
export function partFirst(rowKey: Uint8Array): number {
  return Buffer.from(rowKey).readUIntBE(rowKey.length - indexBytes, indexBytes);
}

export function tileKey(origin: string, level: number, index: number): Uint8Array {
  return inLog('t', origin, Uint8Array.of(level, ...number(index, indexBytes)));
}

/** The two rows of a label are neighbours: one block of the store holds both. */
export function ownershipKey(label: Uint8Array): Uint8Array {
  return keyOf('h', label, ownershipHalf);
}

export function updatesKey(label: Uint8Array): Uint8Array {
  return keyOf('h', label, updatesHalf);
}

const ownershipHalf = Buffer.from('o');
const updatesHalf = Buffer.from('u');

export function entryKey(entryId: Uint8Array): Uint8Array {
  return keyOf('e', entryId);
}

/**
 * The identifier stands behind a hash of it, so that numbers that follow each other lie apart: the time
 * that a read takes depends on what lies around, and would tell which country codes are empty. For the same
 * reason bindings that DNS does not tell of have a family of their own: it reads nothing of them.
 */
export function bindingKey(identifier: Identifier, visibility: Visibility = 'dns'): Uint8Array {
  return slabCopy(passingBindingKey(identifier, visibility));
}

/** The same for a single read: good until the next call, and no array is made for it. */
export function passingBindingKey(identifier: Identifier, visibility: Visibility): Uint8Array {
  const size = passingKey.write(identifier, identifierAt);
  return passingKeyOf(size, visibility);
}

/** The same of a telephone number by its digits in ASCII, without the plus. */
export function passingNumberKey(digits: Uint8Array, visibility: Visibility): Uint8Array {
  passingKey.set(telephonePrefix, identifierAt);
  passingKey.set(digits, identifierAt + telephonePrefix.length);
  return passingKeyOf(telephonePrefix.length + digits.length, visibility);
}

function passingKeyOf(size: number, visibility: Visibility): Uint8Array {
  const end = identifierAt + size;
  passingKey[0] = visibility === 'dns' ? 0x69 : 0x79;
  passingKey.writeUInt32BE(spreadOf(passingKey, identifierAt, end), 1);
  return new Uint8Array(passingKey.buffer, 0, end);
}

const identifierAt = 1 + spreadBytes;
const telephonePrefix = Buffer.from('tel:+');

/** Identifiers have at most 254 octets. A memory of its own, where native code finds it in its place. */
const passingKey = Buffer.allocUnsafeSlow(512);

/** `hash` is 28 bytes: the 56 hex digits of the names that carry it. */
export function ownerKey(hash: Uint8Array, scheme: string): Uint8Array {
  return keyOf('o', hash, Buffer.from(scheme.slice(0, 1)));
}

export function releaseKey(endsAtMs: number, label: Uint8Array): Uint8Array {
  return keyOf('x', number(endsAtMs, indexBytes), label);
}

/** Reads time and label out of a `releaseKey`. */
export function releaseOf(rowKey: Uint8Array): { endsAtMs: number; label: Uint8Array } {
  const bytes = Buffer.from(rowKey);
  return { endsAtMs: bytes.readUIntBE(1, indexBytes), label: bytes.subarray(1 + indexBytes) };
}

/** Bounds of all releases whose pause ends at or before `nowMs`. */
export function releasesUntil(nowMs: number): { gte: Uint8Array; lt: Uint8Array } {
  return { gte: keyOf('x', nothing), lt: keyOf('x', number(nowMs + 1, indexBytes)) };
}

export function cosignedKey(origin: string): Uint8Array {
  return keyOf('c', Buffer.from(origin));
}

export function agreedKey(origin: string): Uint8Array {
  return keyOf('a', Buffer.from(origin));
}

/** `path` names a node of the index: the half bytes of its labels, in hexadecimal. */
export function indexNodeKey(path: string): Uint8Array {
  const rowKey = takeBytes(1 + path.length);
  rowKey[0] = 0x6e;
  for (let index = 0; index < path.length; index += 1) rowKey[1 + index] = path.charCodeAt(index);
  return rowKey;
}

export function indexPositionKey(): Uint8Array {
  return keyOf('v', nothing);
}

/** One row, there only while a snapshot is being taken in. */
export function joiningKey(): Uint8Array {
  return keyOf('j', nothing);
}

/** One row: by which version of the layout the store is written. */
export function schemaKey(): Uint8Array {
  return keyOf('z', nothing);
}

/** Bounds of all published bindings: those that DNS tells of, then the others. */
export function allBindings(): { gte: Uint8Array; lt: Uint8Array }[] {
  return [
    { gte: keyOf('i', nothing), lt: keyOf('j', nothing) },
    { gte: keyOf('y', nothing), lt: keyOf('z', nothing) },
  ];
}

/** Bounds of all rows that logs and snapshots bring, and that can be had again: nothing else. */
export function replicatedRows(): { gte: Uint8Array; lt: Uint8Array }[] {
  return 'sbpthiyeoxnvmq'.split('').map((family) => ({
    gte: keyOf(family, nothing),
    lt: Uint8Array.of(family.codePointAt(0)! + 1),
  }));
}

/** Bounds of the positions of all logs. */
export function positions(): { gte: Uint8Array; lt: Uint8Array } {
  return { gte: keyOf('s', nothing), lt: keyOf('t', nothing) };
}

export function missingKey(label: Uint8Array): Uint8Array {
  return keyOf('m', label);
}

/** Bounds of the labels that lack a payload and come after one; of all when none is given. */
export function missingAfter(label: Uint8Array = nothing): { gte: Uint8Array; lt: Uint8Array } {
  const next = label.length === 0 ? nothing : Uint8Array.of(0);
  return { gte: keyOf('m', label, next), lt: keyOf('n', nothing) };
}

/** Reads the label out of a `missingKey`. */
export function missingLabelIn(rowKey: Uint8Array): Uint8Array {
  return rowKey.slice(1);
}

/** One row, there only when the own log is shut for good. */
export function contradictionKey(): Uint8Array {
  return keyOf('w', nothing);
}

export function charterKey(version: number): Uint8Array {
  return keyOf('k', number(version, indexBytes));
}

export function charterProgressKey(): Uint8Array {
  return keyOf('d', nothing);
}

/** `kind` is one character. */
export function draftKey(kind: string, index: number): Uint8Array {
  return keyOf('g', Buffer.from(kind, 'latin1'), number(index, 2));
}

/** Bounds of all rows of the charter draft. */
export function draftRows(): { gte: Uint8Array; lt: Uint8Array } {
  return { gte: keyOf('g', nothing), lt: keyOf('h', nothing) };
}

export function evidenceKey(evidenceId: string): Uint8Array {
  return keyOf('f', Buffer.from(evidenceId, 'hex'));
}

/** Reads the id out of an `evidenceKey`, in hexadecimal. */
export function evidenceIdIn(rowKey: Uint8Array): string {
  return rowKey.subarray(1).toHex();
}

/** Bounds of all evidence. */
export function allEvidence(): { gte: Uint8Array; lt: Uint8Array } {
  return { gte: keyOf('f', nothing), lt: keyOf('g', nothing) };
}

export function requestKey(requestId: Uint8Array): Uint8Array {
  return keyOf('q', requestId);
}

/** Reads the id out of a `requestKey`. */
export function requestIdIn(rowKey: Uint8Array): Uint8Array {
  return Uint8Array.from(rowKey.subarray(1));
}

/** Bounds of the requests that come after one; of all when none is given. */
export function requestsAfter(requestId: Uint8Array = nothing): {
  gte: Uint8Array;
  lt: Uint8Array;
} {
  const next = requestId.length === 0 ? nothing : Uint8Array.of(0);
  return { gte: keyOf('q', requestId, next), lt: keyOf('r', nothing) };
}

/** One row: names this store. */
export function outboxStreamKey(): Uint8Array {
  return keyOf('u', Buffer.from('s'));
}

export function outboxKey(sequence: number): Uint8Array {
  return keyOf('u', Buffer.from('q'), number(sequence, indexBytes));
}

/** Reads the sequence number out of an `outboxKey`. */
export function outboxSequenceIn(rowKey: Uint8Array): number {
  return Buffer.from(rowKey).readUIntBE(2, indexBytes);
}

/** Bounds of the rows of the outbox from a sequence number on. */
export function outboxFrom(sequence: number): { gte: Uint8Array; lt: Uint8Array } {
  return { gte: outboxKey(sequence), lt: keyOf('u', Buffer.from('r')) };
}

/** One row of the shared database: who writes, and how far it has come. */
export function sharedPositionKey(): Uint8Array {
  return keyOf('u', Buffer.from('p'));
}

export function sharedNoticeKey(generation: number): Uint8Array {
  return keyOf('u', Buffer.from('n'), number(generation, indexBytes));
}

/** One row of the shared database: what front ends know of the member. */
export function sharedDescriptionKey(): Uint8Array {
  return keyOf('u', Buffer.from('d'));
}

/** Families that the shared database has: what anybody may look up, and nothing else. */
const sharedFamilies = [0x69, 0x6f];

/** Tells whether a row goes to the shared database. */
export function isSharedRow(rowKey: Uint8Array): boolean {
  return sharedFamilies.includes(rowKey[0]!);
}

/** Bounds of each family of the shared database. */
export function sharedRows(): { gte: Uint8Array; lt: Uint8Array }[] {
  return sharedFamilies.map((family) => ({
    gte: Uint8Array.of(family),
    lt: Uint8Array.of(family + 1),
  }));
}

/** Reads the identifier out of a `bindingKey`; undefined for rows of other families. */
export function identifierIn(rowKey: Uint8Array): Identifier | undefined {
  if (rowKey[0] !== 0x69) return undefined;
  return Buffer.from(rowKey).toString('latin1', identifierAt) as Identifier;
}

/** Bounds of all nodes of the index. */
export function indexNodes(): { gte: Uint8Array; lt: Uint8Array } {
  return { gte: keyOf('n', nothing), lt: keyOf('o', nothing) };
}

/** Bounds of the rows of all labels that come after one; of all labels when none is given. */
export function labelsAfter(label: Uint8Array = nothing): { gte: Uint8Array; lt: Uint8Array } {
  const beyond = label.length === 0 ? nothing : Buffer.from('v');
  return { gte: keyOf('h', label, beyond), lt: keyOf('i', nothing) };
}

/** Reads the label out of an `ownershipKey` or `updatesKey`. */
export function labelIn(rowKey: Uint8Array): Uint8Array {
  return rowKey.slice(1, 33);
}

const nothing = new Uint8Array(0);
const nul = Uint8Array.of(0);

function inLog(family: string, origin: string, rest: Uint8Array): Uint8Array {
  // An origin is one line of a note and holds no NUL, so no log's keys lie among another's.
  return keyOf(family, Buffer.from(origin), Buffer.concat([nul, rest]));
}

function keyOf(family: string, first: Uint8Array, second: Uint8Array = nothing): Uint8Array {
  const rowKey = takeBytes(1 + first.length + second.length);
  rowKey[0] = family.charCodeAt(0);
  rowKey.set(first, 1);
  rowKey.set(second, 1 + first.length);
  return rowKey;
}

/** FNV-1a with MurmurHash3's finalizer: no secret, and no harm where two identifiers share it. */
function spreadOf(octets: Uint8Array, from: number, end: number): number {
  let hash = 0x811c_9dc5;
  for (let index = from; index < end; index += 1)
    hash = Math.imul(hash ^ octets[index]!, 0x0100_0193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function number(value: number, width: number): Uint8Array {
  const bytes = Buffer.alloc(width);
  bytes.writeUIntBE(value, 0, width);
  return bytes;
}
