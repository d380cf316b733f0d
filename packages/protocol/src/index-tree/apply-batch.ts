/**
 * Changes the index tree by a batch of labels. Pure: reads nodes through a port and returns those to
 * write. What comes out depends on the labels and states in the tree alone, not on how they came to
 * be there, so any order and any split of the same changes ends in the same nodes and the same root.
 */
import { assert } from '../assert.ts';
import { bytesEqual, compareBytes } from '../bytes.ts';
import type { Cryptography } from '../crypto/cryptography.ts';
import { treeHashBytes } from '../merkle/tree-hash.ts';
import { emptyIndexRoot } from './index-hash.ts';
import type { IndexLeaf } from './index-hash.ts';
import {
  changedIndexNode,
  contentAt,
  halfByteAt,
  isIndexLeaf,
  slotAt,
  slotHash,
} from './index-node.ts';
import type { IndexNode, IndexNodeReader, IndexSlot } from './index-node.ts';

/** What a label's state becomes; `null` when it has none any more. */
export interface IndexChange {
  /** 32 bytes. */
  readonly label: Uint8Array;
  /** 32 bytes, or null. */
  readonly stateHash: Uint8Array | null;
}

/** The root after a batch, and the nodes to write. */
export interface AppliedIndexBatch {
  /** 32 bytes. */
  readonly root: Uint8Array;
  /** Nodes that are new or differ, by path. */
  readonly written: ReadonlyMap<string, IndexNode>;
  /** Paths of nodes that are gone. */
  readonly obsolete: readonly string[];
}

interface Batch {
  readonly read: IndexNodeReader;
  readonly crypto: Cryptography;
  /** In the order of their labels. */
  readonly changes: readonly IndexChange[];
  readonly written: Map<string, IndexNode>;
  readonly obsolete: string[];
}

/** The changes from `start` to before `end`: those whose labels begin with `path`. */
interface Stretch {
  readonly path: string;
  readonly start: number;
  readonly end: number;
}

/**
 * Applies changes, each label at most once. To build a tree in bulk, apply its labels in their order,
 * some thousand at a time: then nearly every node is written once.
 */
export function applyIndexBatch(
  changes: readonly IndexChange[],
  read: IndexNodeReader,
  crypto: Cryptography,
): AppliedIndexBatch {
  const sorted = changes.toSorted((a, b) => compareBytes(a.label, b.label));
  let before: Uint8Array | undefined;
  for (const { label, stateHash } of sorted) {
    assert(label.length === treeHashBytes, 'a label is 32 bytes');
    assert(stateHash === null || stateHash.length === treeHashBytes, 'a state hash is 32 bytes');
    assert(before === undefined || !bytesEqual(before, label), 'a label changes once');
    before = label;
  }
  const batch: Batch = { read, crypto, changes: sorted, written: new Map(), obsolete: [] };
  const content = applyBelow({ path: '', start: 0, end: sorted.length }, batch);
  const root = slotHash(content, crypto) ?? emptyIndexRoot();
  return { root, written: batch.written, obsolete: batch.obsolete };
}

/** Applies a stretch of changes to the node of its path; returns what is there then. */
function applyBelow(stretch: Stretch, batch: Batch): IndexSlot {
  const { path } = stretch;
  const node = batch.read(path);
  assert(node !== undefined || path === '', 'a node of the index is missing');
  const changed = new Map<number, IndexSlot>();
  for (let { start } = stretch; start < stretch.end;) {
    const slot = halfByteAt(batch.changes[start]!.label, path.length);
    const below = stretchOf(batch.changes, { path, start, end: stretch.end }, slot);
    const before = node && slotAt(node, slot);
    const after = changedSlot(before, below, batch);
    if (!sameSlot(before, after)) changed.set(slot, after);
    start = below.end;
  }
  if (changed.size === 0) return node && contentAt(node, 1, batch.crypto);
  return keep(path, changedIndexNode(node, changed, batch.crypto), batch);
}

function changedSlot(before: IndexSlot, stretch: Stretch, batch: Batch): IndexSlot {
  if (before !== undefined && !isIndexLeaf(before)) return applyBelow(stretch, batch);
  const changes = batch.changes.slice(stretch.start, stretch.end);
  const leaves = changes.filter((change): change is IndexLeaf => change.stateHash !== null);
  if (before !== undefined && changes.every(({ label }) => !bytesEqual(label, before.label))) {
    leaves.push(before);
    leaves.sort((a, b) => compareBytes(a.label, b.label));
  }
  return build(stretch.path, leaves, batch);
}

/** Builds what is below a path that had no node, from its leaves in order. */
function build(path: string, leaves: readonly IndexLeaf[], batch: Batch): IndexSlot {
  if (leaves.length < 2) return leaves[0];
  const slots = new Map<number, IndexSlot>();
  for (let start = 0; start < leaves.length;) {
    const slot = halfByteAt(leaves[start]!.label, path.length);
    const below = stretchOf(leaves, { path, start, end: leaves.length }, slot);
    slots.set(slot, build(below.path, leaves.slice(start, below.end), batch));
    start = below.end;
  }
  return keep(path, changedIndexNode(undefined, slots, batch.crypto), batch);
}

/** The part at the head of a stretch whose labels lead to one slot. */
function stretchOf(
  sorted: readonly { readonly label: Uint8Array }[],
  { path, start, end }: Stretch,
  index: number,
): Stretch {
  let next = start + 1;
  while (next < end && halfByteAt(sorted[next]!.label, path.length) === index) next++;
  return { path: path + index.toString(16), start, end: next };
}

/** Keeps a node, or gives it up when it has become one leaf or nothing, which its parent can hold. */
function keep(path: string, node: IndexNode, batch: Batch): IndexSlot {
  const content = contentAt(node, 1, batch.crypto);
  const worthANode = path === '' ? content !== undefined : content && !isIndexLeaf(content);
  if (worthANode) batch.written.set(path, node);
  else batch.obsolete.push(path);
  return content;
}

function sameSlot(a: IndexSlot, b: IndexSlot): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined || isIndexLeaf(a) !== isIndexLeaf(b)) return false;
  if (isIndexLeaf(a) && isIndexLeaf(b)) {
    return bytesEqual(a.stateHash, b.stateHash) && bytesEqual(a.label, b.label);
  }
  return bytesEqual((a as { hash: Uint8Array }).hash, (b as { hash: Uint8Array }).hash);
}
