/** How LevelDB writes numbers and checksums, in its tables and its logs alike. */

/** Reads what LevelDB writes with varints; a RangeError says that the bytes end early. */
export class VarintReader {
  position = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.position >= this.#bytes.length;
  }

  skip(count: number): void {
    this.position += count;
    if (this.position > this.#bytes.length) throw new RangeError('ends early');
  }

  varint(): number {
    let [value, factor] = [0, 1];
    for (;;) {
      const byte = this.#bytes.readUInt8(this.position++);
      value += (byte & 127) * factor;
      if (value > Number.MAX_SAFE_INTEGER) throw new RangeError('no size');
      if (byte < 128) return value;
      factor *= 128;
    }
  }
}

/** As a checksum is stored, "so that a checksum of checksums says something".*/
export function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282_ead8) >>> 0;
}

/** Castagnoli's polynomial, reversed. */
const polynomial = 0x82f6_3b78;
const tableCount = 8;
/** For eight bytes at a time: 256 values a table, and table k is of a byte with k zero bytes behind it. */
const tables = crcTables();

function crcTables(): Int32Array {
  const all = new Int32Array(256 * tableCount);
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    all[byte] = crc;
  }
  for (let at = 256; at < all.length; at += 1) {
    const before = all[at - 256]!;
    all[at] = (before >>> 8) ^ all[before & 255]!;
  }
  return all;
}

/** CRC-32C of the bytes from `from` to `end`. */
export function crc32c(bytes: Buffer, from: number, end: number): number {
  let crc = -1;
  let at = from;
  for (; at + tableCount <= end; at += tableCount) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    crc =
      tables[0x700 + (crc & 255)]! ^
      tables[0x600 + ((crc >>> 8) & 255)]! ^
      tables[0x500 + ((crc >>> 16) & 255)]! ^
      tables[0x400 + (crc >>> 24)]! ^
      tables[0x300 + bytes[at + 4]!]! ^
      tables[0x200 + bytes[at + 5]!]! ^
      tables[0x100 + bytes[at + 6]!]! ^
      tables[bytes[at + 7]!]!;
  }
  for (; at < end; at += 1) crc = (crc >>> 8) ^ tables[(crc ^ bytes[at]!) & 255]!;
  return ~crc >>> 0;
}
