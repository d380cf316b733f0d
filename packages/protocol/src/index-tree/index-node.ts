/**
 * The tree as it is kept: four of its levels to a node, sixteen slots, one for each value of the
 * next half byte of the label. A node is named by the half bytes above it, in lower-case hexadecimal,
 * so that a change overwrites nodes in their place and nothing old is left behind. This is how the
 * tree is stored and sent, not what is hashed: the hashes are those of the binary tree.
 *
 * A slot is empty, holds the one leaf below it, or the hash of the node below it, which has two
 * leaves or more. The node itself is there if and only if two leaves or more are below it; the
 * topmost one as soon as there is one.
 */
import { concatBytes } from '../bytes.ts';
import type { Cryptography } from '../crypto/cryptography.ts';
import { treeHashBytes } from '../merkle/tree-hash.ts';
import { accept, reject } from '../verdict.ts';
import type { Refusal, Verdict } from '../verdict.ts';
import { indexInnerHash, indexLeafHash } from './index-hash.ts';
import type { IndexLeaf } from './index-hash.ts';

/** Two leaves or more, known by their hash. */
export interface IndexBranch {
  /** 32 bytes. */
  readonly hash: Uint8Array;
}

/** What is below a place of the binary tree; `undefined` for nothing. */
export type IndexSlot = IndexLeaf | IndexBranch | undefined;

export interface IndexNode {
  /** Sixteen. */
  readonly slots: readonly IndexSlot[];
  /**
   * What has been found to be below the inner places of the node, by their number: 1 is the top,
   * 2n and 2n + 1 are below n. `null` where nobody has looked yet.
   */
  readonly found: (IndexSlot | null)[];
}

/** Reads the node of a path; `undefined` where there is none. */
export type IndexNodeReader = (path: string) => IndexNode | undefined;

export const slotsPerNode = 16;

/** The four places above the slots' parents: each has a quarter of the slots. */
const firstQuarter = 4;
const headBytes = 4;

/** Makes a node of its sixteen slots. */
export function indexNode(slots: readonly IndexSlot[]): IndexNode {
  return { slots, found: unknown.slice() };
}

const unknown: readonly (IndexSlot | null)[] = Array.from({ length: slotsPerNode }, () => null);

/** Makes the node that differs in these slots; what is known of the others is kept. */
export function changedIndexNode(
  node: IndexNode,
  slots: readonly IndexSlot[],
  changed: readonly number[],
): IndexNode {
  const found = node.found.slice();
  for (const slot of changed) {
    for (let place = (slotsPerNode + slot) >> 1; place > 0; place >>= 1) found[place] = null;
  }
  return { slots, found };
}

/** Tells whether a slot holds one leaf. */
export function isIndexLeaf(slot: IndexSlot): slot is IndexLeaf {
  return slot !== undefined && 'label' in slot;
}

/** Finds what is below a place: 1 is the top of the node, 16 to 31 are its slots. */
export function contentAt(node: IndexNode, place: number, crypto: Cryptography): IndexSlot {
  if (place >= slotsPerNode) return node.slots[place - slotsPerNode];
  const known = node.found[place];
  if (known !== null) return known;
  const left = contentAt(node, 2 * place, crypto);
  const right = contentAt(node, 2 * place + 1, crypto);
  const content = joined(left, right, crypto);
  node.found[place] = content;
  return content;
}

/** A leaf that is alone below a place stands at that place, however far down its label would lead. */
function joined(left: IndexSlot, right: IndexSlot, crypto: Cryptography): IndexSlot {
  if (left === undefined && (right === undefined || isIndexLeaf(right))) return right;
  if (right === undefined && isIndexLeaf(left)) return left;
  return { hash: indexInnerHash(slotHash(left, crypto), slotHash(right, crypto), crypto) };
}

/** Returns the hash of what is below a place, or null for nothing. */
export function slotHash(slot: IndexSlot, crypto: Cryptography): Uint8Array | null {
  if (slot === undefined) return null;
  return isIndexLeaf(slot) ? indexLeafHash(slot, crypto) : slot.hash;
}

/**
 * Encodes a node: which slots hold leaves (2 bytes), which hold hashes (2), the hashes of those of its
 * quarters that have two leaves or more, then what the slots hold. The quarters save a member most of
 * the hashing when one slot of a stored node changes.
 */
export function encodeIndexNode(node: IndexNode, crypto: Cryptography): Uint8Array {
  let [leaves, branches] = [0, 0];
  const parts: Uint8Array[] = [];
  for (let place = firstQuarter; place < 2 * firstQuarter; place++) {
    const quarter = contentAt(node, place, crypto);
    if (quarter !== undefined && !isIndexLeaf(quarter)) parts.push(quarter.hash);
  }
  for (const [index, slot] of node.slots.entries()) {
    if (slot === undefined) continue;
    if (isIndexLeaf(slot)) {
      leaves |= 1 << index;
      parts.push(slot.label, slot.stateHash);
    } else {
      branches |= 1 << index;
      parts.push(slot.hash);
    }
  }
  const head = Uint8Array.of(leaves >> 8, leaves & 0xff, branches >> 8, branches & 0xff);
  return concatBytes(head, ...parts);
}

/**
 * Parses the node of a path; its byte strings share the memory of `bytes`. Believes the hashes of the
 * quarters: a node that comes from anywhere else than this member's own store must not be parsed so.
 */
export function parseIndexNode(bytes: Uint8Array, path: string): Verdict<IndexNode> {
  if (bytes.length < headBytes) return malformed('is shorter than its head');
  const leaves = (bytes[0]! << 8) | bytes[1]!;
  const branches = (bytes[2]! << 8) | bytes[3]!;
  if ((leaves & branches) !== 0) return malformed('has a slot that is both leaf and branch');
  const [leafCount, branchCount] = [bitCount(leaves), bitCount(branches)];
  const quarters = [0, 1, 2, 3].filter((quarter) => isCrowded(leaves, branches, quarter));
  const hashCount = quarters.length + 2 * leafCount + branchCount;
  if (bytes.length !== headBytes + treeHashBytes * hashCount) {
    return malformed('does not have the size that its slots take');
  }
  if (branchCount === 0 && leafCount < (path === '' ? 1 : 2))
    return malformed('has too few leaves');
  let position = headBytes;
  const hash = (): Uint8Array => bytes.subarray(position, (position += treeHashBytes));
  const found = unknown.slice();
  for (const quarter of quarters) found[firstQuarter + quarter] = { hash: hash() };
  const slots = emptySlots();
  for (let index = 0; index < slotsPerNode; index++) {
    if (((leaves >> index) & 1) === 1) {
      const leaf = { label: hash(), stateHash: hash() };
      if (!standsAt(leaf.label, path, index)) return malformed('holds a leaf of another place');
      slots[index] = leaf;
    } else if (((branches >> index) & 1) === 1) {
      slots[index] = { hash: hash() };
    }
  }
  return accept({ slots, found });
}

/** Tells whether a quarter has two leaves or more. */
function isCrowded(leaves: number, branches: number, quarter: number): boolean {
  const mask = 0b1111 << (4 * quarter);
  return (branches & mask) !== 0 || bitCount(leaves & mask) > 1;
}

/** Tells whether the label begins with the half bytes of `path` and then `index`. */
function standsAt(label: Uint8Array, path: string, index: number): boolean {
  if (halfByteAt(label, path.length) !== index) return false;
  for (let depth = 0; depth < path.length; depth++) {
    if (halfByteAt(label, depth).toString(16) !== path[depth]) return false;
  }
  return true;
}

/** Returns a half byte of a label, 0 to 15: the slot that leads to it at this depth. */
export function halfByteAt(label: Uint8Array, depth: number): number {
  const byte = label[depth >> 1]!;
  return (depth & 1) === 0 ? byte >> 4 : byte & 0x0f;
}

/** Returns sixteen slots with nothing in them. */
export function emptySlots(): IndexSlot[] {
  return Array.from({ length: slotsPerNode });
}

function bitCount(mask: number): number {
  let count = 0;
  for (let rest = mask; rest > 0; rest &= rest - 1) count++;
  return count;
}

function malformed(found: string): Refusal {
  return reject('index_node_malformed', `index node ${found}`);
}
