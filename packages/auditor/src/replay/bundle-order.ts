/**
 * A stretch of a log's bundles, read from the folder, verified and cut into records by their labels:
 * what one order to a thread comes to. The same function serves the caller where a thread cannot know
 * enough (`lastAtMs`). Result and order are plain, as they travel between threads.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { parseEntryBundle, tilePath, tileWidth } from '@callbook/protocol';
import type { CharterSet, Cryptography } from '@callbook/protocol';
import { bundleBytesMax, partitionCount } from '../limits.ts';
import { fullBundleRoot, readBundle } from './leaf-reader.ts';
import type { FoundViolation, ReadBundle } from './leaf-reader.ts';

const bundleLeaves = 256;

export interface BundleOrder {
  /** Folder of the log. */
  readonly path: string;
  /** Place of the log among those of the fold. */
  readonly log: number;
  /** Leaves in the folder: they say how wide its bundles are. */
  readonly storedSize: number;
  /** Leaves before this one are hashed and nothing else. */
  readonly from: number;
  /** Leaf before which the order ends. */
  readonly end: number;
  readonly lastAtMs: number;
  readonly futureMs: number;
}

export interface BundleResult {
  /** Roots of the full bundles, 32 bytes each, from that of `from` on. */
  readonly bundleRoots: Uint8Array;
  /** Hashes of the leaves of the last bundle, where the order ends within it. */
  readonly tailHashes: Uint8Array;
  readonly violations: readonly FoundViolation[];
  readonly future: readonly number[];
  readonly atMsMin: number;
  readonly atMsMax: number;
  readonly kinds: Readonly<Record<string, number>>;
  /** Records in the order of their partitions. */
  readonly records: Uint8Array;
  /** Where each partition's records end. */
  readonly ends: Uint32Array;
  /** Index of a bundle that cannot be read; nothing else counts then. */
  readonly damaged: number | undefined;
}

/** Reads, verifies and cuts up a stretch. */
export function readBundles(
  order: BundleOrder,
  charters: CharterSet,
  crypto: Cryptography,
): BundleResult {
  const read: ReadBundle[] = [];
  const roots: Uint8Array[] = [];
  let tail: readonly Uint8Array[] = [];
  let { lastAtMs } = order;
  const firstBundle = Math.floor(order.from / bundleLeaves);
  for (let bundle = firstBundle; bundle * bundleLeaves < order.end; bundle++) {
    const first = bundle * bundleLeaves;
    const leaves = readStored(order, bundle)?.slice(0, order.end - first);
    if (leaves === undefined) return damagedAt(bundle);
    const { log, from, futureMs } = order;
    const one = readBundle({ log, first, leaves, from, lastAtMs, futureMs }, charters, crypto);
    lastAtMs = Math.max(lastAtMs, one.atMsMax);
    if (leaves.length === bundleLeaves) roots.push(fullBundleRoot(one.hashes, crypto));
    else tail = one.hashes;
    read.push(one);
  }
  return {
    bundleRoots: joined(roots),
    tailHashes: joined(tail),
    violations: read.flatMap(({ violations }) => violations),
    future: read.flatMap(({ future }) => future),
    atMsMin: Math.min(...read.map(({ atMsMin }) => atMsMin)),
    atMsMax: Math.max(...read.map(({ atMsMax }) => atMsMax)),
    kinds: summed(read.map(({ kinds }) => kinds)),
    ...sorted(read.flatMap(({ records }) => records)),
    damaged: undefined,
  };
}

/** The leaves of a bundle in the folder, views of what the next one overwrites; undefined where it is missing, torn or too short. */
function readStored({ path, storedSize }: BundleOrder, index: number): Uint8Array[] | undefined {
  const width = tileWidth({ level: 'entries', index }, storedSize);
  if (width === 0) return undefined;
  const size = readWhole(join(path, tilePath({ level: 'entries', index, width })));
  if (size === undefined) return undefined;
  const leaves = parseEntryBundle(scratch.subarray(0, size));
  return leaves.verdict === 'accept' && leaves.value.length === width ? leaves.value : undefined;
}

/** Where bundles are read to, one after the other: fresh memory for each would wait for the collector. */
const scratch = Buffer.alloc(bundleBytesMax + 1);

/** Reads a file to `scratch`; undefined where it cannot be read, or is larger than a bundle. */
function readWhole(path: string): number | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return undefined;
  }
  try {
    const size = readSync(file, scratch, 0, scratch.length, 0);
    return size < scratch.length ? size : undefined;
  } catch {
    return undefined;
  } finally {
    closeSync(file);
  }
}

function sorted(records: ReadBundle['records']): Pick<BundleResult, 'records' | 'ends'> {
  const ends = new Uint32Array(partitionCount);
  for (const { partition, bytes } of records) ends[partition]! += bytes.length;
  let size = 0;
  const starts = new Uint32Array(partitionCount);
  for (let partition = 0; partition < partitionCount; partition++) {
    starts[partition] = size;
    ends[partition] = size += ends[partition]!;
  }
  const all = new Uint8Array(size);
  for (const { partition, bytes } of records) {
    all.set(bytes, starts[partition]);
    starts[partition]! += bytes.length;
  }
  return { records: all, ends };
}

function joined(hashes: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(hashes.length * 32);
  for (const [place, hash] of hashes.entries()) bytes.set(hash, place * 32);
  return bytes;
}

function summed(all: readonly ReadBundle['kinds'][]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const kinds of all)
    for (const [kind, count] of Object.entries(kinds)) sum[kind] = (sum[kind] ?? 0) + count;
  return sum;
}

function damagedAt(damaged: number): BundleResult {
  const nothing = new Uint8Array(0);
  return {
    bundleRoots: nothing,
    tailHashes: nothing,
    violations: [],
    future: [],
    atMsMin: Number.POSITIVE_INFINITY,
    atMsMax: 0,
    kinds: {},
    records: nothing,
    ends: new Uint32Array(partitionCount),
    damaged,
  };
}
