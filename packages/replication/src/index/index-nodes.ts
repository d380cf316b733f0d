/**
 * The nodes of the index tree as rows of the store, each at the key of its path: a change overwrites
 * them in place, so what is stored is one tree and nothing of older ones. The upper nodes, which
 * every batch touches, stay in memory.
 */
import type { IndexNode } from '@callbook/protocol';
import { DirectoryError, IndexTreeChange, parseIndexNode } from '@callbook/protocol';

import type { ReplicationErrorCode } from '../errors.ts';
import { indexPathCachedMax } from '../limits.ts';
import { indexNodeKey } from '../store/row-keys.ts';
import type { RowChange, Store } from '../store/store.ts';

export class IndexNodes {
  readonly #store: Store;
  /** Nodes as they are stored. */
  readonly #upper = new Map<string, IndexNode>();

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

  /** Returns the rows of a change, to be written. */
  rowsOf({ changed }: IndexTreeChange): RowChange[] {
    return [...changed].map(([path, node]) => {
      const rowKey = indexNodeKey(path);
      return node === null ? { rowKey, erase: true } : { rowKey, value: node.bytes };
    });
  }

  /** Takes over a change whose rows have been written. */
  adopt({ changed }: IndexTreeChange): void {
    for (const [path, node] of changed) {
      if (node === null) this.#upper.delete(path);
      // A copy: the bytes share their memory with those of nodes that are not kept.
      else if (isUpper(path)) this.#upper.set(path, { bytes: new Uint8Array(node.bytes) });
    }
  }

  /** Forgets all nodes: they have been erased. */
  clear(): void {
    this.#upper.clear();
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
