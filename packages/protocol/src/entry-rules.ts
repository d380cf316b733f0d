/**
 * The form of entries: which fields each kind has, what a field may hold, and what the kinds ask of
 * them. Everything here follows from the entry's own bytes; no other entry, key or clock is needed.
 */
import { isCborMap } from './cbor.ts';
import type { CborValue } from './cbor.ts';
import type { Entry, EntryKind, RequestClass } from './entry.ts';

/** Returns the entry that a decoded value is, or what is wrong with it. */
export function entryOf(value: CborValue): Entry | string {
  if (!isCborMap(value)) return 'entry is not a map';
  const kind = value['kind'];
  if (!isKind(kind)) return 'field kind is missing or unknown';
  const { required, optional } = kindFields[kind];
  let present = 0;
  for (const field of required) {
    const item = value[field];
    if (item === undefined) return `field ${field} is missing`;
    if (!fieldChecks[field](item)) return `field ${field} has the wrong type, size or value`;
    present++;
  }
  for (const field of optional) {
    const item = value[field];
    if (item === undefined) continue;
    if (!fieldChecks[field](item)) return `field ${field} has the wrong type, size or value`;
    present++;
  }
  const count = Object.keys(value).length;
  if (count !== present) return `${count} fields, of which ${kind} knows ${present}`;
  const entry = value as unknown as Entry; // every field was checked above
  return kindProblemOf(entry) ?? entry;
}

type FieldName = keyof Required<Entry>;

const commonFields: readonly FieldName[] = [
  'v',
  'kind',
  'labelEpoch',
  'label',
  'epoch',
  'seq',
  'prev',
  'authority',
  'commitment',
  'recovery',
  'lock',
  'email',
  'sig',
];

interface KindFields {
  readonly required: readonly FieldName[];
  readonly optional: readonly FieldName[];
}

const common: KindFields = { required: commonFields, optional: [] };

const kindFields: Readonly<Record<EntryKind, KindFields>> = {
  register: common,
  rotate: { required: [...commonFields, 'newSig'], optional: [] },
  release: common,
  request: { required: [...commonFields, 'class'], optional: ['recoverySig'] },
  veto: { required: [...commonFields, 'request'], optional: [] },
  commit: { required: [...commonFields, 'request'], optional: [] },
  update: common,
};

const requestClasses: Readonly<Record<RequestClass, true>> = {
  recovery: true,
  email: true,
  possession: true,
};

const fieldChecks: Readonly<Record<FieldName, (value: CborValue) => boolean>> = {
  v: (value) => value === 1,
  kind: isKind,
  labelEpoch: isCount,
  label: is32Bytes,
  epoch: isCount,
  seq: isCount,
  prev: is32BytesOrNull,
  authority: is32Bytes,
  commitment: is32BytesOrNull,
  recovery: is32BytesOrNull,
  lock: (value) => typeof value === 'boolean',
  email: is32BytesOrNull,
  request: is32Bytes,
  class: (value) => typeof value === 'string' && Object.hasOwn(requestClasses, value),
  recoverySig: (value) => isBytes(value, 96),
  newSig: (value) => isBytes(value, 64),
  sig: (value) => isBytes(value, 64),
};

/** Returns what an entry's kind forbids in it: docs/spec/entries.md, "Kinds". */
export function kindProblemOf(entry: Entry): string | undefined {
  const { kind } = entry;
  if (kind === 'update' && entry.seq === 0) return 'seq of an update is 0, at least 1';
  if (entry.seq > 0 && setsPayload(kind)) return `seq of a ${kind} is ${entry.seq}, at most 0`;
  if ((entry.prev !== null) !== followsEntry(entry)) return 'prev does not fit the kind';
  if (kind === 'commit' && entry.epoch === 0) return 'epoch of a commit is 0, at least 1';
  if (entry.class === 'recovery' && entry.recoverySig === undefined) {
    return 'recoverySig is missing in a request of class recovery';
  }
  const setsTerms = kind !== 'release' && kind !== 'request' && kind !== 'veto';
  return setsTerms || setsNothing(entry)
    ? undefined
    : `commitment, recovery, lock or email is set in a ${kind}`;
}

/**
 * Ownership kinds with a payload: a second attempt differs by its commitment. The other kinds have
 * nothing else to differ by, so they count their attempts in `seq`.
 */
function setsPayload(kind: EntryKind): boolean {
  return kind === 'register' || kind === 'rotate' || kind === 'commit';
}

/** Kinds that name an earlier entry in `prev`; a commit and a veto name theirs in `request`. */
function followsEntry({ kind, epoch }: Entry): boolean {
  if (kind === 'register') return epoch > 0;
  return kind === 'rotate' || kind === 'release' || kind === 'update';
}

function setsNothing({ commitment, recovery, lock, email }: Entry): boolean {
  return commitment === null && recovery === null && !lock && email === null;
}

function isKind(value: CborValue | undefined): value is EntryKind {
  return typeof value === 'string' && Object.hasOwn(kindFields, value);
}

function isCount(value: CborValue): boolean {
  return typeof value === 'number' && value >= 0;
}

function is32Bytes(value: CborValue): boolean {
  return isBytes(value, 32);
}

function is32BytesOrNull(value: CborValue): boolean {
  return value === null || isBytes(value, 32);
}

function isBytes(value: CborValue, size: number): boolean {
  return value instanceof Uint8Array && value.length === size;
}
