/**
 * The nodes of the index tree as rows of the store, each at the key of its path: a change overwrites
 * them in place, so what is stored is one tree and nothing of older ones. The upper nodes, which
 * every batch touches, stay in memory, and need not be written with each.
 *
 * If we crash while upper nodes are not written, the stored ones are older than what is below them.
 * Whoever keeps the tree knows which labels have changed since all was written, and changes them once
 * more: the way to a label leads through the stored nodes, takes what it finds below for what it is, and
 * leaves the nodes of the tree that would be there (tested with trees of any history). A node that is gone
 * could not be found there, so a change in which one goes is written with all upper nodes.
 */
import type { IndexNode } from '@callbook/protocol';
import { DirectoryError, IndexTreeChange, parseIndexNode } from '@callbook/protocol';

import type { ReplicationErrorCode } from '../errors.ts';
import { indexPathCachedMax } from '../limits.ts';
import { indexNodeKey } from '../store/row-keys.ts';
import type { RowChange, Store } from '../store/store.ts';

/** What of a change is written: all that the store lacks, or the nodes that do not stay in memory. */
export type WrittenNodes = 'all' | 'lower';

/** Tells which nodes of a change must be written, where upper nodes could wait. */
export function neededOf({ changed }: IndexTreeChange, canWait: boolean): WrittenNodes {
  if (!canWait) return 'all';
  for (const node of changed.values()) if (node === null) return 'all';
  return 'lower';
}

export class IndexNodes {
  readonly #store: Store;
  readonly #upper = new Map<string, IndexNode>();
  /** Those of them that the store has in an older form, or not at all. */
  readonly #unwritten = new Set<string>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Reads a stored node at once. */
  readonly read = (path: string): IndexNode | undefined => {
    const known = this.#upper.get(path);
    if (known !== undefined) return known;
    return this.#parse(path, this.#store.get(indexNodeKey(path)));
  };

  /** Begins a change of the tree; the stored one stays as it is until its rows are written. */
  change(): IndexTreeChange {
    return new IndexTreeChange(this.#kept, (paths) => this.#readMany(paths));
  }

  /** Returns the rows of a change, to be written: all that the store lacks, or those of lower nodes. */
  rowsOf({ changed }: IndexTreeChange, which: WrittenNodes): RowChange[] {
    const rows: RowChange[] = [];
    for (const [path, node] of changed) {
      const rowKey = indexNodeKey(path);
      if (node === null) rows.push({ rowKey, erase: true });
      else if (which === 'all' || !isUpper(path)) rows.push({ rowKey, value: node.bytes });
    }
    if (which === 'lower') return rows;
    for (const path of this.#unwritten) {
      if (changed.has(path)) continue;
      rows.push({ rowKey: indexNodeKey(path), value: this.#upper.get(path)!.bytes });
    }
    return rows;
  }

  /** Takes over a change whose rows have been written. */
  adopt({ changed }: IndexTreeChange, which: WrittenNodes): void {
    if (which === 'all') this.#unwritten.clear();
    for (const [path, node] of changed) {
      if (node === null) this.#upper.delete(path);
      if (node === null || !isUpper(path)) continue;
      // A copy: the bytes share their memory with those of nodes that are not kept.
      this.#upper.set(path, { bytes: new Uint8Array(node.bytes) });
      if (which === 'lower') this.#unwritten.add(path);
    }
  }

  /** Forgets all nodes: they have been erased. */
  clear(): void {
    this.#upper.clear();
    this.#unwritten.clear();
  }

  /** A node that is in memory. */
  readonly #kept = (path: string): IndexNode | undefined => this.#upper.get(path);

  /** Reads nodes that are not in memory. */
  async #readMany(paths: readonly string[]): Promise<(IndexNode | undefined)[]> {
    const rows = await this.#store.getMany(paths.map(indexNodeKey));
    return rows.map((row, place) => this.#parse(paths[place]!, row));
  }

  #parse(path: string, row: Uint8Array | undefined): IndexNode | undefined {
    if (row === undefined) return undefined;
    const node = parseIndexNode(row, path);
    if (node.verdict !== 'accept') {
      throw new DirectoryError<ReplicationErrorCode>('store_corrupt', node.message);
    }
    if (isUpper(path)) this.#upper.set(path, node.value);
    return node.value;
  }
}

function isUpper(path: string): boolean {
  return path.length <= indexPathCachedMax;
}
