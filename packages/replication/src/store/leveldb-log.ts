/**
 * The records of a LevelDB log: the write-ahead logs of a store, and its manifest, are files of this format:
 * https://github.com/google/leveldb/blob/main/doc/log_format.md
 */
import { crc32c, masked } from './leveldb-coding.ts';

const blockBytes = 32_768;
/** Checksum, length, kind. */
const headerBytes = 7;
const kinds = { full: 1, first: 2, middle: 3, last: 4 } as const;

/**
 * The records of a log up to the first that cannot be read. It is whole unless something that can be read
 * stands behind one that cannot.
 */
export function readRecords(log: Buffer): {
  readonly records: Buffer[];
  readonly isWhole: boolean;
} {
  const records: Buffer[] = [];
  let parts: Buffer[] = [];
  let isTorn = false;
  for (let at = 0; at < log.length;) {
    const blockEnd = Math.min(log.length, at - (at % blockBytes) + blockBytes);
    const record = blockEnd - at < headerBytes ? undefined : readPart(log, at, blockEnd);
    if (record === undefined) {
      // "a block is never left with fewer than seven bytes but as a trailer", which is no record.
      isTorn ||= blockEnd - at >= headerBytes;
      at = blockEnd;
      continue;
    }
    if (isTorn) return { records, isWhole: false };
    const { kind, end } = record;
    const startsAnew = kind === kinds.full || kind === kinds.first;
    if (startsAnew !== (parts.length === 0)) return { records, isWhole: false };
    parts.push(log.subarray(at + headerBytes, end));
    if (kind === kinds.full || kind === kinds.last) {
      records.push(parts.length === 1 ? parts[0]! : Buffer.concat(parts));
      parts = [];
    }
    at = end;
  }
  return { records, isWhole: true };
}

function readPart(
  log: Buffer,
  at: number,
  blockEnd: number,
): { readonly kind: number; readonly end: number } | undefined {
  const kind = log[at + 6]!;
  const end = at + headerBytes + log.readUInt16LE(at + 4);
  if (end > blockEnd || kind < kinds.full || kind > kinds.last) return undefined;
  return log.readUInt32LE(at) === masked(crc32c(log, at + 6, end)) ? { kind, end } : undefined;
}
