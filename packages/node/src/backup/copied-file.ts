/** One file of a backup: copied and hashed in pieces, flushed, and never faster than it may. */
import { createHash } from 'node:crypto';
import { constants, open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { isTableSound } from '@callbook/replication/replica';
import { DirectoryError } from '@callbook/protocol';
import type { ReplicationErrorCode } from '@callbook/replication';

const pieceBytes = 1 << 20;
/** LevelDB makes tables of 2 MiB, and larger ones of rows that are. */
const tableBytesMax = 256 << 20;

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

/** Copies a file and flushes it to the disk; returns its SHA-256 in hexadecimal. Error: `store_damaged`. */
export async function copyFile(options: CopyOptions): Promise<string> {
  await using from = await open(options.from, 'r');
  await using to = await open(
    options.to,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL,
    0o600,
  );
  const hash = createHash('sha256');
  const isChecked = options.isTable && options.size <= tableBytesMax;
  const table = isChecked ? Buffer.allocUnsafeSlow(options.size) : undefined;
  let at = 0;
  for await (const piece of pieces(from, options.size)) {
    hash.update(piece);
    table?.set(piece, at);
    await writeWhole(to, piece);
    at += piece.length;
    options.onBytes(piece.length);
    await options.pace.spend(piece.length);
  }
  if (at < options.size) throw changed();
  if (table !== undefined && !isTableSound(table)) throw changed();
  await to.sync();
  return hash.digest('hex');
}

/** A disk that is nearly full takes a part of a piece, and says why with the rest. */
async function writeWhole(to: FileHandle, piece: Uint8Array): Promise<void> {
  for (let at = 0; at < piece.length;) at += (await to.write(piece, at)).bytesWritten;
}

/** Hashes the first `size` bytes of a file; undefined where it has another size. */
export async function hashFile(path: string, size: number): Promise<string | undefined> {
  await using file = await open(path, 'r');
  if ((await file.stat()).size !== size) return undefined;
  const hash = createHash('sha256');
  for await (const piece of pieces(file, size)) hash.update(piece);
  return hash.digest('hex');
}

/** Each piece is gone with the next. */
async function* pieces(file: FileHandle, size: number): AsyncGenerator<Uint8Array> {
  const room = Buffer.allocUnsafeSlow(Math.min(pieceBytes, Math.max(1, size)));
  for (let at = 0; at < size;) {
    const { bytesRead } = await file.read(room, 0, Math.min(room.length, size - at), at);
    if (bytesRead === 0) return;
    yield room.subarray(0, bytesRead);
    at += bytesRead;
  }
}

function changed(): DirectoryError<ReplicationErrorCode> {
  return new DirectoryError('store_damaged', 'a table of the store is not what was written to it');
}
