/**
 * One log as this member stores it, its own or a mirror of another's: leaves, hash tiles and
 * position. It plans the rows of an append and takes the append over once they are written; in
 * between the old state stays whole, so a batch that fails leaves nothing half done. Decides
 * nothing: what may be appended is for `own-log.ts` and `log-intake.ts`.
 */
import type { Cryptography, Frontier, StoredHash } from '@callbook/protocol';
import {
  assert,
  bytesEqual,
  consistencyProof,
  DirectoryError,
  encodeEntryBundle,
  inclusionBeyond,
  inclusionProof,
  leafHash,
  readFrontier,
} from '@callbook/protocol';

import type { ReplicationErrorCode } from '../errors.ts';
import { positionKey } from '../store/row-keys.ts';
import type { RowChange, Store } from '../store/store.ts';
import { LeafBundles } from './leaf-bundles.ts';
import type { BundleGrowth } from './leaf-bundles.ts';
import { emptyPosition, encodePosition, parsePosition } from './log-position.ts';
import type { LogPosition } from './log-position.ts';
import { TileHashes } from './tile-hashes.ts';

export interface TileRequest {
  /** Tile level, or `entries` for an entry bundle. */
  readonly level: number | 'entries';
  readonly index: number;
  /** 1 to 256. */
  readonly width: number;
}

/** A checkpoint that provably grew from the first `end` leaves of its log. */
export interface SignedReach {
  readonly note: string;
  /** Leaves that lead to it. */
  readonly end: number;
  /** Leaves that it covers. */
  readonly size: number;
  readonly consistency: readonly Uint8Array[];
}

/** A leaf's inclusion in a signed tree. */
export interface LeafProof {
  readonly note: string;
  readonly proof: readonly Uint8Array[];
}

export interface LogAppend {
  readonly leaves: readonly Uint8Array[];
  /** The frontier after the leaves and the hashes that came to be on the way there. */
  readonly grown: { readonly frontier: Frontier; readonly stored: readonly StoredHash[] };
  readonly lastAtMs: number;
  /** Hash of the charter that the log takes up with these leaves. */
  readonly charter?: Uint8Array;
  /** Checkpoint to keep: signed, and of at most the size after the append. */
  readonly signed?: { readonly checkpoint: string; readonly size: number };
}

/** Rows of an append, and what the log will be when they are written. */
export interface PlannedAppend {
  readonly changes: readonly RowChange[];
  readonly position: LogPosition;
  readonly bundles: BundleGrowth;
}

export class StoredLog {
  readonly origin: string;
  readonly #crypto: Cryptography;
  readonly #tiles: TileHashes;
  readonly #bundles: LeafBundles;
  #position: LogPosition;
  #cutoff = Infinity;

  private constructor(
    origin: string,
    crypto: Cryptography,
    parts: { tiles: TileHashes; bundles: LeafBundles; position: LogPosition },
  ) {
    this.origin = origin;
    this.#crypto = crypto;
    this.#tiles = parts.tiles;
    this.#bundles = parts.bundles;
    this.#position = parts.position;
  }

  /**
   * Opens the log of this origin, empty when nothing of it is stored. What it grows from stands twice in the
   * store, as frontier and in tiles: a root signed over bytes that the disk has changed would be a second
   * one for its size. Errors: `store_corrupt`, `store_damaged`.
   */
  static async open(origin: string, store: Store, crypto: Cryptography): Promise<StoredLog> {
    const row = store.get(positionKey(origin));
    const position = row === undefined ? emptyPosition : parsePosition(row);
    const { size } = position.frontier;
    const bundles = await LeafBundles.open(origin, store, size);
    const tiles = new TileHashes(origin, store, crypto);
    const inTiles = readFrontier(size, tiles.read);
    const leafHashes = bundles.atEnd.map((leaf) => leafHash(leaf, crypto));
    const firstAtEnd = size - leafHashes.length;
    const isSame =
      sameHashes(position.frontier.hashes, inTiles.hashes) &&
      leafHashes.every((hash, at) => bytesEqual(hash, tiles.read(0, firstAtEnd + at)));
    if (!isSame) throw damagedLog();
    return new StoredLog(origin, crypto, { tiles, bundles, position });
  }

  get position(): LogPosition {
    return this.#position;
  }

  get frontier(): Frontier {
    return this.#position.frontier;
  }

  /** Leaves stored. */
  get size(): number {
    return this.#position.frontier.size;
  }

  /** Takes note that a charter lets only the first `size` leaves count. */
  cutOff(size: number): void {
    this.#cutoff = size;
  }

  /** The tree of the leaves that the fold may count: all of them, unless a charter cuts the log off. */
  get folded(): Frontier {
    return this.size > this.#cutoff ? this.frontierAt(this.#cutoff) : this.frontier;
  }

  /** Newest signed checkpoint that the stored leaves reach, or undefined. */
  get checkpoint(): string | undefined {
    return this.#position.checkpoint === '' ? undefined : this.#position.checkpoint;
  }

  /** Plans an append; nothing changes before its rows are written and `adopt` is called. */
  plan(append: LogAppend): PlannedAppend {
    const { grown } = append;
    const bundles = this.#bundles.grow(append.leaves);
    const position: LogPosition = {
      frontier: grown.frontier,
      lastAtMs: append.lastAtMs,
      charter: append.charter ?? this.#position.charter,
      checkpoint: append.signed?.checkpoint ?? this.#position.checkpoint,
      signedSize: append.signed?.size ?? this.#position.signedSize,
    };
    const changes = [
      ...bundles.changes,
      ...this.#tiles.rowsFor(grown.stored),
      { rowKey: positionKey(this.origin), value: encodePosition(position) },
    ];
    return { changes, position, bundles };
  }

  /** Takes over a planned append whose rows have been written. */
  adopt(planned: PlannedAppend): void {
    this.#bundles.adopt(planned.bundles);
    this.#position = planned.position;
  }

  /** Notes a checkpoint that was signed over the stored leaves; the next append writes it. */
  sign(checkpoint: string): void {
    this.#position = { ...this.#position, checkpoint, signedSize: this.size };
  }

  leaf(index: number): Uint8Array | undefined {
    return this.#bundles.from(index, index + 1)[0];
  }

  /** Returns the leaves from `first` on, at most to the end of their bundle and below `before`. */
  leavesFrom(first: number, before: number): readonly Uint8Array[] {
    return this.#bundles.from(first, before);
  }

  /** Returns a tile or an entry bundle of any width that is stored, or undefined. */
  tile({ level, index, width }: TileRequest): Uint8Array | undefined {
    if (level !== 'entries') return this.#tiles.tile(level, index, width);
    const leaves = this.#bundles.bundle(index, width);
    return leaves === undefined ? undefined : encodeEntryBundle(leaves);
  }

  /** The frontier that the log had when it had this many of its leaves. */
  frontierAt(size: number): Frontier {
    assert(size <= this.size, 'the log has had this size');
    return readFrontier(size, this.#tiles.read);
  }

  /** The hash of a leaf that is stored. */
  leafHash(index: number): Uint8Array {
    return this.#tiles.read(0, index);
  }

  /** Proves a leaf in the tree of the newest checkpoint, or of `treeSize` leaves. */
  inclusion(index: number, treeSize: number = this.#position.signedSize): Uint8Array[] {
    return inclusionProof({ index, treeSize }, this.#tiles.read, this.#crypto);
  }

  /** Proves a leaf in a larger tree, of which the first leaves are stored. */
  inclusionBeyond(index: number, { end, size, consistency }: SignedReach): Uint8Array[] {
    const growth = { oldSize: end, newSize: size };
    return inclusionBeyond(index, { ...growth, consistency, read: this.#tiles.read }, this.#crypto);
  }

  /** Proves that the tree of the newest checkpoint, or of `newSize`, extends that of `oldSize`. */
  consistency(oldSize: number, newSize: number = this.#position.signedSize): Uint8Array[] {
    return consistencyProof({ oldSize, newSize }, this.#tiles.read, this.#crypto);
  }
}

function sameHashes(some: readonly Uint8Array[], others: readonly Uint8Array[]): boolean {
  return some.length === others.length && some.every((hash, at) => bytesEqual(hash, others[at]!));
}

function damagedLog(): DirectoryError<ReplicationErrorCode> {
  return new DirectoryError(
    'store_damaged',
    'leaves, tiles and frontier of a stored log do not belong together',
  );
}
