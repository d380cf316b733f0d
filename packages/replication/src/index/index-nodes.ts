/**
 * The nodes of the index tree as rows of the store, each at the key of its path: a change overwrites
 * them in place, so what is stored is one tree and nothing of older ones. The upper nodes, which
 * every batch touches, stay in memory.
 */
import type { AppliedIndexBatch, IndexNode } from '@callbook/protocol';
import { DirectoryError, hasNodeBelow, parseIndexNode } from '@callbook/protocol';

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
    return new IndexTreeChange((paths) => this.#readMany(paths));
  }

  /** Takes over a change whose rows have been written. */
  adopt({ changed }: IndexTreeChange): void {
    for (const [path, node] of changed) {
      if (node === null) this.#upper.delete(path);
      else this.#remember(path, node);
    }
  }

  /** Forgets all nodes: they have been erased. */
  clear(): void {
    this.#upper.clear();
  }

  async #readMany(paths: readonly string[]): Promise<(IndexNode | undefined)[]> {
    const unknown = paths.filter((path) => !this.#upper.has(path));
    const rows = unknown.length === 0 ? [] : await this.#store.getMany(unknown.map(indexNodeKey));
    const parsed = new Map(unknown.map((path, index) => [path, this.#parse(path, rows[index])]));
    return paths.map((path) => this.#upper.get(path) ?? parsed.get(path));
  }

  #parse(path: string, row: Uint8Array | undefined): IndexNode | undefined {
    if (row === undefined) return undefined;
    const node = parseIndexNode(row, path);
    if (node.verdict !== 'accept') {
      throw new DirectoryError<ReplicationErrorCode>('store_corrupt', node.message);
    }
    this.#remember(path, node.value);
    return node.value;
  }

  #remember(path: string, node: IndexNode): void {
    if (path.length <= indexPathCachedMax) this.#upper.set(path, node);
  }
}

/** Nodes of a change that is being made, before they are written. */
export class IndexTreeChange {
  readonly #readMany: (paths: readonly string[]) => Promise<(IndexNode | undefined)[]>;
  /** Nodes that differ from the stored ones; null for those that go. */
  readonly changed: Map<string, IndexNode | null> = new Map();

  constructor(readMany: (paths: readonly string[]) => Promise<(IndexNode | undefined)[]>) {
    this.#readMany = readMany;
  }

  /** Loads the nodes on the ways to these labels, level by level; returns a reader of them. */
  async load(labels: readonly Uint8Array[]): Promise<(path: string) => IndexNode | undefined> {
    const loaded = new Map<string, IndexNode | undefined>();
    let ways = labels.map((label) => label.toHex());
    for (let depth = 0; ways.length > 0; depth++) {
      const paths = [...new Set(ways.map((way) => way.slice(0, depth)))];
      const stored = paths.filter((path) => !this.changed.has(path));
      for (const path of paths) loaded.set(path, this.changed.get(path) ?? undefined);
      const nodes = await this.#readMany(stored);
      for (const [index, path] of stored.entries()) loaded.set(path, nodes[index]);
      ways = ways.filter((way) => {
        const node = loaded.get(way.slice(0, depth));
        return node !== undefined && hasNodeBelow(node, Number.parseInt(way[depth]!, 16));
      });
    }
    return (path) => loaded.get(path);
  }

  add({ written, obsolete }: AppliedIndexBatch): void {
    for (const path of obsolete) this.changed.set(path, null);
    for (const [path, node] of written) this.changed.set(path, node);
  }

  /** Returns the rows to write. */
  rows(): RowChange[] {
    return [...this.changed].map(([path, node]) => {
      const rowKey = indexNodeKey(path);
      return node === null ? { rowKey, erase: true } : { rowKey, value: node.bytes };
    });
  }
}
