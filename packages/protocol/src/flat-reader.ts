/**
 * Reads entries and leaves of the usual form straight from their bytes. In deterministic CBOR all maps
 * with the same fields have these at the same places, so nearly everything that members read can be
 * compared with what must stand there, without a map in between: a fifth of the time, and of the
 * memory, that the codec takes. What does not fit is no verdict: then the codec reads it, and says
 * what is wrong if something is. The tests hold the two to each other. All byte strings are views of
 * what they were read from.
 */
import type { Entry } from './entry.ts';
import type { Leaf } from './leaf.ts';
import { utf8 } from './bytes.ts';

/** Reads an entry of a kind that has the common fields alone; its form is checked, not its rules. */
export function readCommonEntry(bytes: Uint8Array): Entry | undefined {
  const reader = new FlatReader(bytes);
  if (!reader.literal(entryHead) || !reader.literal(entryKeys.seq)) return undefined;
  const seq = reader.count();
  if (!reader.literal(entryKeys.sig)) return undefined;
  const sig = reader.taken(64);
  if (!reader.literal(entryKeys.kind)) return undefined;
  const kind = reader.oneOf(kindTexts, kindsRead);
  if (!reader.literal(entryKeys.lock)) return undefined;
  const lock = reader.flag();
  if (!reader.literal(entryKeys.prev)) return undefined;
  const prev = reader.hashOrNull();
  if (!reader.literal(entryKeys.email)) return undefined;
  const email = reader.hashOrNull();
  if (!reader.literal(entryKeys.epoch)) return undefined;
  const epoch = reader.count();
  if (!reader.literal(entryKeys.label)) return undefined;
  const label = reader.taken(32);
  if (!reader.literal(entryKeys.recovery)) return undefined;
  const recovery = reader.hashOrNull();
  if (!reader.literal(entryKeys.authority)) return undefined;
  const authority = reader.taken(32);
  if (!reader.literal(entryKeys.commitment)) return undefined;
  const commitment = reader.hashOrNull();
  if (!reader.literal(entryKeys.labelEpoch)) return undefined;
  const labelEpoch = reader.count();
  if (!reader.endsWell || kind === undefined) return undefined;
  const terms = { recovery, authority, commitment, labelEpoch };
  return { v: 1, seq, sig, kind, lock, prev, email, epoch, label, ...terms };
}

/** Reads a leaf with an entry. */
export function readEntryLeaf(bytes: Uint8Array): Leaf | undefined {
  const reader = new FlatReader(bytes);
  if (!reader.literal(leafHead) || !reader.literal(leafKeys.at)) return undefined;
  const at = reader.count();
  if (!reader.literal(leafKeys.role)) return undefined;
  const role = reader.oneOf(roleTexts, rolesRead);
  if (!reader.literal(leafKeys.entry)) return undefined;
  const entry = reader.longBytes();
  if (!reader.literal(leafKeys.charter)) return undefined;
  const charter = reader.taken(32);
  if (!reader.endsWell || role === undefined) return undefined;
  return { v: 1, at, charter, role, entry };
}

/** Kinds without fields of their own. */
const kindsRead = ['update', 'register', 'release'] as const;
const kindTexts = kindsRead.map(textOf);
/** Roles in which a leaf has an entry. */
const rolesRead = ['received', 'challenged', 'witnessed'] as const;
const roleTexts = rolesRead.map(textOf);

/** A map of 13 fields, and `v` with its value. */
const entryHead = Uint8Array.of(0xad, ...textOf('v'), 0x01);
/** Each with the head of its value where that is always the same. */
const entryKeys = {
  seq: textOf('seq'),
  sig: Uint8Array.of(...textOf('sig'), 0x58, 64),
  kind: textOf('kind'),
  lock: textOf('lock'),
  prev: textOf('prev'),
  email: textOf('email'),
  epoch: textOf('epoch'),
  label: Uint8Array.of(...textOf('label'), 0x58, 32),
  recovery: textOf('recovery'),
  authority: Uint8Array.of(...textOf('authority'), 0x58, 32),
  commitment: textOf('commitment'),
  labelEpoch: textOf('labelEpoch'),
};

/** A map of 5 fields, and `v` with its value. */
const leafHead = Uint8Array.of(0xa5, ...textOf('v'), 0x01);
const leafKeys = {
  at: textOf('at'),
  role: textOf('role'),
  entry: textOf('entry'),
  charter: Uint8Array.of(...textOf('charter'), 0x58, 32),
};

/** A short text as CBOR has it. */
function textOf(text: string): Uint8Array {
  return Uint8Array.of(0x60 + text.length, ...utf8(text));
}

const nothing = new Uint8Array(0);

/** Goes along the bytes; once something has not fitted, `endsWell` is false. */
class FlatReader {
  readonly #bytes: Uint8Array;
  #position = 0;
  #fits = true;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** True when everything has fitted and nothing is left. */
  get endsWell(): boolean {
    return this.#fits && this.#position === this.#bytes.length;
  }

  /** Passes over exactly these bytes. */
  literal(expected: Uint8Array): boolean {
    const start = this.#position;
    for (let i = 0; i < expected.length; i++) {
      if (this.#bytes[start + i] !== expected[i]) return false;
    }
    this.#position = start + expected.length;
    return true;
  }

  /** RFC 8949 §4.2.1: "Preferred serialization MUST be used", the shortest form of an argument. */
  count(): number {
    const initial = this.#bytes[this.#position++] ?? 0xff;
    if (initial < 24) return initial;
    if (initial > 27) return this.#misfit(0);
    const size = 1 << (initial - 24);
    let value = 0;
    for (let i = 0; i < size; i++) value = value * 256 + (this.#bytes[this.#position++] ?? 0);
    const shortest = value >= (size === 1 ? 24 : 2 ** (size * 4));
    return shortest && value <= Number.MAX_SAFE_INTEGER ? value : this.#misfit(0);
  }

  flag(): boolean {
    const byte = this.#bytes[this.#position++];
    return byte === 0xf4 || byte === 0xf5 ? byte === 0xf5 : this.#misfit(false);
  }

  /** A view: half the memory of a copy. */
  taken(size: number): Uint8Array {
    const start = this.#position;
    if (start + size > this.#bytes.length) return this.#misfit(nothing);
    this.#position = start + size;
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + start, size);
  }

  hashOrNull(): Uint8Array | null {
    const byte = this.#bytes[this.#position++];
    if (byte === 0xf6) return null;
    if (byte !== 0x58 || this.#bytes[this.#position++] !== 32) return this.#misfit(null);
    return this.taken(32);
  }

  /** A byte string of 256 to 65 535 bytes, as every entry is: a view. */
  longBytes(): Uint8Array {
    const start = this.#position + 3;
    if (this.#bytes[this.#position] !== 0x59) return this.#misfit(nothing);
    const size = (this.#bytes[start - 2] ?? 0) * 256 + (this.#bytes[start - 1] ?? 0);
    if (size < 256 || start + size > this.#bytes.length) return this.#misfit(nothing);
    this.#position = start;
    return this.taken(size);
  }

  /** The name whose text stands here. */
  oneOf<T extends string>(texts: readonly Uint8Array[], names: readonly T[]): T | undefined {
    for (let place = 0; place < texts.length; place++) {
      if (this.literal(texts[place]!)) return names[place];
    }
    return this.#misfit(undefined);
  }

  #misfit<T>(value: T): T {
    this.#fits = false;
    return value;
  }
}
