/**
 * Logs as an auditor has them in its folder: tiles and entry bundles of three members, signed and
 * cosigned as in production, written straight to files. The mix is that of `catchup-log.ts`: of each
 * 100 entries one registers a label, the others update known ones in turn, over a year. Tiles are only
 * ever added, so all stages lie in one folder, and their checkpoints say how far an audit reads.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
import type { Frontier, Leaf } from '@callbook/protocol';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import { SyntheticHolder, syntheticLog } from './synthetic-federation.ts';
import type { MadeEntry, SyntheticLog } from './synthetic-federation.ts';

const entriesPerLabel = 25;
const entriesPerRegister = 100;
const bundleLeaves = 256;
const spanMs = 364 * 24 * 3_600_000;
/** Registers of labels that are known from the beginning are leaves as well. */
const entriesBound = 1 + 1 / entriesPerLabel;
const origins = ['alpha', 'beta', 'gamma'] as const;

/** How many entries each stage of the logs adds to those before. */
export type LogStages = readonly number[];

/** Logs on disk, with the checkpoints of each of their stages. */
export interface StagedLogs {
  /** Makes the folder one in which the logs have come as far as this stage. */
  show(stage: number): void;
  /** Labels with a holder at the end of each stage. */
  readonly labels: readonly number[];
}

/** Writes the logs of a federation into the folder of an audit; what an earlier call wrote there is kept. */
export async function stagedLogs(folder: string, stages: LogStages): Promise<StagedLogs> {
  const madeFile = join(folder, 'made.json');
  const wanted = JSON.stringify(stages);
  const made = existsSync(madeFile) ? (JSON.parse(readFileSync(madeFile, 'utf8')) as Made) : null;
  const isThere = made !== null && made.format === format && JSON.stringify(made.stages) === wanted;
  const labels = isThere ? made.labels : await writeStages(folder, stages);
  // Written last: a folder whose writer was killed is written anew.
  if (!isThere) writeFileSync(madeFile, JSON.stringify({ format, stages, labels } satisfies Made));
  return {
    labels,
    show: (stage) => {
      if (stage === 0) for (const path of auditPaths) rmSync(join(folder, path), gone);
      cpSync(join(folder, 'stages', String(stage)), join(folder, 'logs'), { recursive: true });
    },
  };
}

/** Changes with what is written. */
const format = 1;
/** What audits leave in the folder. */
const auditPaths = ['fold-offline', 'fold-offline.spill', 'history.json', 'evidence'] as const;
const gone = { recursive: true, force: true } as const;

interface Made {
  readonly format: number;
  readonly stages: LogStages;
  readonly labels: readonly number[];
}

async function writeStages(folder: string, stages: LogStages): Promise<number[]> {
  for (const path of [...auditPaths, 'logs', 'stages', 'made.json'])
    rmSync(join(folder, path), gone);
  const logs = await AuditLogs.create(folder, stages);
  const labels: number[] = [];
  for (const entries of stages) labels.push(await logs.addStage(entries));
  return labels;
}

class AuditLogs {
  readonly #folder: string;
  readonly #holders: SyntheticHolder[] = [];
  readonly #logs: readonly LogFiles[];
  readonly #stepMs: number;
  #nowMs = Date.now() - spanMs;
  #entries = 0;
  #next = 0;
  #stage = 0;

  private constructor(folder: string, logs: readonly LogFiles[], entries: number) {
    this.#folder = folder;
    this.#logs = logs;
    this.#stepMs = spanMs / (entries * entriesBound);
  }

  static async create(folder: string, stages: LogStages): Promise<AuditLogs> {
    const made = await Promise.all(origins.map((name) => syntheticLog(name)));
    mkdirSync(join(folder, 'charters'), { recursive: true });
    writeFileSync(join(folder, 'charters/1'), made[0]!.charterNote);
    const entries = stages.reduce((sum, count) => sum + count, 0);
    return new AuditLogs(
      folder,
      made.map((log) => new LogFiles(folder, log)),
      entries,
    );
  }

  /** Adds entries, most of them updates of labels that are known; the first time these are registered. */
  async addStage(entries: number): Promise<number> {
    const [alpha] = this.#logs as [LogFiles, LogFiles, LogFiles];
    if (this.#holders.length === 0) {
      const known = Math.ceil(entries / entriesPerLabel);
      for (let place = 0; place < known; place++) await this.#register();
    }
    for (let place = 0; place < entries; place++) {
      this.#entries++;
      if (this.#entries % entriesPerRegister === 0) await this.#register();
      else {
        const holder = this.#holders[this.#next++ % this.#holders.length]!;
        alpha.add(await holder.update(), { role: 'received', at: this.#tick() });
      }
    }
    const stage = join(this.#folder, 'stages', String(this.#stage++));
    for (const log of this.#logs) log.finish(this.#logs, stage);
    return this.#holders.length;
  }

  async #register(): Promise<void> {
    const [alpha, beta] = this.#logs as [LogFiles, LogFiles, LogFiles];
    const holder = new SyntheticHolder(this.#holders.length);
    this.#holders.push(holder);
    const made = await holder.register();
    const at = this.#tick();
    alpha.add(made, { role: 'challenged', at });
    beta.add(made, { role: 'challenged', at });
  }

  #tick(): number {
    return Math.floor((this.#nowMs += this.#stepMs));
  }
}

class LogFiles {
  readonly #folder: string;
  readonly log: SyntheticLog;
  readonly #tiles = new Map<string, Uint8Array[]>();
  #frontier: Frontier = emptyFrontier;
  #leaves: Uint8Array[] = [];

  constructor(folder: string, log: SyntheticLog) {
    this.#folder = join(folder, 'logs', encodeURIComponent(log.origin));
    this.log = log;
  }

  get size(): number {
    return this.#frontier.size;
  }

  add({ entry }: MadeEntry, logged: Pick<Leaf, 'role' | 'at'>): void {
    const leaf = encodeLeaf({ v: 1, ...logged, charter: this.log.charter, entry });
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

  /** Writes what is not full, and into the folder of the stage a checkpoint that all members have cosigned. */
  finish(members: readonly LogFiles[], stage: string): void {
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
    const folder = join(stage, encodeURIComponent(origin));
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'checkpoint'), note);
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
