/**
 * Records of a run, in partitions by the first byte of their labels: so each label is folded once,
 * with all that the run says of it, in little memory. What is more than a few megabytes goes to files,
 * which are thrown away with the run: if we are killed, the next start throws them away. Memory is given
 * back by hand: a collector that counts what is in its heap alone would come late.
 */
import { appendFileSync, closeSync, mkdirSync, openSync, readSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { folderError } from '../errors.ts';
import { partitionCount, runBytesInMemoryMax } from '../limits.ts';

/** Records in the order of their partitions, and where those of each partition end. */
interface Held {
  readonly records: Uint8Array;
  readonly ends: Uint32Array;
}

export class RecordSpill implements Disposable {
  readonly #path: string;
  readonly #onDisk = new Uint32Array(partitionCount);
  #held: Held[] = [];
  #inMemory = 0;
  /** Where a partition is put together; the next one overwrites it. */
  #scratch: Uint8Array = new Uint8Array(0);

  constructor(path: string) {
    this.#path = path;
    rmSync(path, { recursive: true, force: true });
  }

  /** Takes records that stand in the order of their partitions, and their memory with them. */
  add(records: Uint8Array, ends: Uint32Array): void {
    this.#held.push({ records, ends });
    this.#inMemory += records.length;
    if (this.#inMemory > runBytesInMemoryMax) this.#flush();
  }

  /** All records of a partition, which are forgotten: views of what the next call overwrites. */
  take(place: number): Uint8Array {
    const stored = this.#onDisk[place]!;
    const size = stored + this.#heldBytes(place);
    this.#reserve(size);
    if (stored > 0) guarded(() => this.#readStored(place, stored));
    this.#onDisk[place] = 0;
    this.#gather(place, stored);
    return this.#scratch.subarray(0, size);
  }

  #flush(): void {
    for (let place = 0; place < partitionCount; place++) {
      const size = this.#heldBytes(place);
      if (size === 0) continue;
      this.#reserve(size);
      this.#gather(place, 0);
      guarded(() => {
        mkdirSync(this.#path, { recursive: true });
        appendFileSync(this.#file(place), this.#scratch.subarray(0, size));
      });
      this.#onDisk[place]! += size;
    }
    this.#release();
  }

  #heldBytes(place: number): number {
    let size = 0;
    for (const { ends } of this.#held) size += ends[place]! - startOf(ends, place);
    return size;
  }

  #reserve(size: number): void {
    // A length that doubles, as partitions are nearly of one size.
    if (this.#scratch.length < size)
      this.#scratch = new Uint8Array(2 ** Math.ceil(Math.log2(size)));
  }

  #readStored(place: number, size: number): void {
    const file = openSync(this.#file(place), 'r');
    try {
      for (let read = 0; read < size;) {
        const more = readSync(file, this.#scratch, read, size - read, read);
        if (more === 0) throw new Error('records are missing');
        read += more;
      }
    } finally {
      closeSync(file);
    }
    rmSync(this.#file(place));
  }

  /** Copies what is held of a partition to `scratch`. */
  #gather(place: number, offset: number): void {
    let at = offset;
    for (const { records, ends } of this.#held) {
      const part = records.subarray(startOf(ends, place), ends[place]);
      this.#scratch.set(part, at);
      at += part.length;
    }
  }

  #release(): void {
    for (const { records } of this.#held) (records.buffer as ArrayBuffer).transfer(0);
    this.#held = [];
    this.#inMemory = 0;
  }

  #file(place: number): string {
    return join(this.#path, String(place));
  }

  [Symbol.dispose](): void {
    this.#release();
    rmSync(this.#path, { recursive: true, force: true });
  }
}

function startOf(ends: Uint32Array, place: number): number {
  return place === 0 ? 0 : ends[place - 1]!;
}

function guarded<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw folderError(error);
  }
}
