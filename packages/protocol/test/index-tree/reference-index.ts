/** The index tree by its definition, recursively over all labels; and a store of nodes in memory. */
import { createHash } from 'node:crypto';
import { nodeCryptography as crypto } from '../../src/crypto/node.ts';
import { applyIndexBatch } from '../../src/index-tree/apply-batch.ts';
import type { IndexChange } from '../../src/index-tree/apply-batch.ts';
import { emptyIndexRoot } from '../../src/index-tree/index-hash.ts';
import type { IndexLeaf } from '../../src/index-tree/index-hash.ts';
import { parseIndexNode } from '../../src/index-tree/index-node.ts';
import type { IndexNodeReader } from '../../src/index-tree/index-node.ts';

/** Returns the root of these leaves, below a place `level` bits deep that they share. */
export function referenceRoot(leaves: readonly IndexLeaf[], level = 0): Uint8Array {
  if (leaves.length === 0) return new Uint8Array(32);
  if (leaves.length === 1) {
    const { label, stateHash } = leaves[0]!;
    return sha256(Uint8Array.of(2), label, stateHash);
  }
  const bit = ({ label }: IndexLeaf): number => (label[level >> 3]! >> (7 - (level % 8))) & 1;
  const half = (value: number): IndexLeaf[] => leaves.filter((leaf) => bit(leaf) === value);
  const [left, right] = [half(0), half(1)].map((side) => referenceRoot(side, level + 1));
  return sha256(Uint8Array.of(3), left!, right!);
}

function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

/** Nodes by path, encoded, as a store would keep them. */
export class StoredIndex {
  readonly rows: Map<string, Uint8Array> = new Map();
  root: Uint8Array = emptyIndexRoot();

  readonly read: IndexNodeReader = (path) => {
    const row = this.rows.get(path);
    if (row === undefined) return undefined;
    const node = parseIndexNode(row, path);
    if (node.verdict !== 'accept') throw new Error(node.message);
    return node.value;
  };

  apply(changes: readonly IndexChange[]): this {
    const applied = applyIndexBatch(changes, this.read, crypto);
    for (const path of applied.obsolete) this.rows.delete(path);
    for (const [path, node] of applied.written) this.rows.set(path, node.bytes);
    this.root = applied.root;
    return this;
  }
}

/** Makes 32 bytes that begin with `head` and otherwise depend on `seed`. */
export function bytes32(seed: string, head: Uint8Array = new Uint8Array(0)): Uint8Array {
  const bytes = new Uint8Array(createHash('sha256').update(seed).digest());
  bytes.set(head);
  return bytes;
}
