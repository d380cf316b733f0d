/**
 * Checks the checksums inside a LevelDB table. LevelDB itself looks at them only where it repairs, so that
 * a table that the disk has changed would be served, compacted and copied as it is. Format:
 * https://github.com/google/leveldb/blob/main/doc/table_format.md
 */
import { crc32c, masked, VarintReader } from './leveldb-coding.ts';
import { uncompressSnappy } from './snappy.ts';

const footerBytes = 48;
const magic = 0xdb4775248b80fb57n;
/** One byte that says how the block is compressed, and its checksum. */
const trailerBytes = 5;

/**
 * Tells whether every block of a table, index and all, has the checksum that was written with it. `onBlock` is
 * called after each: a table takes some ten milliseconds.
 */
export function isTableSound(table: Uint8Array, onBlock?: () => void): boolean {
  return soundBlocks(bufferOver(table), onBlock) !== undefined;
}

/** The blocks of a table as they were before they were compressed; undefined unless all are sound. */
export function tableBlocks(table: Uint8Array): Uint8Array[] | undefined {
  const bytes = bufferOver(table);
  return soundBlocks(bytes)?.map((handle) => plainBlock(bytes, handle));
}

/** Where the blocks are; undefined unless all are sound. */
function soundBlocks(table: Buffer, onBlock?: () => void): BlockHandle[] | undefined {
  const footerAt = table.length - footerBytes;
  if (footerAt < 0 || table.readBigUInt64LE(table.length - 8) !== magic) return undefined;
  try {
    const footer = new VarintReader(table.subarray(footerAt));
    const [metaIndex, index] = [readHandle(footer), readHandle(footer)];
    if (!isBlockSound(table, metaIndex) || !isBlockSound(table, index)) return undefined;
    const data = handlesIn(plainBlock(table, index));
    for (const handle of data) {
      if (!isBlockSound(table, handle)) return undefined;
      onBlock?.();
    }
    return [...data, metaIndex, index];
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function bufferOver({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** The byte behind a block says how it is compressed: 0 for not at all, 1 by Snappy. */
function plainBlock(table: Buffer, { offset, size }: BlockHandle): Buffer {
  const block = table.subarray(offset, offset + size);
  const kind = table[offset + size]!;
  if (kind === 0) return block;
  if (kind !== 1) throw new RangeError('compressed in an unknown way');
  return Buffer.from(uncompressSnappy(block).buffer);
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
    handles.push(readHandle(reader));
    if (reader.position !== valueEnd) throw new RangeError('a handle has another size');
  }
  return handles;
}

function readHandle(reader: VarintReader): BlockHandle {
  return { offset: reader.varint(), size: reader.varint() };
}
