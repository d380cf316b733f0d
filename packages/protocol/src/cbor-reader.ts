/**
 * The strict half of the CBOR codec: reads one item of the deterministic subset of RFC 8949 §4.2.1
 * and refuses everything else at the first byte that shows it. It was written by hand because
 * members parse tens of thousands of entries a second; cborg judges it in the tests.
 *
 * Byte strings are copied out, so that a 32-byte label never keeps a whole batch in memory.
 */
import { knownName, knownNameBytesMax } from './cbor-names.ts';
import { cborDepthMax } from './limits.ts';
import type { CborValue } from './cbor.ts';

/** Thrown by the reader, caught by `parseCbor`; never leaves the codec. */
export class CborRefusal extends Error {}

const major = {
  unsigned: 0,
  negative: 1,
  bytes: 2,
  text: 3,
  array: 4,
  map: 5,
  simple: 7,
} as const;

// `ignoreBOM` keeps a byte order mark as the character it is; without it, decoding loses it.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Up to this size V8 keeps a byte string in its own heap, and copying is cheaper than a view. Above
 * it, a view saves an allocation outside the heap, which costs most when it is collected.
 */
const copiedBytesMax = 64;

export class CborReader {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get position(): number {
    return this.#position;
  }

  get ended(): boolean {
    return this.#position === this.#bytes.length;
  }

  /** Reads one item of any type; `depth` counts the arrays and maps around it. */
  item(depth: number): CborValue {
    const initial = this.#byte();
    switch (initial >> 5) {
      case major.unsigned:
        return this.#argument(initial);
      case major.negative:
        return this.#negative(initial);
      case major.bytes:
        return this.#byteString(initial);
      case major.text:
        return this.#text(initial);
      case major.array:
        return this.#array(initial, depth);
      case major.map:
        return this.#map(initial, depth);
      case major.simple:
        return this.#simple(initial);
      default:
        throw this.#refusal('tag');
    }
  }

  /** Reads the head of a map: how many pairs follow. */
  mapHead(): number {
    const initial = this.#byte();
    if (initial >> 5 !== major.map) throw this.#refusal('not a map');
    return this.#length(initial, 2);
  }

  /** Reads a text string, such as the key of a pair. */
  text(): string {
    const initial = this.#byte();
    if (initial >> 5 !== major.text) throw this.#refusal('key is not text');
    return this.#text(initial);
  }

  /** Skips one item without nested ones, as all of an entry's are. */
  skipFlat(): void {
    const initial = this.#byte();
    const argument = this.#argument(initial);
    const type = initial >> 5;
    if (type === major.bytes || type === major.text) this.#position += argument;
  }

  #negative(initial: number): number {
    const value = -1 - this.#argument(initial);
    if (!Number.isSafeInteger(value)) throw this.#refusal('integer above 2^53 - 1 in magnitude');
    return value;
  }

  #byteString(initial: number): Uint8Array {
    const size = this.#length(initial, 1);
    const start = this.#position;
    this.#position = start + size;
    if (size > copiedBytesMax) return this.#bytes.subarray(start, this.#position);
    const copy = new Uint8Array(size);
    for (let i = 0; i < size; i++) copy[i] = this.#bytes[start + i]!;
    return copy;
  }

  #text(initial: number): string {
    const size = this.#length(initial, 1);
    const start = this.#position;
    this.#position = start + size;
    if (size <= knownNameBytesMax) {
      const name = knownName(this.#bytes, start, size);
      if (name !== undefined) return name;
    }
    if (size <= 32) {
      const text = asciiText(this.#bytes, start, size);
      if (text !== undefined) return text;
    }
    try {
      return decoder.decode(this.#bytes.subarray(start, start + size));
    } catch {
      throw this.#refusal('text is not UTF-8');
    }
  }

  #array(initial: number, depth: number): CborValue[] {
    const count = this.#length(initial, 1);
    this.#assertDepth(depth);
    const items: CborValue[] = [];
    for (let i = 0; i < count; i++) items.push(this.item(depth + 1));
    return items;
  }

  #map(initial: number, depth: number): { [name: string]: CborValue } {
    const count = this.#length(initial, 2);
    this.#assertDepth(depth);
    const map: { [name: string]: CborValue } = {};
    let previousStart = -1;
    let previousEnd = -1;
    for (let i = 0; i < count; i++) {
      const start = this.#position;
      const name = this.text();
      const end = this.#position;
      if (i > 0) this.#assertAscends([previousStart, previousEnd, start, end]);
      previousStart = start;
      previousEnd = end;
      setField(map, name, this.item(depth + 1));
    }
    return map;
  }

  /**
   * RFC 8949 §4.2.1: "The keys in every map MUST be sorted in the bytewise lexicographic order of
   * their deterministic encodings." Equal keys do not ascend either, so duplicates end here too.
   */
  #assertAscends(ranges: readonly [number, number, number, number]): void {
    const [previousStart, previousEnd, start, end] = ranges;
    const size = Math.min(previousEnd - previousStart, end - start);
    for (let i = 0; i < size; i++) {
      const difference = this.#bytes[start + i]! - this.#bytes[previousStart + i]!;
      if (difference > 0) return;
      if (difference < 0) throw this.#refusal('map keys not in order');
    }
    // The head holds the length, so no encoded key is a proper prefix of another.
    throw this.#refusal('map key twice');
  }

  #simple(initial: number): boolean | null {
    if (initial === 0xf4) return false;
    if (initial === 0xf5) return true;
    if (initial === 0xf6) return null;
    throw this.#refusal('float, undefined or unassigned simple value');
  }

  /** An argument that announces as many things, each of at least `bytesEach`, as must follow. */
  #length(initial: number, bytesEach: number): number {
    const length = this.#argument(initial);
    if (length * bytesEach > this.#bytes.length - this.#position) {
      throw this.#refusal('item is longer than the input');
    }
    return length;
  }

  /** RFC 8949 §4.2.1: "Preferred serialization MUST be used", the shortest form of an argument. */
  #argument(initial: number): number {
    const info = initial & 0x1f;
    if (info < 24) return info;
    if (info > 27) throw this.#refusal('indefinite length or reserved head');
    const size = 1 << (info - 24);
    let value = 0;
    for (let i = 0; i < size; i++) value = value * 256 + this.#byte();
    if (value > Number.MAX_SAFE_INTEGER) {
      throw this.#refusal('integer above 2^53 - 1 in magnitude');
    }
    if (value < (size === 1 ? 24 : 2 ** (size * 4))) throw this.#refusal('integer not shortest');
    return value;
  }

  #assertDepth(depth: number): void {
    if (depth >= cborDepthMax) throw this.#refusal(`nested deeper than ${cborDepthMax}`);
  }

  #byte(): number {
    const byte = this.#bytes[this.#position];
    if (byte === undefined) throw this.#refusal('input ends early');
    this.#position++;
    return byte;
  }

  #refusal(what: string): CborRefusal {
    return new CborRefusal(`byte ${this.#position}: ${what}`);
  }
}

/** The text when all of it is ASCII: several times faster than a `TextDecoder` for short keys. */
function asciiText(bytes: Uint8Array, start: number, size: number): string | undefined {
  let text = '';
  for (let i = start; i < start + size; i++) {
    const code = bytes[i]!;
    if (code > 0x7f) return undefined;
    text += String.fromCharCode(code);
  }
  return text;
}

function setField(map: { [name: string]: CborValue }, name: string, value: CborValue): void {
  if (name === '__proto__') {
    // Plain assignment would change the object's prototype and lose the field.
    Object.defineProperty(map, name, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  } else {
    map[name] = value;
  }
}
