/**
 * Records of a run, in partitions by the first byte of their labels: so each label is folded once,
 * with all that the run says of it, in little memory. What is more than a few megabytes goes to files,
 * which are thrown away with the run: if we are killed, the next start throws them away.
 */
import { appendFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { folderError } from '../errors.ts';
import { partitionCount, runBytesInMemoryMax } from '../limits.ts';

interface Partition {
  chunks: Uint8Array[];
  onDisk: boolean;
}

export class RecordSpill implements Disposable {
  readonly #path: string;
  readonly #partitions: readonly Partition[];
  #inMemory = 0;

  constructor(path: string) {
    this.#path = path;
    this.#partitions = Array.from({ length: partitionCount }, () => ({
      chunks: [],
      onDisk: false,
    }));
    rmSync(path, { recursive: true, force: true });
  }

  /** Takes records that stand in the order of their partitions. */
  add(records: Uint8Array, ends: Uint32Array): void {
    let start = 0;
    for (let place = 0; place < partitionCount; place++) {
      const end = ends[place]!;
      if (end > start) this.#append(this.#partitions[place]!, records.subarray(start, end));
      start = end;
    }
    this.#inMemory += records.length;
    if (this.#inMemory <= runBytesInMemoryMax) return;
    for (const place of this.#partitions.keys()) this.#flush(place);
    this.#inMemory = 0;
  }

  /** All records of a partition; they are forgotten. */
  take(place: number): Uint8Array {
    const partition = this.#partitions[place]!;
    const chunks = partition.chunks;
    const stored = partition.onDisk ? guarded(() => readFileSync(this.#file(place))) : undefined;
    const bytes = Buffer.concat(stored === undefined ? chunks : [stored, ...chunks]);
    partition.chunks = [];
    if (partition.onDisk) guarded(() => rmSync(this.#file(place)));
    partition.onDisk = false;
    return bytes;
  }

  #append(partition: Partition, bytes: Uint8Array): void {
    // A view would keep the whole answer of a thread.
    partition.chunks.push(bytes.slice());
  }

  #flush(place: number): void {
    const partition = this.#partitions[place]!;
    if (partition.chunks.length === 0) return;
    const bytes = Buffer.concat(partition.chunks);
    guarded(() => {
      if (!partition.onDisk) mkdirSync(this.#path, { recursive: true });
      appendFileSync(this.#file(place), bytes);
    });
    partition.onDisk = true;
    partition.chunks = [];
  }

  #file(place: number): string {
    return join(this.#path, String(place));
  }

  [Symbol.dispose](): void {
    rmSync(this.#path, { recursive: true, force: true });
  }
}

function guarded<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw folderError(error);
  }
}
