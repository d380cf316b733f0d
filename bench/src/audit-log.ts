/**
 * Logs as an auditor has them in its folder: tiles and entry bundles of three members, signed and
 * cosigned as in production, written straight to files. The mix is that of `catchup-log.ts`: of each
 * 100 entries one registers a label, the others update known ones in turn.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  cosignCheckpoint,
  emptyFrontier,
  encodeEntryBundle,
  encodeHashTile,
  encodeLeaf,
  frontierRoot,
  growFrontier,
  leafHash,
  noteSigner,
  signCheckpoint,
  tilePath,
  tileWidth,
} from '@callbook/protocol';
import type { Frontier } from '@callbook/protocol';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import { SyntheticHolder, syntheticLog } from './synthetic-federation.ts';
import type { MadeEntry, SyntheticLog } from './synthetic-federation.ts';

const entriesPerLabel = 25;
const entriesPerRegister = 100;
const bundleLeaves = 256;
const origins = ['alpha', 'beta', 'gamma'] as const;

/** Writes the logs of a federation into the folder of an audit, day by day. */
export class AuditLogs {
  readonly #holders: SyntheticHolder[] = [];
  readonly #logs: readonly LogFiles[];
  #entries = 0;
  #next = 0;

  private constructor(logs: readonly LogFiles[]) {
    this.#logs = logs;
  }

  static async create(folder: string): Promise<AuditLogs> {
    const made = await Promise.all(origins.map((name) => syntheticLog(name)));
    mkdirSync(join(folder, 'charters'), { recursive: true });
    writeFileSync(join(folder, 'charters/1'), made[0]!.charterNote);
    return new AuditLogs(made.map((log) => new LogFiles(folder, log)));
  }

  /** Adds entries, most of them updates of labels that are known; the first time these are registered. */
  async add(entries: number): Promise<void> {
    const [alpha, beta] = this.#logs as [LogFiles, LogFiles, LogFiles];
    if (this.#holders.length === 0) {
      const known = Math.ceil(entries / entriesPerLabel);
      for (let place = 0; place < known; place++) await this.#register(alpha, beta);
    }
    for (let place = 0; place < entries; place++) {
      this.#entries++;
      if (this.#entries % entriesPerRegister === 0) await this.#register(alpha, beta);
      else {
        const holder = this.#holders[this.#next++ % this.#holders.length]!;
        alpha.add(await holder.update(), 'received');
      }
    }
    for (const log of this.#logs) log.finish(this.#logs);
  }

  /** Leaves of all logs. */
  get leaves(): number {
    return this.#logs.reduce((sum, { size }) => sum + size, 0);
  }

  async #register(alpha: LogFiles, beta: LogFiles): Promise<void> {
    const holder = new SyntheticHolder(this.#holders.length);
    this.#holders.push(holder);
    const made = await holder.register();
    alpha.add(made, 'challenged');
    beta.add(made, 'challenged');
  }
}

class LogFiles {
  readonly #folder: string;
  readonly log: SyntheticLog;
  readonly #tiles = new Map<string, Uint8Array[]>();
  readonly #startMs = Date.now() - 24 * 3_600_000;
  #frontier: Frontier = emptyFrontier;
  #leaves: Uint8Array[] = [];

  constructor(folder: string, log: SyntheticLog) {
    this.#folder = join(folder, 'logs', encodeURIComponent(log.origin));
    this.log = log;
  }

  get size(): number {
    return this.#frontier.size;
  }

  add({ entry }: MadeEntry, role: 'challenged' | 'received'): void {
    const at = this.#startMs + Math.floor(this.size / 100);
    const leaf = encodeLeaf({ v: 1, at, charter: this.log.charter, role, entry });
    const grown = growFrontier(this.#frontier, [leafHash(leaf, crypto)], crypto);
    for (const { level, hash } of grown.stored) {
      if (level % 8 === 0) this.#addHash(level / 8, hash);
    }
    this.#frontier = grown.frontier;
    this.#leaves.push(leaf);
    if (this.#leaves.length === bundleLeaves) this.#writeBundle();
  }

  #addHash(level: number, hash: Uint8Array): void {
    const name = String(level);
    const tile = this.#tiles.get(name) ?? [];
    tile.push(hash);
    this.#tiles.set(name, tile);
    if (tile.length < bundleLeaves) return;
    const index = Math.floor(this.size / bundleLeaves ** (level + 1));
    this.#write(tilePath({ level, index, width: bundleLeaves }), encodeHashTile(tile));
    this.#tiles.set(name, []);
  }

  #writeBundle(): void {
    const index = Math.floor((this.size - 1) / bundleLeaves);
    const width = this.#leaves.length;
    this.#write(tilePath({ level: 'entries', index, width }), encodeEntryBundle(this.#leaves));
    if (width === bundleLeaves) this.#leaves = [];
  }

  /** Writes what is not full, and a checkpoint that all members have cosigned. */
  finish(members: readonly LogFiles[]): void {
    if (this.#leaves.length > 0) this.#writeBundle();
    for (const [level, hashes] of this.#tiles) {
      if (hashes.length === 0) continue;
      const index = Math.floor(this.size / bundleLeaves ** (Number(level) + 1));
      const width = tileWidth({ level: Number(level), index }, this.size);
      this.#write(tilePath({ level: Number(level), index, width }), encodeHashTile(hashes));
    }
    const { origin } = this.log;
    const checkpoint = { origin, size: this.size, root: frontierRoot(this.#frontier, crypto) };
    const timestampSeconds = Math.floor(Date.now() / 1000);
    let note = signCheckpoint(checkpoint, this.#signer);
    for (const { log } of members) {
      note = cosignCheckpoint(note, { name: log.origin, signer: log.logSigner }, timestampSeconds);
    }
    this.#write('checkpoint', note);
  }

  get #signer() {
    return noteSigner({ name: this.log.origin, signer: this.log.logSigner }, crypto);
  }

  #write(path: string, content: string | Uint8Array): void {
    const file = join(this.#folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
}
