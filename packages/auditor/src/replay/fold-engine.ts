/**
 * Folds logs from the folder up to given sizes, and gives the root of the index there. Two ways: `advance`
 * writes what it folds; `peek` goes a little further and forgets it, for members that were a moment
 * ahead when they signed. Everything is read in the order of the logs, verified in threads, kept as
 * records by label, and then folded label by label.
 */
import {
  applyIndexBatch,
  bindingStateHash,
  emptyFrontier,
  emptyIndexRoot,
  foldLabel,
  IndexTreeChange,
  judgeOf,
  suspicionsAbout,
} from '@callbook/protocol';
import type {
  CharterSet,
  Cryptography,
  IndexChange,
  LoggedEntry,
  Suspicion,
} from '@callbook/protocol';
import type { LogFolder } from '../cache/cache-folder.ts';
import { bundlesPerOrder, foldLabelsMax, partitionCount, runLeavesMax } from '../limits.ts';
import { readBundles } from './bundle-order.ts';
import type { BundleOrder, BundleResult } from './bundle-order.ts';
import type { FoldedLog, FoldPosition, FoldStore, StoredViolation } from './fold-store.ts';
import {
  encodeHistory,
  integrateRecords,
  isOfCharter,
  LabelRecords,
  parseHistory,
} from './label-fold.ts';
import type { LabelContext } from './label-fold.ts';
import { offsetsByLabel, readRecord } from './leaf-records.ts';
import { LogRead } from './log-read.ts';
import { RecordSpill } from './record-spill.ts';
import type { VerifierPool } from './verifier-pool.ts';
import { holdYoungGeneration } from './young-generation.ts';

export interface FoldContext {
  readonly store: FoldStore;
  readonly pool: VerifierPool;
  readonly charters: CharterSet;
  readonly crypto: Cryptography;
  /** The logs to fold, in the order of their origins, and how many leaves of each are in the folder. */
  readonly logs: readonly FoldLog[];
  /** Where records go that are too many for memory. */
  readonly spillPath: string;
  readonly futureMs: number;
  readonly watch?: FoldWatch | undefined;
}

export interface FoldLog {
  readonly origin: string;
  readonly folder: LogFolder;
  readonly storedSize: number;
}

/** Hears what a fold comes upon. */
export interface FoldWatch {
  /** Leaves that have been verified. */
  readonly onLeaves?: (count: number) => void;
  /** Leaves of a log by the kinds of their entries, with the time of the last of them. */
  readonly onKinds?: (seen: SeenKinds) => void;
  readonly onSuspicions?: (suspicions: readonly Suspicion[]) => void;
  readonly onFuture?: (log: string, index: number) => void;
}

export interface SeenKinds {
  readonly log: string;
  readonly atMs: number;
  readonly kinds: Readonly<Record<string, number>>;
}

/** A bundle in the folder is missing, torn or too short. */
export interface DamagedBundle {
  readonly damaged: { readonly origin: string; readonly bundle: number };
}

/** How far a fold goes, with the frontier of each log at that size. */
export interface FoldReach {
  readonly root: Uint8Array;
  readonly bindings: number;
  readonly logs: readonly {
    readonly origin: string;
    readonly size: number;
    readonly root: Uint8Array;
  }[];
}

interface ReadRun {
  readonly logs: FoldedLog[];
  readonly logRoots: Uint8Array[];
  readonly violations: StoredViolation[];
  readonly leaves: number;
}

export class FoldEngine {
  readonly #context: FoldContext;
  #position: FoldPosition;

  private constructor(context: FoldContext, position: FoldPosition) {
    this.#context = context;
    this.#position = position;
  }

  /** Goes on from what is stored; undefined when that was folded by other charters or logs. */
  static async open(context: FoldContext): Promise<FoldEngine | undefined> {
    const stored = await context.store.position();
    if (stored === undefined) return new FoldEngine(context, emptyPosition(context));
    const same =
      isOfCharter(stored, context.charters) &&
      stored.logs.length === context.logs.length &&
      stored.logs.every(({ origin, size }, place) => {
        const log = context.logs[place]!;
        return origin === log.origin && size <= log.storedSize;
      });
    return same ? new FoldEngine(context, stored) : undefined;
  }

  get position(): FoldPosition {
    return this.#position;
  }

  /** Folds up to these sizes, one for each log, and writes it. */
  async advance(sizes: readonly number[]): Promise<FoldReach | DamagedBundle> {
    let reach: FoldReach | undefined;
    for (;;) {
      const stop = runEnd(this.#position.logs, sizes);
      const run = await this.#run(stop, true);
      if ('damaged' in run) return run;
      reach = run;
      if (stop.every((size, place) => size >= sizes[place]!)) return reach;
    }
  }

  /** Folds up to these sizes and forgets it; the sizes are not far ahead. */
  async peek(sizes: readonly number[]): Promise<FoldReach | DamagedBundle> {
    return await this.#run(sizes, false);
  }

  async #run(sizes: readonly number[], isKept: boolean): Promise<FoldReach | DamagedBundle> {
    using spill = new RecordSpill(this.#context.spillPath);
    const read = await this.#read(sizes, spill, isKept);
    if ('damaged' in read) return read;
    const folded = await holdYoungGeneration(() => this.#fold(spill, isKept));
    const logs = read.logs.map(({ origin, size }, place) => {
      return { origin, size, root: read.logRoots[place]! };
    });
    if (isKept && read.leaves > 0) {
      const { charter, hash } = this.#context.charters.current;
      this.#position = {
        charterVersion: charter.version,
        charter: hash,
        root: folded.root,
        bindings: folded.bindings,
        logs: read.logs,
        violations: this.#position.violations + read.violations.length,
      };
      await this.#context.store.writePosition(this.#position, read.violations);
    }
    return { root: folded.root, bindings: folded.bindings, logs };
  }

  get #origins(): readonly string[] {
    return this.#context.logs.map(({ origin }) => origin);
  }

  /** Reads and verifies the leaves up to these sizes. */
  async #read(
    sizes: readonly number[],
    spill: RecordSpill,
    isKept: boolean,
  ): Promise<ReadRun | DamagedBundle> {
    const run: ReadRun & { leaves: number } = { logs: [], logRoots: [], violations: [], leaves: 0 };
    for (const [place, log] of this.#context.logs.entries()) {
      const before = this.#position.logs[place]!;
      const end = Math.max(before.size, sizes[place]!);
      const state = new LogRead(before, this.#context.crypto);
      const damaged = await this.#readLog({ log, place, end, spill, isKept }, state, run);
      if (damaged !== undefined) return { damaged: { origin: log.origin, bundle: damaged } };
      run.leaves += end - before.size;
      run.logs.push(state.folded(end));
      run.logRoots.push(state.root());
    }
    return run;
  }

  /** Reads one log on; returns the bundle that cannot be read, if there is one. */
  async #readLog(
    of: {
      readonly log: FoldLog;
      readonly place: number;
      readonly end: number;
      readonly spill: RecordSpill;
      readonly isKept: boolean;
    },
    state: LogRead,
    run: ReadRun,
  ): Promise<number | undefined> {
    const { pool } = this.#context;
    const waiting: { readonly order: BundleOrder; readonly result: Promise<BundleResult> }[] = [];
    const orders = this.#orders(of, state.before);
    let next = orders.next();
    while (waiting.length > 0 || next.done !== true) {
      while (next.done !== true && waiting.length < pool.ordersMax) {
        const result = pool.read(next.value);
        // Awaited below, in order; one that fails before its turn must not end the process.
        result.catch(() => undefined);
        waiting.push({ order: next.value, result });
        next = orders.next();
      }
      const { order, result } = waiting.shift()!;
      const found = this.#judged(order, await result, state.lastAtMs);
      if (found.damaged !== undefined) {
        await Promise.allSettled(waiting.map((one) => one.result));
        return found.damaged;
      }
      of.spill.add(found.records, found.ends);
      state.take(found);
      if (of.isKept) this.#tell(order, found, of);
      for (const { index, code } of found.violations)
        run.violations.push({ log: of.place, index, code });
    }
    return undefined;
  }

  /** A thread does not know how late the leaves before were; where that matters, reads again here. */
  #judged(order: BundleOrder, result: BundleResult, lastAtMs: number): BundleResult {
    if (result.damaged !== undefined || result.atMsMin >= lastAtMs) return result;
    const { charters, crypto } = this.#context;
    return readBundles({ ...order, lastAtMs }, charters, crypto);
  }

  #tell(order: BundleOrder, found: BundleResult, { log }: { readonly log: FoldLog }): void {
    const { watch } = this.#context;
    watch?.onLeaves?.(order.end - order.from);
    watch?.onKinds?.({ log: log.origin, atMs: found.atMsMax, kinds: found.kinds });
    for (const index of found.future) watch?.onFuture?.(log.origin, index);
  }

  *#orders(
    { log, place, end }: { readonly log: FoldLog; readonly place: number; readonly end: number },
    { size }: FoldedLog,
  ): Generator<BundleOrder> {
    const leavesPerOrder = bundlesPerOrder * 256;
    const path = log.folder.path;
    const { storedSize } = log;
    const { futureMs } = this.#context;
    const order = { path, log: place, storedSize, lastAtMs: 0, futureMs };
    // Nothing new, but the root needs the leaves of the last bundle.
    if (size >= end && size % 256 !== 0) yield { ...order, from: size, end: size };
    for (let from = size; from < end;) {
      const aligned = (Math.floor(from / leavesPerOrder) + 1) * leavesPerOrder;
      const until = Math.min(end, aligned);
      yield { ...order, from, end: until };
      from = until;
    }
  }

  /** Folds the records of a run, label by label. */
  async #fold(
    spill: RecordSpill,
    isKept: boolean,
  ): Promise<{ readonly root: Uint8Array; readonly bindings: number }> {
    const { store } = this.#context;
    let { root, bindings } = this.#position;
    // What is only looked at stays in one change; what is kept is written part by part.
    let tree = new IndexTreeChange(store.keptNode, store.readNodes);
    for (let partition = 0; partition < partitionCount; partition++) {
      const records = spill.take(partition);
      const labels = offsetsByLabel(records);
      for (let start = 0; start < labels.length; start += foldLabelsMax) {
        // Read part by part: what lives for a moment costs the collector nothing.
        const part = labels
          .slice(start, start + foldLabelsMax)
          .map(([label, offsets]) => [label, this.#recordsAt(records, offsets)] as const);
        const folded = await this.#foldPart(part, tree);
        if (folded.root !== undefined) root = folded.root;
        bindings += folded.added;
        if (!isKept) continue;
        await store.writeLabels(folded.rows, tree.changed);
        this.#context.watch?.onSuspicions?.(folded.suspicions);
        tree = new IndexTreeChange(store.keptNode, store.readNodes);
      }
    }
    return { root, bindings };
  }

  #recordsAt(records: Uint8Array, offsets: readonly number[]): LabelRecords {
    const context = this.#labelContext;
    const found = new LabelRecords();
    for (const offset of offsets) found.add(readRecord(records, offset), context);
    return found;
  }

  get #labelContext(): LabelContext {
    const { charters, crypto } = this.#context;
    return { charters, crypto, origins: this.#origins };
  }

  async #foldPart(
    part: readonly (readonly [Uint8Array, LabelRecords])[],
    tree: IndexTreeChange,
  ): Promise<FoldedPart> {
    const { store, charters, crypto } = this.#context;
    const context = this.#labelContext;
    const labels = part.map(([label]) => label);
    const stored = await store.labels(labels);
    const changes: IndexChange[] = [];
    const rows: { label: Uint8Array; row: Uint8Array }[] = [];
    const suspicions: Suspicion[] = [];
    let added = 0;
    for (const [place, [label, records]] of part.entries()) {
      const { history: before, hasState } = parseHistory(stored[place], context);
      const { history, owned } = integrateRecords(before, records, context);
      if (history === before) continue;
      suspicions.push(...owned.flatMap((one) => suspiciousIn(one, history, charters)));
      const state = foldLabel(history, charters);
      const stateHash = state === undefined ? null : bindingStateHash(state, crypto);
      if (stateHash !== null || hasState) changes.push({ label, stateHash });
      added += Number(state !== undefined) - Number(hasState);
      rows.push({ label, row: encodeHistory(history, state !== undefined, context) });
    }
    if (changes.length === 0) return { rows, suspicions, added, root: undefined };
    const reader = await tree.load(changes.map(({ label }) => label));
    const applied = applyIndexBatch(changes, reader, crypto);
    tree.add(applied);
    return { rows, suspicions, added, root: applied.root };
  }
}

interface FoldedPart {
  readonly rows: { readonly label: Uint8Array; readonly row: Uint8Array }[];
  readonly suspicions: readonly Suspicion[];
  /** Labels that have a state now and had none before, less those the other way round. */
  readonly added: number;
  readonly root: Uint8Array | undefined;
}

/** Of leaves that a charter judges; what a stranger's log says convicts nobody. */
function suspiciousIn(
  logged: LoggedEntry,
  history: Parameters<typeof suspicionsAbout>[1],
  charters: CharterSet,
): readonly Suspicion[] {
  return judgeOf(logged, charters) === undefined ? [] : suspicionsAbout(logged, history, charters);
}

/** Where the next run ends: so many leaves on, in the order of the logs. */
function runEnd(logs: readonly FoldedLog[], sizes: readonly number[]): number[] {
  let left = runLeavesMax;
  return logs.map(({ size }, place) => {
    const taken = Math.min(left, Math.max(0, sizes[place]! - size));
    left -= taken;
    return size + taken;
  });
}

function emptyPosition({ charters, logs }: FoldContext): FoldPosition {
  return {
    charterVersion: charters.current.charter.version,
    charter: charters.current.hash,
    root: emptyIndexRoot(),
    bindings: 0,
    logs: logs.map(({ origin }) => ({ origin, size: 0, bundles: emptyFrontier, lastAtMs: 0 })),
    violations: 0,
  };
}
