/**
 * The nodes of the index tree as rows of the store, each at the key of its path: a change overwrites
 * them in place, so what is stored is one tree and nothing of older ones. A node with a few leaves
 * and nothing else stands in the row of the node above it, which changes with it anyway: otherwise
 * two updates in three would read and write such a row. The upper rows, which every batch touches,
 * stay in memory.
 */
import type { AppliedIndexBatch, IndexNode } from '@callbook/protocol';
import { DirectoryError, hasNodeBelow, parseIndexNode } from '@callbook/protocol';

import type { ReplicationErrorCode } from '../errors.ts';
import { indexInlineBytesMax, indexPathCachedMax } from '../limits.ts';
import { RowReader, RowWriter } from '../store/row-bytes.ts';
import { indexNodeKey } from '../store/row-keys.ts';
import type { RowChange, Store } from '../store/store.ts';

/** A node and those below it that stand in its row, by their paths. */
interface IndexRow {
  readonly node: IndexNode;
  readonly inside: ReadonlyMap<string, IndexNode>;
}

type ReadRows = (paths: readonly string[]) => Promise<(IndexRow | undefined)[]>;

export class IndexNodes {
  readonly #store: Store;
  /** Rows as they are stored. */
  readonly #upper = new Map<string, IndexRow>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Reads a stored node at once. */
  readonly read = (path: string): IndexNode | undefined => {
    const above = path === '' ? undefined : this.#row(path.slice(0, -1));
    return above?.inside.get(path) ?? this.#row(path)?.node;
  };

  #row(path: string): IndexRow | undefined {
    return this.#upper.get(path) ?? this.#parse(path, this.#store.get(indexNodeKey(path)));
  }

  /** Begins a change of the tree; the stored one stays as it is until its rows are written. */
  change(): IndexTreeChange {
    return new IndexTreeChange((paths) => this.#readMany(paths));
  }

  /** Takes over a change whose rows have been written. */
  adopt(change: IndexTreeChange): void {
    for (const [path, row] of change.changedRows()) {
      if (row === null) this.#upper.delete(path);
      else this.#remember(path, row);
    }
  }

  /** Forgets all nodes: they have been erased. */
  clear(): void {
    this.#upper.clear();
  }

  async #readMany(paths: readonly string[]): Promise<(IndexRow | undefined)[]> {
    const unknown = paths.filter((path) => !this.#upper.has(path));
    const rows = unknown.length === 0 ? [] : await this.#store.getMany(unknown.map(indexNodeKey));
    const parsed = new Map(unknown.map((path, index) => [path, this.#parse(path, rows[index])]));
    return paths.map((path) => this.#upper.get(path) ?? parsed.get(path));
  }

  #parse(path: string, value: Uint8Array | undefined): IndexRow | undefined {
    if (value === undefined) return undefined;
    const reader = new RowReader(value);
    const node = parsedNode(reader.sized(), path);
    const inside = new Map<string, IndexNode>();
    for (let count = reader.u8(); count > 0; count--) {
      const below = path + reader.u8().toString(16);
      inside.set(below, parsedNode(reader.sized(), below));
    }
    reader.end();
    const row = { node, inside };
    this.#remember(path, row);
    return row;
  }

  #remember(path: string, row: IndexRow): void {
    if (path.length <= indexPathCachedMax) this.#upper.set(path, row);
  }
}

function parsedNode(bytes: Uint8Array, path: string): IndexNode {
  const node = parseIndexNode(bytes, path);
  if (node.verdict === 'accept') return node.value;
  throw new DirectoryError<ReplicationErrorCode>('store_corrupt', node.message);
}

/** Nodes of a change that is being made, before they are written. */
export class IndexTreeChange {
  readonly #readRows: ReadRows;
  /** Nodes that differ from the stored ones; null for those that go. */
  readonly #changed = new Map<string, IndexNode | null>();
  /** Nodes as they are stored, as far as they have been read. */
  readonly #stored = new Map<string, IndexNode>();
  /** Paths that have been read and have rows of their own. */
  readonly #ownRows = new Set<string>();

  constructor(readRows: ReadRows) {
    this.#readRows = readRows;
  }

  /** Loads the nodes on the ways to these labels, level by level; returns a reader of them. */
  async load(labels: readonly Uint8Array[]): Promise<(path: string) => IndexNode | undefined> {
    let ways = labels.map((label) => label.toHex());
    for (let depth = 0; ways.length > 0; depth++) {
      const paths = new Set(ways.map((way) => way.slice(0, depth)));
      await this.#loadRows([...paths].filter((path) => !this.#isKnown(path)));
      ways = ways.filter((way) => {
        const node = this.#read(way.slice(0, depth));
        return node !== undefined && hasNodeBelow(node, Number.parseInt(way[depth]!, 16));
      });
    }
    return this.#read;
  }

  #isKnown(path: string): boolean {
    return this.#changed.has(path) || this.#stored.has(path);
  }

  async #loadRows(paths: readonly string[]): Promise<void> {
    if (paths.length === 0) return;
    const rows = await this.#readRows(paths);
    for (const [index, path] of paths.entries()) {
      const row = rows[index];
      if (row === undefined) continue;
      this.#stored.set(path, row.node);
      this.#ownRows.add(path);
      for (const [below, node] of row.inside) this.#stored.set(below, node);
    }
  }

  readonly #read = (path: string): IndexNode | undefined => {
    const changed = this.#changed.get(path);
    return changed === undefined ? this.#stored.get(path) : (changed ?? undefined);
  };

  add({ written, obsolete }: AppliedIndexBatch): void {
    for (const path of obsolete) this.#changed.set(path, null);
    for (const [path, node] of written) this.#changed.set(path, node);
  }

  /** Returns the rows to write. */
  rows(): RowChange[] {
    return [...this.changedRows()].map(([path, row]) => {
      const rowKey = indexNodeKey(path);
      return row === null ? { rowKey, erase: true } : { rowKey, value: encodeRow(row) };
    });
  }

  /** Returns what the rows at these paths become. A node never changes without the one above it. */
  *changedRows(): Generator<[path: string, row: IndexRow | null]> {
    for (const [path, node] of this.#changed) {
      if (node !== null && !standsInside(path, node)) {
        yield [path, { node, inside: this.#inside(path, node) }];
      } else if (this.#ownRows.has(path)) {
        yield [path, null];
      }
    }
  }

  /** Small nodes below come with their row, so one that has not been read has a row of its own. */
  #inside(path: string, node: IndexNode): Map<string, IndexNode> {
    const inside = new Map<string, IndexNode>();
    for (let slot = 0; slot < 16; slot++) {
      if (!hasNodeBelow(node, slot)) continue;
      const below = path + slot.toString(16);
      const small = this.#read(below);
      if (small !== undefined && standsInside(below, small)) inside.set(below, small);
    }
    return inside;
  }
}

function encodeRow({ node, inside }: IndexRow): Uint8Array {
  const writer = new RowWriter().sized(node.bytes).u8(inside.size);
  for (const [path, { bytes }] of inside) writer.u8(Number.parseInt(path.at(-1)!, 16)).sized(bytes);
  return writer.finish();
}

/** Tells whether a node is kept in the row of the one above it: small, with leaves only. */
function standsInside(path: string, node: IndexNode): boolean {
  if (path === '' || node.bytes.length > indexInlineBytesMax) return false;
  for (let slot = 0; slot < 16; slot++) if (hasNodeBelow(node, slot)) return false;
  return true;
}
