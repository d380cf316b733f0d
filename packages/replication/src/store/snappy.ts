/**
 * Reads what Snappy has compressed, as LevelDB does with blocks of its tables. Format:
 * https://github.com/google/snappy/blob/main/format_description.txt
 */

/** Blocks are some kilobytes; what says it is larger is damaged. */
const plainBytesMax: number = 1 << 28;

/** Throws `RangeError` on what is not whole. */
export function uncompressSnappy(compressed: Uint8Array): Uint8Array {
  const reader = new SnappyReader(compressed);
  const size = reader.varint();
  if (size > plainBytesMax) throw new RangeError('larger than any block');
  const plain = new Uint8Array(size);
  let filled = 0;
  while (!reader.isAtEnd) {
    const tag = reader.number(1);
    const kind = tag & 3;
    if (kind === 0) {
      // "the upper six bits are (len-1)"; from 60 on they say how many bytes hold it.
      const short = tag >> 2;
      const literal = reader.bytes((short < 60 ? short : reader.number(short - 59)) + 1);
      if (filled + literal.length > size) throw new RangeError('longer than it says');
      plain.set(literal, filled);
      filled += literal.length;
      continue;
    }
    const length = kind === 1 ? 4 + ((tag >> 2) & 7) : 1 + (tag >> 2);
    const offset =
      kind === 1 ? (tag >> 5) * 256 + reader.number(1) : reader.number(kind === 2 ? 2 : 4);
    if (offset === 0 || offset > filled || filled + length > size)
      throw new RangeError('copies what is not there');
    // Byte by byte: what is copied may have begun with this very copy.
    for (const end = filled + length; filled < end; filled += 1)
      plain[filled] = plain[filled - offset]!;
  }
  if (filled !== size) throw new RangeError('shorter than it says');
  return plain;
}

class SnappyReader {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#position === this.#bytes.length;
  }

  bytes(count: number): Uint8Array {
    const end = this.#position + count;
    if (end > this.#bytes.length) throw new RangeError('ends early');
    const taken = this.#bytes.subarray(this.#position, end);
    this.#position = end;
    return taken;
  }

  /** Little-endian, of one to four bytes. */
  number(count: number): number {
    return this.bytes(count).reduceRight((value, byte) => value * 256 + byte, 0);
  }

  varint(): number {
    for (let [value, factor] = [0, 1]; ; factor *= 128) {
      const byte = this.number(1);
      value += (byte & 127) * factor;
      if (value > plainBytesMax) return value;
      if (byte < 128) return value;
    }
  }
}
