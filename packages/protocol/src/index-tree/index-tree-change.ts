/**
 * A change of the index tree while it is made, for stores that are read in batches: the nodes on the
 * ways to the labels are loaded level by level, then changed in memory. The stored tree stays as it is
 * until whoever owns the store writes what has changed; a change that is given up leaves no trace.
 */
import type { AppliedIndexBatch } from './apply-batch.ts';
import { hasNodeBelow } from './index-node.ts';
import type { IndexNode, IndexNodeReader } from './index-node.ts';

/** Nodes of a change that is being made, before they are written. */
export class IndexTreeChange {
  readonly #kept: IndexNodeReader;
  readonly #readMany: (paths: readonly string[]) => Promise<(IndexNode | undefined)[]>;
  /** Nodes that differ from the stored ones; null for those that go. */
  readonly changed: Map<string, IndexNode | null> = new Map();

  constructor(
    kept: IndexNodeReader,
    readMany: (paths: readonly string[]) => Promise<(IndexNode | undefined)[]>,
  ) {
    this.#kept = kept;
    this.#readMany = readMany;
  }

  /** Loads the nodes on the ways to these labels, level by level; returns a reader of them. */
  async load(labels: readonly Uint8Array[]): Promise<IndexNodeReader> {
    const loaded = new Map<string, IndexNode | undefined>();
    const read: IndexNodeReader = (path) => {
      const changed = this.changed.get(path);
      return changed === undefined
        ? (this.#kept(path) ?? loaded.get(path))
        : (changed ?? undefined);
    };
    // In order, those that share a node stand beside each other.
    let ways = labels.map((label) => label.toHex()).sort();
    for (let depth = 0; ways.length > 0; depth++) {
      const missing: string[] = [];
      let last: string | undefined;
      for (const way of ways) {
        const path = way.slice(0, depth);
        if (path === last) continue;
        last = path;
        if (read(path) === undefined && !this.changed.has(path)) missing.push(path);
      }
      const nodes = missing.length === 0 ? [] : await this.#readMany(missing);
      for (const [place, path] of missing.entries()) loaded.set(path, nodes[place]);
      ways = ways.filter((way) => {
        const node = read(way.slice(0, depth));
        return node !== undefined && hasNodeBelow(node, Number.parseInt(way[depth]!, 16));
      });
    }
    return read;
  }

  /** Takes over what a batch changes. */
  add({ written, obsolete }: AppliedIndexBatch): void {
    for (const path of obsolete) this.changed.set(path, null);
    for (const [path, node] of written) this.changed.set(path, node);
  }
}
