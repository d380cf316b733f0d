/**
 * The index over the view: a tree of label → hash of the binding's state, and the vector of log sizes
 * and roots that it was folded from. It follows the view by a moment, in batches: these share their
 * upper nodes, and a label that has changed twice is done once. What has changed since
 * the stored vector needs no row of its own: the logs say it.
 *
 * - Not every batch has the vector with it (`stored-tree.ts`). Whenever we crash, an older one is there; the
 *   labels of the leaves after it are folded again from the view at the next start. Batches are lost from
 *   the end only, and the leaves were written first, so the stored vector is never ahead of the stored
 *   logs. Meanwhile there is no root.
 * - The batch need not be flushed: the same leaves give the same tree, and so the same root, again.
 *   What a signed root says of the own log was flushed before (see `own-log.ts`).
 * - A store without an index, or with one folded by another charter, gets a new one from the view,
 *   label by label; until it is complete there is no root. If we crash meanwhile, it begins anew.
 */
import type { CharterSet, Cryptography, IndexRoot, NoteSigner } from '@callbook/protocol';
import {
  compareBytes,
  encodeIndexProof,
  proveIndexLabel,
  signIndexRoot,
  utf8,
} from '@callbook/protocol';

import {
  indexBatchLabelsMax,
  indexIntervalBusyLabels,
  indexIntervalMs,
  indexIntervalsMax,
} from '../limits.ts';
import type { StoredLog } from '../log/stored-log.ts';
import type { Scheduler } from '../scheduler.ts';
import { indexNodes, indexPositionKey } from '../store/row-keys.ts';
import type { CommitRows, StoreWriter } from '../store/store-writer.ts';
import type { Store } from '../store/store.ts';
import { belongsTo, parseIndexPosition, vectorOf } from './index-position.ts';
import { labelsOfLeaves, readLabels, readStates } from './label-states.ts';
import type { LabelState } from './label-states.ts';
import { StoredTree } from './stored-tree.ts';
import { WaitingChanges } from './waiting-changes.ts';

export interface IndexContext {
  readonly store: Store;
  readonly writer: StoreWriter;
  readonly logs: readonly StoredLog[];
  /** Those in force; others from one write to the next. */
  readonly charters: CharterSet;
  readonly crypto: Cryptography;
  readonly scheduler: Scheduler;
  /** Signs roots: the member's log key. */
  readonly signer: NoteSigner;
  /** False while this member may sign nothing. */
  readonly maySign: () => boolean;
  /** Labels that go into one batch. */
  readonly batchLabelsMax: () => number;
}

/** A proof for each of some labels: its state, or that it has none; and the root they lead to. */
export interface IndexEvidence {
  readonly proofs: readonly Uint8Array[];
  /** The note. */
  readonly root: string;
  /** What the note says. */
  readonly position: IndexRoot;
}

/** What the index stands at. */
interface Standing {
  readonly position: IndexRoot;
  /** Signed when somebody first asks. */
  note?: string;
}

export class BindingIndex {
  readonly #context: IndexContext;
  #logs: readonly StoredLog[];
  readonly #tree: StoredTree;
  readonly #stop = new AbortController();
  #standing: Standing | undefined;
  /** Labels whose newest state is not in the tree. */
  readonly #pending = new WaitingChanges();
  /** True when a log has grown since the vector was taken. */
  #behind = false;
  /** True while the tree lacks labels that no note has told of: nothing is proven or signed. */
  #building = false;
  /** True while a charter is being taken up: labels are folded by the old one or by the new. */
  #adopting = false;
  #following: Promise<void> | undefined;
  #hurry = new AbortController();
  #flushed = Promise.withResolvers<void>();
  /** What is to be read when the next batch is taken. */
  readonly #readers: (() => void)[] = [];
  #writing: Promise<void> | undefined;
  /** True while a batch is made or written. */
  #flushing = false;

  private constructor(context: IndexContext) {
    this.#context = context;
    this.#tree = new StoredTree(context);
    this.#logs = inOrder(context.logs);
  }

  /** Opens the index before anything more is written to the logs. */
  static open(context: IndexContext): BindingIndex {
    const index = new BindingIndex(context);
    const row = context.store.get(indexPositionKey());
    const position = row === undefined ? undefined : parseIndexPosition(row);
    // A fold by another charter or ruleset, or of other logs, is another index.
    const { current } = context.charters;
    if (position === undefined || !belongsTo(position, current, index.#logs)) {
      index.#building = true;
      index.#run(() => index.#build());
      return index;
    }
    index.#tree.begin(position);
    if (position.logs.every(({ size }, place) => size === index.#logs[place]!.folded.size)) {
      index.#standing = { position };
    } else {
      index.#building = true;
      index.#run(() => index.#catchUp(position));
    }
    return index;
  }

  /**
   * Takes note that a log has grown and of the states that this has changed. Call it in the turn in
   * which the log takes its new size over: vector and states are then always of one moment.
   */
  note(states: readonly LabelState[]): void {
    const { crypto } = this.#context;
    this.#pending.note(states, crypto);
    this.#behind = true;
    if (this.#pending.size >= this.#context.batchLabelsMax()) this.#hurry.abort();
    this.#run(() => this.#follow());
  }

  /**
   * A charter is being taken up: nothing is proven or signed until `endAdoption`. The stored vector
   * is of the old charter meanwhile; if we crash, the index is made anew at the next start.
   */
  beginAdoption(): void {
    this.#adopting = true;
    this.#standing = undefined;
  }

  /** All labels are folded by the charter now in force, and `note` has told of those that changed. */
  endAdoption(logs: readonly StoredLog[]): void {
    this.#adopting = false;
    this.#logs = inOrder(logs);
    this.note([]);
  }

  /** Resolves while few enough labels wait that more may be taken in: two batches. */
  async room(): Promise<void> {
    while (this.#pending.size > 2 * this.#context.batchLabelsMax() && !this.#stopped)
      await this.#flushed.promise;
  }

  /** Brings the index up to the view at once, and waits for it. */
  async settle(): Promise<void> {
    while (this.#following !== undefined && !this.#stopped) {
      this.#hurry.abort();
      await this.#flushed.promise;
    }
  }

  /** Brings the index up to the view within a turn of the writer; false while it cannot. */
  async settleWithin(commit: CommitRows): Promise<boolean> {
    if (this.#flushing || this.#building || this.#adopting || this.#stopped) return false;
    if (this.#behind) await this.#flush(commit);
    return true;
  }

  /**
   * Reads something of the view in the turn in which the next batch is taken, and resolves with it when
   * that batch is in the tree: a label that changes all the time is still proven as it was then.
   */
  async withNextBatch<T>(read: () => T): Promise<T> {
    if (this.#following === undefined || this.#stopped) return read();
    const taken = Promise.withResolvers<T>();
    this.#readers.push(() => void Promise.try(read).then(taken.resolve, taken.reject));
    const value = await taken.promise;
    await this.flushed();
    return value;
  }

  #letRead(): void {
    for (const read of this.#readers.splice(0)) read();
  }

  /** Resolves when the next batch is in the tree; at once when nothing is on its way there. */
  async flushed(): Promise<void> {
    if (this.#following !== undefined && !this.#stopped) await this.#flushed.promise;
  }

  /** The newest signed root; undefined while the index is being built. */
  get signedRoot(): string | undefined {
    const standing = this.#standing;
    if (standing === undefined || !this.#context.maySign()) return undefined;
    standing.note ??= signIndexRoot(standing.position, this.#context.signer);
    return standing.note;
  }

  /** What the newest root was folded from; undefined while the index is being built. */
  get position(): IndexRoot | undefined {
    return this.#standing?.position;
  }

  /** Proves the labels' states under the newest root; undefined while the index is being built. */
  async prove(labels: readonly Uint8Array[]): Promise<IndexEvidence | undefined> {
    // While a batch is on its way to the store, the nodes there may be older or newer than the root.
    while (this.#writing !== undefined) await this.#writing;
    const root = this.#stopped ? undefined : this.signedRoot;
    if (root === undefined) return undefined;
    const { position } = this.#standing!;
    const { crypto } = this.#context;
    // In one turn, so that all lead to one root.
    const proofs = labels.map((label) => proveIndexLabel(label, this.#tree.read, crypto));
    return { proofs: proofs.map(encodeIndexProof), root, position };
  }

  get #stopped(): boolean {
    return this.#stop.signal.aborted || this.#context.writer.failure !== undefined;
  }

  /** Runs one thing in the background at a time; what goes wrong there ends all writing. */
  #run(work: () => Promise<void>): void {
    this.#following ??= work()
      .catch((error: unknown) => {
        this.#context.writer.fail('the index could not be written', error);
      })
      .finally(() => {
        this.#following = undefined;
        this.#letRead();
        this.#tellFlushed();
        if (this.#behind && !this.#stopped) this.#run(() => this.#follow());
      });
  }

  #tellFlushed(): void {
    this.#flushed.resolve();
    this.#flushed = Promise.withResolvers();
  }

  async #follow(): Promise<void> {
    while (this.#behind && !this.#stopped) {
      if (this.#pending.size < this.#context.batchLabelsMax()) await this.#wait();
      await this.#flush();
    }
  }

  /** Waits for the changes that come together: a batch costs less for each than ten batches. */
  async #wait(): Promise<void> {
    const { signal } = this.#hurry;
    const ended = AbortSignal.any([signal, this.#stop.signal]);
    for (let waited = 0; waited < indexIntervalsMax && !ended.aborted; waited++) {
      const before = this.#pending.size;
      await this.#context.scheduler.delay(indexIntervalMs, ended);
      if (this.#pending.size - before < indexIntervalBusyLabels) break;
    }
    if (signal.aborted) this.#hurry = new AbortController();
  }

  /** Brings what is pending into the tree, in one batch of the store. */
  async #flush(commit?: CommitRows): Promise<void> {
    while (this.#flushing && !this.#stopped) await this.#flushed.promise;
    if (this.#stopped) return;
    this.#flushing = true;
    try {
      await this.#flushPending(commit);
    } finally {
      this.#flushing = false;
      this.#tellFlushed();
    }
  }

  /** Given the turn of a writer, writes in it; else in one of its own. */
  async #flushPending(turn: CommitRows | undefined): Promise<void> {
    const { charters, writer } = this.#context;
    // In one turn, so that the states are those of the vector and of the charter.
    const { charter, hash } = charters.current;
    const pending = this.#pending.take();
    const logs = vectorOf(this.#logs, this.#context.crypto);
    const complete = !this.#building && !this.#adopting;
    this.#behind = false;
    this.#letRead();
    const applied = await this.#tree.apply(pending);
    const { root } = applied;
    const position = { ruleset: charter.ruleset.number, charter: hash, root, logs };
    const batch = this.#tree.toWrite(applied, complete ? position : undefined);
    // If we crash during this, see above.
    const write = async (commit: CommitRows): Promise<void> => {
      if (batch.rows.length > 0) await commit(batch.rows, { durable: false });
    };
    const written = turn === undefined ? writer.run(write) : write(turn);
    this.#writing = written.catch(() => undefined);
    try {
      await written;
      this.#tree.adopt(batch);
      if (complete && !this.#adopting) this.#standing = { position };
    } finally {
      this.#writing = undefined;
    }
  }

  /** Notes the labels of all leaves that are stored beyond the vector. */
  async #catchUp({ logs }: IndexRoot): Promise<void> {
    for (const { origin, size } of logs) {
      const log = this.#logs.find((known) => known.origin === origin)!;
      for (let first = size; first < log.size && !this.#stopped;) {
        const leaves = log.leavesFrom(first, log.size);
        await this.#noteStored(labelsOfLeaves(leaves));
        first += leaves.length;
        if (this.#pending.size >= indexBatchLabelsMax) await this.#flush();
      }
    }
    await this.#complete();
  }

  /** Makes the index anew from the view. */
  async #build(): Promise<void> {
    await this.#eraseAll();
    for (let after: Uint8Array | undefined; !this.#stopped;) {
      const labels = await readLabels(this.#context.store, after, indexBatchLabelsMax);
      if (labels.length === 0) break;
      after = labels.at(-1);
      await this.#noteStored(labels);
      await this.#flush();
    }
    await this.#complete();
  }

  /** All that was missing has been noted: from here on every batch has the vector beside it. */
  async #complete(): Promise<void> {
    if (this.#stopped) return;
    this.#building = false;
    await this.#flush();
  }

  async #eraseAll(): Promise<void> {
    const { store, writer } = this.#context;
    this.#tree.clear();
    let rows = [{ rowKey: indexPositionKey(), erase: true } as const];
    while (rows.length > 0 && !this.#stopped) {
      const changes = rows;
      await writer.run((commit) => commit(changes, { durable: false }));
      const found = await store.range({ ...indexNodes(), countMax: indexBatchLabelsMax });
      rows = found.map(([rowKey]) => ({ rowKey, erase: true }) as const);
    }
  }

  /** Reads and notes stored states in turn with all writes, so that none is older than one noted. */
  async #noteStored(labels: readonly Uint8Array[]): Promise<void> {
    const { store, writer } = this.#context;
    await writer.run(async () => {
      this.note(await readStates(labels, store, this.#context.charters));
    });
  }

  /** Ends what has begun; what is not written yet is found again at the next start. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#tellFlushed();
    await this.#following;
  }
}

function inOrder(logs: readonly StoredLog[]): readonly StoredLog[] {
  return logs.toSorted((a, b) => compareBytes(utf8(a.origin), utf8(b.origin)));
}
