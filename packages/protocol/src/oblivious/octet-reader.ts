/**
 * Reads octets from the front, never past the end: what is missing is `undefined`, and nothing is ever
 * allocated for a length that was only claimed. Byte strings are views of what they were read from.
 */
export class OctetReader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#offset;
  }

  taken(size: number): Uint8Array | undefined {
    if (size > this.left) return undefined;
    this.#offset += size;
    return this.#bytes.subarray(this.#offset - size, this.#offset);
  }

  /** A number of 1 or 2 octets, the highest first. */
  uint(octets: 1 | 2): number | undefined {
    const taken = this.taken(octets);
    if (taken === undefined) return undefined;
    return octets === 1 ? taken[0] : taken[0]! * 256 + taken[1]!;
  }

  /** RFC 9000 §16: the two highest bits of the first octet say of how many octets it is the first. */
  varint(): number | undefined {
    const first = this.taken(1)?.[0];
    if (first === undefined) return undefined;
    const rest = this.taken(2 ** (first >> 6) - 1);
    if (rest === undefined) return undefined;
    // Above 2^53 numbers are not exact; no length comes near.
    return rest.reduce((value, octet) => value * 256 + octet, first & 0x3f);
  }

  /** A length and so many octets. */
  counted(): Uint8Array | undefined {
    const size = this.varint();
    return size === undefined ? undefined : this.taken(size);
  }
}

/** Encodes a number below 2^30 in the fewest octets (RFC 9000 §16). */
export function encodeVarint(value: number): Uint8Array {
  if (value < 0x40) return Uint8Array.of(value);
  if (value < 0x4000) return Uint8Array.of(0x40 | (value >> 8), value & 0xff);
  return Uint8Array.of(
    0x80 | (value >> 24),
    (value >> 16) & 0xff,
    (value >> 8) & 0xff,
    value & 0xff,
  );
}
