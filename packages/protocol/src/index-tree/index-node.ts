/**
 * The tree as it is kept: four of its levels to a node, sixteen slots, one for each value of the
 * next half byte of the label. A node is named by the half bytes above it, in lower-case hexadecimal,
 * so that a change overwrites nodes in their place and nothing old is left behind. This is how a
 * member stores the tree, not what is hashed: the hashes are those of the binary tree.
 *
 * A slot is empty, holds the one leaf below it, or the hash of the node below it, which has two
 * leaves or more. The node itself is there if and only if two leaves or more are below it; the
 * topmost one as soon as there is one.
 *
 * A node is its bytes: for each quarter of the slots a byte that says which of the four hold leaves
 * (high bits) and hashes (low bits), then for each quarter its hash, if it has two leaves or more, and
 * what its slots hold. With the quarters' hashes, a change of one slot costs seven hashes or so, and
 * reads the bytes of its quarter only.
 */
import { takeBytes } from '../byte-slab.ts';
import type { Cryptography } from '../crypto/cryptography.ts';
import { treeHashBytes } from '../merkle/tree-hash.ts';
import { accept, reject } from '../verdict.ts';
import type { Refusal, Verdict } from '../verdict.ts';
import { indexInnerHash, indexLeafHash } from './index-hash.ts';
import type { IndexLeaf } from './index-hash.ts';

/** Two leaves or more, known by their hash. */
interface IndexBranch {
  /** 32 bytes. */
  readonly hash: Uint8Array;
}

/** What is below a place of the binary tree; `undefined` for nothing. */
export type IndexSlot = IndexLeaf | IndexBranch | undefined;

/** A node of the index. */
export interface IndexNode {
  /** As it is stored. */
  readonly bytes: Uint8Array;
}

/** Reads the node of a path; `undefined` where there is none. */
export type IndexNodeReader = (path: string) => IndexNode | undefined;

export const slotsPerNode = 16;

const quarterCount = 4;
const slotsPerQuarter = 4;
const emptyNode: IndexNode = { bytes: new Uint8Array(quarterCount) };

/** Returns a half byte of a label, 0 to 15: the slot that leads to it at this depth. */
export function halfByteAt(label: Uint8Array, depth: number): number {
  const byte = label[depth >> 1]!;
  return (depth & 1) === 0 ? byte >> 4 : byte & 0x0f;
}

/** Tells whether a slot holds one leaf. */
export function isIndexLeaf(slot: IndexSlot): slot is IndexLeaf {
  return slot !== undefined && 'label' in slot;
}

/** Tells whether another node is below a slot. */
export function hasNodeBelow({ bytes }: IndexNode, slot: number): boolean {
  return holdsBranch(bytes[slot >> 2]!, slot & 3);
}

/** Returns what a slot, 0 to 15, holds; its byte strings share the node's memory. */
export function slotAt({ bytes }: IndexNode, slot: number): IndexSlot {
  const quarter = slot >> 2;
  const mask = bytes[quarter]!;
  let position = quarterStart(bytes, quarter) + (isCrowded(mask) ? treeHashBytes : 0);
  for (let before = 0; before < (slot & 3); before++) {
    if (holdsLeaf(mask, before)) position += 2 * treeHashBytes;
    else if (holdsBranch(mask, before)) position += treeHashBytes;
  }
  if (holdsLeaf(mask, slot & 3)) {
    const label = bytes.subarray(position, position + treeHashBytes);
    const end = position + 2 * treeHashBytes;
    return { label, stateHash: bytes.subarray(position + treeHashBytes, end) };
  }
  if (!holdsBranch(mask, slot & 3)) return undefined;
  return { hash: bytes.subarray(position, position + treeHashBytes) };
}

/** Finds what is below a place: 1 is the top, 2n and 2n + 1 are below n, 16 to 31 are the slots. */
export function contentAt(node: IndexNode, place: number, crypto: Cryptography): IndexSlot {
  if (place >= slotsPerNode) return slotAt(node, place - slotsPerNode);
  if (place >= quarterCount && place < 2 * quarterCount) {
    return quarterContent(node, place - quarterCount);
  }
  return joined(contentAt(node, 2 * place, crypto), contentAt(node, 2 * place + 1, crypto), crypto);
}

function quarterContent(node: IndexNode, quarter: number): IndexSlot {
  const mask = node.bytes[quarter]!;
  if (isCrowded(mask)) {
    const start = quarterStart(node.bytes, quarter);
    return { hash: node.bytes.subarray(start, start + treeHashBytes) };
  }
  for (let slot = 0; slot < slotsPerQuarter; slot++) {
    if (holdsLeaf(mask, slot)) return slotAt(node, slotsPerQuarter * quarter + slot);
  }
  return undefined;
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
 * Makes the node that differs from `node` in these slots; from one without leaves if there is none. Its
 * bytes share their memory with others: copy those of a node that is kept.
 */
export function changedIndexNode(
  node: IndexNode | undefined,
  changed: ReadonlyMap<number, IndexSlot>,
  crypto: Cryptography,
): IndexNode {
  const before = (node ?? emptyNode).bytes;
  const masks = new Uint8Array(before.subarray(0, quarterCount));
  const parts: Uint8Array[] = [masks];
  let start = quarterCount;
  for (let quarter = 0; quarter < quarterCount; quarter++) {
    const end = start + quarterBytes[before[quarter]!]!;
    const slots = changedQuarter(node ?? emptyNode, quarter, changed);
    if (slots === undefined) {
      if (end > start) parts.push(before.subarray(start, end));
    } else {
      masks[quarter] = maskOf(slots);
      pushQuarter(slots, parts, crypto);
    }
    start = end;
  }
  return { bytes: joinedInSlab(parts) };
}

/** Nodes are written and forgotten, but for the few upper ones: see `byte-slab.ts`. */
function joinedInSlab(parts: readonly Uint8Array[]): Uint8Array {
  let size = 0;
  for (const part of parts) size += part.length;
  const whole = takeBytes(size);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** Returns the slots of a quarter with their changes, or undefined when there are none. */
function changedQuarter(
  node: IndexNode,
  quarter: number,
  changed: ReadonlyMap<number, IndexSlot>,
): IndexSlot[] | undefined {
  const first = slotsPerQuarter * quarter;
  let slots: IndexSlot[] | undefined;
  for (const slot of changed.keys()) {
    if (slot >> 2 !== quarter) continue;
    slots ??= [0, 1, 2, 3].map((place) => slotAt(node, first + place));
    slots[slot & 3] = changed.get(slot);
  }
  return slots;
}

function pushQuarter(slots: readonly IndexSlot[], parts: Uint8Array[], crypto: Cryptography): void {
  const [a, b, c, d] = slots;
  const content = joined(joined(a, b, crypto), joined(c, d, crypto), crypto);
  if (content !== undefined && !isIndexLeaf(content)) parts.push(content.hash);
  for (const slot of slots) {
    if (slot === undefined) continue;
    if (isIndexLeaf(slot)) parts.push(slot.label, slot.stateHash);
    else parts.push(slot.hash);
  }
}

function maskOf(slots: readonly IndexSlot[]): number {
  let mask = 0;
  for (const [index, slot] of slots.entries()) {
    if (slot !== undefined) mask |= (isIndexLeaf(slot) ? 0x10 : 0x01) << index;
  }
  return mask;
}

/** Bytes that a quarter takes, by its mask. */
const quarterBytes: readonly number[] = Array.from({ length: 256 }, (_, mask) => {
  const hashes = 2 * bitCount(mask >> 4) + bitCount(mask & 0x0f);
  return treeHashBytes * (hashes + (isCrowded(mask) ? 1 : 0));
});

function quarterStart(bytes: Uint8Array, quarter: number): number {
  let start = quarterCount;
  for (let before = 0; before < quarter; before++) start += quarterBytes[bytes[before]!]!;
  return start;
}

/** Tells whether a quarter has two leaves or more. */
function isCrowded(mask: number): boolean {
  const leaves = mask >> 4;
  return (mask & 0x0f) !== 0 || (leaves & (leaves - 1)) !== 0;
}

function holdsLeaf(mask: number, slot: number): boolean {
  return ((mask >> (4 + slot)) & 1) === 1;
}

function holdsBranch(mask: number, slot: number): boolean {
  return ((mask >> slot) & 1) === 1;
}

/**
 * Parses the node of a path; it shares the memory of `bytes`. Believes the hashes of the quarters: a
 * node that comes from anywhere else than this member's own store must not be parsed so.
 */
export function parseIndexNode(bytes: Uint8Array, path: string): Verdict<IndexNode> {
  if (bytes.length < quarterCount) return malformed('is shorter than its head');
  const masks = [...bytes.subarray(0, quarterCount)];
  if (masks.some((mask) => ((mask >> 4) & mask) !== 0)) {
    return malformed('has a slot that is both leaf and branch');
  }
  if (bytes.length !== quarterStart(bytes, quarterCount)) {
    return malformed('does not have the size that its slots take');
  }
  const leafCount = masks.reduce((count, mask) => count + bitCount(mask >> 4), 0);
  const hasBranch = masks.some((mask) => (mask & 0x0f) !== 0);
  if (!hasBranch && leafCount < (path === '' ? 1 : 2)) return malformed('has too few leaves');
  for (let slot = 0; slot < slotsPerNode; slot++) {
    if (!holdsLeaf(masks[slot >> 2]!, slot & 3)) continue;
    const leaf = slotAt({ bytes }, slot) as IndexLeaf;
    if (!standsAt(leaf.label, path, slot)) return malformed('holds a leaf of another place');
  }
  return accept({ bytes });
}

/** Tells whether the label begins with the half bytes of `path` and then `slot`. */
function standsAt(label: Uint8Array, path: string, slot: number): boolean {
  if (halfByteAt(label, path.length) !== slot) return false;
  for (let depth = 0; depth < path.length; depth++) {
    if (halfByteAt(label, depth) !== Number.parseInt(path[depth]!, 16)) return false;
  }
  return true;
}

function bitCount(mask: number): number {
  let count = 0;
  for (let rest = mask; rest > 0; rest &= rest - 1) count++;
  return count;
}

function malformed(found: string): Refusal {
  return reject('index_node_malformed', `index node ${found}`);
}
