/**
 * Deterministic CBOR (RFC 8949 §4.2.1), the only encoding of what is signed or logged. One value has
 * one encoding and one encoding has one value, so a hash of the bytes names the value. The subset:
 * integers up to 2^53 - 1 in magnitude, byte and text strings, arrays, maps with text keys, true,
 * false and null; no floats, no tags.
 */
import { assert } from './assert.ts';
import { compareBytes, utf8 } from './bytes.ts';
import { CborReader, CborRefusal } from './cbor-reader.ts';
import { accept, reject } from './verdict.ts';
import type { Cryptography } from './crypto/cryptography.ts';
import type { Verdict } from './verdict.ts';

/** The values of the deterministic subset of CBOR that entries use. */
export type CborValue =
  | number
  | Uint8Array
  | string
  | boolean
  | null
  | readonly CborValue[]
  | { readonly [name: string]: CborValue };

/**
 * Parses exactly one item and nothing after it; code `cbor_malformed`. Byte strings over 64 bytes
 * are views of `bytes`, which must not change afterwards.
 */
export function parseCbor(bytes: Uint8Array): Verdict<CborValue> {
  const reader = new CborReader(bytes);
  try {
    const value = reader.item(0);
    return reader.ended
      ? accept(value)
      : reject('cbor_malformed', `byte ${reader.position}: trailing bytes`);
  } catch (error) {
    if (error instanceof CborRefusal) return reject('cbor_malformed', error.message);
    throw error;
  }
}

/** Encodes a value; throws on what the subset does not hold (fractions, lone surrogates). */
export function encodeCbor(value: CborValue): Uint8Array {
  const writer = new CborWriter();
  writer.item(value);
  return writer.written.slice();
}

/** Returns SHA-256(prefix ‖ encoding of the value), 32 bytes, without keeping the encoding. */
export function hashCbor(prefix: Uint8Array, value: CborValue, crypto: Cryptography): Uint8Array {
  const writer = new CborWriter();
  writer.item(value);
  return crypto.sha256(prefix, writer.written);
}

/** Tells a map from the other values. */
export function isCborMap(value: CborValue): value is { readonly [name: string]: CborValue } {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array)
  );
}

/**
 * Returns `prefix`, then the encoding of the map in `encoded` without the fields `names`: what a
 * signature inside a map covers, cut out of the bytes instead of encoded again. `encoded` is a flat
 * map of at most 23 pairs that `parseCbor` accepted; each name is one of its keys.
 */
export function encodeWithout(
  encoded: Uint8Array,
  names: readonly string[],
  prefix: Uint8Array,
): Uint8Array {
  const reader = new CborReader(encoded);
  const count = reader.mapHead();
  const whole = new Uint8Array(prefix.length + encoded.length);
  whole.set(prefix);
  whole[prefix.length] = 0xa0 + count - names.length;
  let size = prefix.length + 1;
  let keptFrom = reader.position;
  let removed = 0;
  for (let i = 0; i < count && removed < names.length; i++) {
    const start = reader.position;
    const name = reader.text();
    reader.skipFlat();
    if (!names.includes(name)) continue;
    removed++;
    whole.set(encoded.subarray(keptFrom, start), size);
    size += start - keptFrom;
    keptFrom = reader.position;
  }
  assert(removed === names.length && count < 24, 'a field to leave out is missing');
  whole.set(encoded.subarray(keptFrom), size);
  return whole.subarray(0, size + encoded.length - keptFrom);
}

/** Where values are encoded, one at a time: memory outside the engine's heap costs most to collect. */
let scratch = new Uint8Array(64 * 1024);

/** Encodes one value; what another writer has written is gone when a second begins. */
class CborWriter {
  #size = 0;

  /** Good until the next writer begins. */
  get written(): Uint8Array {
    return scratch.subarray(0, this.#size);
  }

  item(value: CborValue): void {
    if (value === null) this.#byte(0xf6);
    else if (typeof value === 'boolean') this.#byte(value ? 0xf5 : 0xf4);
    else if (typeof value === 'number') this.#integer(value);
    else if (typeof value === 'string') this.#text(value);
    else if (value instanceof Uint8Array) this.#byteString(value);
    else if (Array.isArray(value)) this.#array(value);
    else {
      assert(isCborMap(value), 'value is of no CBOR type');
      this.#map(value);
    }
  }

  #integer(value: number): void {
    assert(Number.isSafeInteger(value), 'number is no integer of at most 2^53 - 1 in magnitude');
    if (value >= 0) this.#head(0, value);
    else this.#head(1, -1 - value);
  }

  #byteString(value: Uint8Array): void {
    this.#head(2, value.length);
    this.#append(value);
  }

  #text(value: string): void {
    if (isAscii(value)) {
      this.#head(3, value.length);
      this.#reserve(value.length);
      for (let i = 0; i < value.length; i++) scratch[this.#size++] = value.charCodeAt(i);
      return;
    }
    assert(value.isWellFormed(), 'text has a lone surrogate');
    const bytes = utf8(value);
    this.#head(3, bytes.length);
    this.#append(bytes);
  }

  #array(values: readonly CborValue[]): void {
    this.#head(4, values.length);
    for (const value of values) this.item(value);
  }

  #map(map: { readonly [name: string]: CborValue }): void {
    const names = Object.keys(map).sort(compareNames);
    this.#head(5, names.length);
    for (const name of names) {
      const value = map[name];
      assert(value !== undefined, 'map field is undefined');
      this.#text(name);
      this.item(value);
    }
  }

  #head(major: number, argument: number): void {
    const type = major << 5;
    if (argument < 24) this.#byte(type | argument);
    else if (argument < 0x100) this.#argument(type | 24, argument, 1);
    else if (argument < 0x10000) this.#argument(type | 25, argument, 2);
    else if (argument < 0x100000000) this.#argument(type | 26, argument, 4);
    else this.#argument(type | 27, argument, 8);
  }

  #argument(initial: number, argument: number, size: 1 | 2 | 4 | 8): void {
    this.#byte(initial);
    this.#reserve(size);
    let rest = argument;
    for (let i = size - 1; i >= 0; i--) {
      scratch[this.#size + i] = rest % 256;
      rest = Math.floor(rest / 256);
    }
    this.#size += size;
  }

  #append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    scratch.set(bytes, this.#size);
    this.#size += bytes.length;
  }

  #byte(byte: number): void {
    this.#reserve(1);
    scratch[this.#size++] = byte;
  }

  #reserve(size: number): void {
    if (this.#size + size <= scratch.length) return;
    const larger = new Uint8Array(Math.max(scratch.length * 2, this.#size + size));
    larger.set(scratch.subarray(0, this.#size));
    scratch = larger;
  }
}

/**
 * RFC 8949 §4.2.1: "The keys in every map MUST be sorted in the bytewise lexicographic order of
 * their deterministic encodings." The head comes first and grows with the length, so shorter keys
 * come first; after that UTF-8, whose order UTF-16 does not keep outside ASCII.
 */
function compareNames(a: string, b: string): number {
  if (isAscii(a) && isAscii(b)) return a.length - b.length || (a < b ? -1 : 1);
  const [bytesA, bytesB] = [utf8(a), utf8(b)];
  return bytesA.length - bytesB.length || compareBytes(bytesA, bytesB);
}

/** A loop over character codes takes nanoseconds where `TextEncoder` takes most of a microsecond. */
function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}
