/**
 * The tree of the index with the vector that it was folded from, as the store has them and as they stand
 * in memory, which is ahead: nodes of the upper levels and the vector are written together, with small
 * batches and with every some thousand leaves, all other nodes with each batch.
 *
 * If we crash in between, the old vector and the old upper nodes are there, and newer ones below them. The
 * labels of all leaves after that vector are changed again then, and that is the tree (`index-nodes.ts`).
 */
import type { Cryptography, IndexChange, IndexRoot, IndexTreeChange } from '@callbook/protocol';
import { applyIndexBatch, compareBytes, emptyIndexRoot } from '@callbook/protocol';

import { indexIntervalBusyLabels, indexSliceLabels } from '../limits.ts';
import type { Scheduler } from '../scheduler.ts';
import type { RowChange, Store } from '../store/store.ts';
import { IndexNodes, neededOf } from './index-nodes.ts';
import type { WrittenNodes } from './index-nodes.ts';
import { isNearby, positionRow } from './index-position.ts';

interface TreeContext {
  readonly store: Store;
  readonly crypto: Cryptography;
  readonly scheduler: Scheduler;
}

/** A batch in memory: `adopt` it when its rows have been written. */
export interface TreeBatch {
  readonly root: Uint8Array;
  readonly change: IndexTreeChange;
  /** True when so many labels change that others will soon: its upper nodes may wait for theirs. */
  readonly isLarge: boolean;
}

/** Rows to be written in one batch. */
interface WrittenBatch extends TreeBatch {
  readonly which: WrittenNodes;
  /** The vector among them. */
  readonly position: IndexRoot | undefined;
  readonly rows: RowChange[];
}

export class StoredTree {
  readonly #context: TreeContext;
  readonly #nodes: IndexNodes;
  #root = emptyIndexRoot();
  /** The stored vector. */
  #stored: IndexRoot | undefined;

  constructor(context: TreeContext) {
    this.#context = context;
    this.#nodes = new IndexNodes(context.store);
  }

  /** Begins with a vector that is stored, and of the charter and the logs in force. */
  begin(stored: IndexRoot): void {
    this.#root = stored.root;
    this.#stored = stored;
  }

  readonly read: IndexNodes['read'] = (path) => this.#nodes.read(path);

  /** Applies changes in the order of their labels, a slice in each turn. */
  async apply(pending: readonly IndexChange[]): Promise<TreeBatch> {
    const { crypto, scheduler } = this.#context;
    const change = this.#nodes.change();
    const sorted = pending.toSorted((a, b) => compareBytes(a.label, b.label));
    let root = this.#root;
    for (let start = 0; start < sorted.length; start += indexSliceLabels) {
      const changes = sorted.slice(start, start + indexSliceLabels);
      const read = await change.load(changes.map(({ label }) => label));
      const applied = applyIndexBatch(changes, read, crypto);
      change.add(applied);
      root = applied.root;
      await scheduler.yield();
    }
    return { root, change, isLarge: sorted.length >= indexIntervalBusyLabels };
  }

  /** Returns what of a batch is to be written; without a vector while the tree lacks labels. */
  toWrite(batch: TreeBatch, vector: IndexRoot | undefined): WrittenBatch {
    const { isLarge } = batch;
    const canWait = vector === undefined || (isLarge && isNearby(this.#stored, vector));
    const which = neededOf(batch.change, canWait);
    const rows = this.#nodes.rowsOf(batch.change, which);
    const position = which === 'all' ? vector : undefined;
    if (position !== undefined) rows.push(positionRow(position));
    return { ...batch, which, position, rows };
  }

  /** Takes over what has been written. */
  adopt({ change, root, which, position }: WrittenBatch): void {
    this.#nodes.adopt(change, which);
    this.#root = root;
    if (position !== undefined) this.#stored = position;
  }

  /** Forgets all nodes: they have been erased, and the vector before them. */
  clear(): void {
    this.#nodes.clear();
    this.#stored = undefined;
  }
}
