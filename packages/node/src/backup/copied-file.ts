/** One file of a backup: copied and hashed in pieces, flushed, and never faster than it may. */
import { createHash } from 'node:crypto';
import { readSync, writeSync } from 'node:fs';
import { constants, open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { isTableSound } from '@callbook/replication/replica';
import { DirectoryError } from '@callbook/protocol';
import type { ReplicationErrorCode } from '@callbook/replication';
import { Rests } from './rests.ts';

/**
 * A call of the system goes on to its end, whoever waits for the processor: so small that it is short. With so
 * many of them, threads that wait for each other would cost more than reading and writing.
 */
const pieceBytes = 64 << 10;
/** LevelDB makes tables of 2 MiB, and larger ones of rows that are. */
const tableBytesMax = 256 << 20;

const rests = new Rests();
let tableRoom = Buffer.allocUnsafeSlow(0);

/** Keeps a number of bytes a second on average; without a limit it never waits. */
export class Pace {
  readonly #bytesPerSecond: number;
  readonly #startedAtMs = performance.now();
  #bytes = 0;

  constructor(bytesPerSecond: number = Infinity) {
    this.#bytesPerSecond = bytesPerSecond;
  }

  async spend(bytes: number): Promise<void> {
    this.#bytes += bytes;
    const dueMs = this.#startedAtMs + (this.#bytes / this.#bytesPerSecond) * 1000;
    const waitMs = dueMs - performance.now();
    if (waitMs > 1) await sleep(waitMs);
  }
}

export interface CopyOptions {
  readonly from: string;
  /** Made new; nobody but its owner may read it. */
  readonly to: string;
  /** Bytes from the start; a file that is shorter is not copied. */
  readonly size: number;
  /** Whether the file is a table of a store, whose own checksums are looked at. */
  readonly isTable: boolean;
  readonly pace: Pace;
  readonly onBytes: (count: number) => void;
}

/**
 * Copies a file and flushes it to the disk, one file at a time; returns its SHA-256 in hexadecimal.
 * Error: `store_damaged`.
 */
export async function copyFile(options: CopyOptions): Promise<string> {
  await using from = await open(options.from, 'r');
  await using to = await open(
    options.to,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL,
    0o600,
  );
  const hash = createHash('sha256');
  const isChecked = options.isTable && options.size <= tableBytesMax;
  const table = isChecked ? roomFor(options.size) : undefined;
  let at = 0;
  for (const piece of pieces(from, options.size, table)) {
    hash.update(piece);
    writeWhole(to, piece);
    at += piece.length;
    options.onBytes(piece.length);
    rests.ifDue();
    await options.pace.spend(piece.length);
  }
  if (at < options.size) throw changed();
  if (table !== undefined && !isTableSound(table, () => rests.ifDue())) throw changed();
  await to.sync();
  return hash.digest('hex');
}

/** A disk that is nearly full takes a part of a piece, and says why with the rest. */
function writeWhole({ fd }: FileHandle, piece: Uint8Array): void {
  for (let at = 0; at < piece.length;) at += writeSync(fd, piece, at);
}

/** Hashes the first `size` bytes of a file; undefined where it has another size. */
export async function hashFile(path: string, size: number): Promise<string | undefined> {
  await using file = await open(path, 'r');
  if ((await file.stat()).size !== size) return undefined;
  const hash = createHash('sha256');
  for (const piece of pieces(file, size)) {
    hash.update(piece);
    rests.ifDue();
  }
  return hash.digest('hex');
}

/** Room for a table; the next one that is copied lies in it too. */
function roomFor(size: number): Buffer {
  if (tableRoom.length < size) tableRoom = Buffer.allocUnsafeSlow(size);
  return tableRoom.subarray(0, size);
}

/** Each piece is gone with the next, unless there is room for all of them. */
function* pieces({ fd }: FileHandle, size: number, whole?: Buffer): Generator<Uint8Array> {
  const room = whole ?? Buffer.allocUnsafeSlow(Math.min(pieceBytes, Math.max(1, size)));
  for (let at = 0; at < size;) {
    const start = whole === undefined ? 0 : at;
    const length = Math.min(pieceBytes, size - at);
    const bytesRead = readSync(fd, room, start, length, at);
    if (bytesRead === 0) return;
    yield room.subarray(start, start + bytesRead);
    at += bytesRead;
  }
}

function changed(): DirectoryError<ReplicationErrorCode> {
  return new DirectoryError('store_damaged', 'a table of the store is not what was written to it');
}
