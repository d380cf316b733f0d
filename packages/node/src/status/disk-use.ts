/** What the member's data take on their disk, and what is left there. */
import { readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { storeFolder } from '../config.ts';
import type { NodeConfig } from '../config.ts';

export interface DiskUse {
  /** What a user without privileges can still write. */
  readonly freeBytes: number;
  readonly sizeBytes: number;
  /** Of the replica's database, as it was within the last minutes. */
  readonly storeBytes: number;
}

/** A store of 10^8 bindings has some 75 000 files: nobody needs to count them at each look. */
const storeCountedForMs = 5 * 60_000;
const filesAtOnce = 64;

export class DiskWatch {
  readonly #config: NodeConfig;
  #store: { readonly atMs: number; readonly bytes: Promise<number> } | undefined;

  constructor(config: NodeConfig) {
    this.#config = config;
  }

  async look(nowMs: number): Promise<DiskUse> {
    const { bavail, bsize, blocks } = await statfs(this.#config.dataDir);
    const isOld = this.#store === undefined || nowMs - this.#store.atMs >= storeCountedForMs;
    if (isOld) this.#store = { atMs: nowMs, bytes: folderBytes(storeFolder(this.#config)) };
    const storeBytes = await this.#store!.bytes;
    return { freeBytes: bavail * bsize, sizeBytes: blocks * bsize, storeBytes };
  }
}

/** Files come and go under a running store: those that have gone meanwhile count nothing. */
async function folderBytes(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => []);
  let bytes = 0;
  for (let from = 0; from < names.length; from += filesAtOnce) {
    const sizes = names.slice(from, from + filesAtOnce).map(async (name) =>
      stat(join(folder, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    );
    for (const size of await Promise.all(sizes)) bytes += size;
  }
  return bytes;
}
