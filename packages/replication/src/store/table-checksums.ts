/**
 * Checks the checksums inside a LevelDB table. LevelDB itself looks at them only where it repairs, so that
 * a table that the disk has changed would be served, compacted and copied as it is. Format:
 * https://github.com/google/leveldb/blob/main/doc/table_format.md
 */

const footerBytes = 48;
const magic = 0xdb4775248b80fb57n;
/** One byte that says how the block is compressed, and its checksum. */
const trailerBytes = 5;

/** Tells whether every block of a table, index and all, has the checksum that was written with it. */
export function isTableSound(table: Uint8Array): boolean {
  const bytes = Buffer.from(table.buffer, table.byteOffset, table.byteLength);
  const footerAt = bytes.length - footerBytes;
  if (footerAt < 0 || bytes.readBigUInt64LE(bytes.length - 8) !== magic) return false;
  try {
    const footer = new VarintReader(bytes.subarray(footerAt));
    const [metaIndex, index] = [footer.handle(), footer.handle()];
    if (!isBlockSound(bytes, metaIndex) || !isBlockSound(bytes, index)) return false;
    const { offset, size } = index;
    return handlesIn(bytes.subarray(offset, offset + size)).every((handle) =>
      isBlockSound(bytes, handle),
    );
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

interface BlockHandle {
  readonly offset: number;
  readonly size: number;
}

function isBlockSound(table: Buffer, { offset, size }: BlockHandle): boolean {
  const end = offset + size;
  if (end + trailerBytes > table.length) return false;
  // "the crc32c of the data and the type", masked so that a checksum of checksums says something.
  const stated = table.readUInt32LE(end + 1);
  return stated === masked(crc32c(table, offset, end + 1));
}

/** Reads where the data blocks are: the values of the index, in whose entries keys share beginnings. */
function handlesIn(index: Buffer): BlockHandle[] {
  const restartCount = index.readUInt32LE(index.length - 4);
  const end = index.length - 4 - 4 * restartCount;
  if (end < 0) throw new RangeError('the index ends early');
  const reader = new VarintReader(index.subarray(0, end));
  const handles: BlockHandle[] = [];
  while (!reader.isAtEnd) {
    reader.varint();
    const [keyBytes, valueBytes] = [reader.varint(), reader.varint()];
    reader.skip(keyBytes);
    const valueEnd = reader.position + valueBytes;
    handles.push(reader.handle());
    if (reader.position !== valueEnd) throw new RangeError('a handle has another size');
  }
  return handles;
}

class VarintReader {
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

  handle(): BlockHandle {
    return { offset: this.varint(), size: this.varint() };
  }
}

function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282_ead8) >>> 0;
}

/** Castagnoli's polynomial, reversed. */
const polynomial = 0x82f6_3b78;
/** For four bytes at a time: table k is of a byte with k zero bytes behind it. */
const tables = crcTables();

function crcTables(): readonly [Uint32Array, Uint32Array, Uint32Array, Uint32Array] {
  const first = Uint32Array.from({ length: 256 }, (_nothing, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    return crc;
  });
  const next = (before: Uint32Array): Uint32Array =>
    before.map((crc) => (crc >>> 8) ^ first[crc & 255]!);
  const second = next(first);
  const third = next(second);
  return [first, second, third, next(third)];
}

/** CRC-32C of the bytes from `from` to `end`. */
function crc32c(bytes: Buffer, from: number, end: number): number {
  const [one, two, three, four] = tables;
  let crc = 0xffff_ffff;
  let at = from;
  for (; at + 4 <= end; at += 4) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    crc =
      four[crc & 255]! ^ three[(crc >>> 8) & 255]! ^ two[(crc >>> 16) & 255]! ^ one[crc >>> 24]!;
  }
  for (; at < end; at += 1) crc = (crc >>> 8) ^ one[(crc ^ bytes[at]!) & 255]!;
  return (crc ^ 0xffff_ffff) >>> 0;
}
