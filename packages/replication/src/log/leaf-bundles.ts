/**
 * The leaves of one log, as entry bundles of 256 (C2SP tlog-tiles). Full bundles are one row each.
 * The bundle at the end is kept in memory, and on disk as one row a batch: so an append writes only
 * what is new, and everything is read inside one turn of the event loop.
 */
import type { Store, RowChange } from '../store/store.ts';
import { DirectoryError, encodeEntryBundle, parseEntryBundle } from '@callbook/protocol';

import type { ReplicationErrorCode } from '../errors.ts';
import { tileWidth } from '../limits.ts';
import { bundleKey, partFirst, partKey } from '../store/row-keys.ts';

/** The bundle at the end of the log, 0 to 255 leaves. */
interface EndBundle {
  readonly leaves: readonly Uint8Array[];
  /** First indexes of the rows that hold it. */
  readonly parts: readonly number[];
}

/** What an append will write, and what the end will then be; nothing happens before `adopt`. */
export interface BundleGrowth {
  readonly changes: readonly RowChange[];
  readonly end: EndBundle;
  readonly size: number;
}

export class LeafBundles {
  readonly #origin: string;
  readonly #store: Store;
  #size: number;
  #end: EndBundle;

  private constructor(origin: string, store: Store, opened: { size: number; end: EndBundle }) {
    this.#origin = origin;
    this.#store = store;
    this.#size = opened.size;
    this.#end = opened.end;
  }

  /** Opens the leaves of a log that has `size` of them. */
  static async open(origin: string, store: Store, size: number): Promise<LeafBundles> {
    const endFirst = size - (size % tileWidth);
    const rows = await store.range({
      gte: partKey(origin, endFirst),
      lt: partKey(origin, endFirst + tileWidth),
      countMax: tileWidth,
    });
    const leaves = rows.flatMap(([, row]) => leavesOf(row));
    const parts = rows.map(([rowKey]) => partFirst(rowKey));
    if (leaves.length !== size % tileWidth) throw missingLeaves();
    return new LeafBundles(origin, store, { size, end: { leaves, parts } });
  }

  /** The leaves of the bundle at the end. */
  get atEnd(): readonly Uint8Array[] {
    return this.#end.leaves;
  }

  /** Plans the rows for more leaves. */
  grow(added: readonly Uint8Array[]): BundleGrowth {
    const changes: RowChange[] = [];
    let end = this.#end;
    let size = this.#size;
    let rest = added;
    while (rest.length > 0) {
      const taken = rest.slice(0, tileWidth - end.leaves.length);
      rest = rest.slice(taken.length);
      const grown = this.#growEnd(end, taken, size);
      changes.push(...grown.changes);
      end = grown.end;
      size += taken.length;
    }
    return { changes, end, size };
  }

  #growEnd(
    end: EndBundle,
    taken: readonly Uint8Array[],
    size: number,
  ): { changes: RowChange[]; end: EndBundle } {
    const leaves = [...end.leaves, ...taken];
    if (leaves.length < tileWidth) {
      const value = encodeEntryBundle(taken);
      const change = { rowKey: partKey(this.#origin, size), value };
      // What came over the network are views of whole frames: none of them may stay in memory.
      const kept = [...end.leaves, ...viewsOf(value, taken)];
      return { changes: [change], end: { leaves: kept, parts: [...end.parts, size] } };
    }
    const bundle = Math.floor(size / tileWidth);
    const full = { rowKey: bundleKey(this.#origin, bundle), value: encodeEntryBundle(leaves) };
    const parts = end.parts.map(
      (first) => ({ rowKey: partKey(this.#origin, first), erase: true }) as const,
    );
    return { changes: [full, ...parts], end: { leaves: [], parts: [] } };
  }

  /** Takes over a growth whose rows have been written. */
  adopt(growth: BundleGrowth): void {
    this.#end = growth.end;
    this.#size = growth.size;
  }

  /** Returns the first `width` leaves of a bundle, or undefined when fewer are stored. */
  bundle(index: number, width: number): readonly Uint8Array[] | undefined {
    if (index * tileWidth + width > this.#size) return undefined;
    if (index === Math.floor(this.#size / tileWidth)) return this.#end.leaves.slice(0, width);
    const row = this.#store.get(bundleKey(this.#origin, index));
    if (row === undefined) throw missingLeaves();
    return leavesOf(row).slice(0, width);
  }

  /** Returns the leaves from `first` on, at most to the end of their bundle and below `before`. */
  from(first: number, before: number): readonly Uint8Array[] {
    const bundle = Math.floor(first / tileWidth);
    const width = Math.min(tileWidth, Math.min(before, this.#size) - bundle * tileWidth);
    return width <= 0 ? [] : (this.bundle(bundle, width)?.slice(first % tileWidth) ?? []);
  }
}

/** The same leaves as views of their encoded bundle, in which each stands behind two bytes. */
function viewsOf(bundle: Uint8Array, leaves: readonly Uint8Array[]): Uint8Array[] {
  let end = 0;
  return leaves.map(({ length }) => {
    end += 2 + length;
    return bundle.subarray(end - length, end);
  });
}

function leavesOf(row: Uint8Array): Uint8Array[] {
  const bundle = parseEntryBundle(row);
  if (bundle.verdict !== 'accept') throw missingLeaves();
  return bundle.value;
}

function missingLeaves(): DirectoryError<ReplicationErrorCode> {
  return new DirectoryError('store_corrupt', 'leaves of a stored log are missing');
}
