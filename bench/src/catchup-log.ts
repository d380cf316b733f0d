/**
 * A long log as a member finds it that was away: written straight to files, page by page, because a
 * member that logs a million entries would take longer than what is measured. Signatures, leaves, tree
 * and checkpoint are as in production. The mix is fixed: of each 100 entries one registers a new label,
 * the others update known ones in turn; payloads come with the newest entry of each label alone, since
 * members keep no others.
 */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import {
  consistencyProof,
  emptyFrontier,
  encodeLeaf,
  frontierRoot,
  growFrontier,
  leafHash,
  noteSigner,
  signCheckpoint,
} from '@callbook/protocol';
import type { Frontier } from '@callbook/protocol';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import { encodeLogBatch } from '@callbook/replication';
import type { OpenedPayload } from '@callbook/replication';
import { syntheticLog, SyntheticHolder } from './synthetic-federation.ts';
import type { SyntheticLog } from './synthetic-federation.ts';

/** Known labels: each is updated some 25 times. */
const entriesPerLabel = 25;
/** Of so many entries the first registers a label. */
const entriesPerRegister = 100;
const leavesPerPage = 512;
const leavesPerBundle = 256;
const dayMs = 24 * 3_600_000;

interface PlacedEntry {
  readonly entry: Uint8Array;
  readonly opened: OpenedPayload | null;
}

/**
 * Signs and writes what a member knows before, the registers of many labels in two logs
 * (`known.pages`), and what it has missed (`missed.pages`). Returns how many signatures of what was
 * missed are not verified before: those of the updates, since the registers are in the other log too.
 */
export async function writeCatchupLogs(folder: string, entries: number): Promise<number> {
  const known = `${folder}/known.pages`;
  const missed = `${folder}/missed.pages`;
  const holders = Array.from(
    { length: Math.ceil(entries / entriesPerLabel) },
    (_, position) => new SyntheticHolder(position),
  );
  const newcomers = Array.from(
    { length: Math.ceil(entries / entriesPerRegister) },
    (_, position) => new SyntheticHolder(holders.length + position),
  );
  const alpha = new LogWriter(await syntheticLog('alpha'));
  const beta = new LogWriter(await syntheticLog('beta'));
  alpha.begin(known);
  for (const holder of holders) {
    const { entry, opened } = await holder.register();
    alpha.add({ entry, opened }, 'challenged');
    beta.add({ entry, opened: null }, 'challenged');
  }
  const registers = await Promise.all(newcomers.map((holder) => holder.register()));
  for (const { entry } of registers) beta.add({ entry, opened: null }, 'challenged');
  alpha.finish();
  beta.begin(known, 'a');
  beta.finish();
  alpha.begin(missed);
  const updates = entries - registers.length;
  for (let place = 0, update = 0; place < entries; place++) {
    const isRegister = place % entriesPerRegister === 0;
    const made = isRegister
      ? registers[place / entriesPerRegister]!
      : await holders[update % holders.length]!.update();
    const isNewest = isRegister || update++ >= updates - holders.length;
    const opened = isNewest ? made.opened : null;
    alpha.add({ entry: made.entry, opened }, isRegister ? 'challenged' : 'received');
  }
  alpha.finish();
  return updates;
}

/** Pages end with an entry bundle, as members serve them. */
function endOfPage(first: number, size: number): number {
  const end = first + leavesPerPage;
  return end < size ? end - (end % leavesPerBundle) : size;
}

/** Collects leaves, and writes them as pages that all lead to the last checkpoint. */
class LogWriter {
  readonly #log: SyntheticLog;
  readonly #hashes: Uint8Array[][] = [];
  #frontier: Frontier = emptyFrontier;
  #written = 0;
  #waiting: { leaf: Uint8Array; opened: OpenedPayload | null }[] = [];
  #file: number | undefined;
  readonly #startMs = Date.now() - dayMs;

  constructor(log: SyntheticLog) {
    this.#log = log;
  }

  begin(path: string, flag: 'w' | 'a' = 'w'): void {
    this.#file = openSync(path, flag);
  }

  add({ entry, opened }: PlacedEntry, role: 'challenged' | 'received'): void {
    const { charter } = this.#log;
    const at = this.#startMs + this.#frontier.size;
    const leaf = encodeLeaf({ v: 1, at, charter, role, entry });
    const grown = growFrontier(this.#frontier, [leafHash(leaf, crypto)], crypto);
    for (const { level, index, hash } of grown.stored) (this.#hashes[level] ??= [])[index] = hash;
    this.#frontier = grown.frontier;
    this.#waiting.push({ leaf, opened });
  }

  finish(): void {
    const { origin, logSigner } = this.#log;
    const { size } = this.#frontier;
    const root = frontierRoot(this.#frontier, crypto);
    const signer = noteSigner({ name: origin, signer: logSigner }, crypto);
    const checkpoint = signCheckpoint({ origin, size, root }, signer);
    while (this.#written < size) {
      const first = this.#written;
      this.#written = endOfPage(first, size);
      const page = this.#waiting.splice(0, this.#written - first);
      const growth = { oldSize: this.#written, newSize: size };
      const proof = consistencyProof(growth, (level, at) => this.#hashes[level]![at]!, crypto);
      const leaves = page.map(({ leaf }) => leaf);
      const payloads = page.map(({ opened }) => opened);
      this.#writeFrame(encodeLogBatch({ origin, first, leaves, payloads, checkpoint, proof }));
    }
    closeSync(this.#file!);
  }

  #writeFrame(frame: Uint8Array): void {
    const head = Buffer.alloc(4);
    head.writeUInt32BE(frame.length);
    writeSync(this.#file!, head);
    writeSync(this.#file!, frame);
  }
}

/** Frames of a file, one after the other: the file is larger than what may be in memory. */
export function* readFrames(path: string): Generator<Uint8Array> {
  const file = openSync(path, 'r');
  try {
    const head = Buffer.alloc(4);
    while (readSync(file, head, 0, 4, null) === 4) {
      const frame = new Uint8Array(head.readUInt32BE());
      readSync(file, frame, 0, frame.length, null);
      yield frame;
    }
  } finally {
    closeSync(file);
  }
}
