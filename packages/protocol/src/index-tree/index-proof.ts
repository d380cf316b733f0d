/**
 * Proofs that a label has a state, or none, under a root of the index. A proof is the hashes beside
 * the way from the root to where the label's leaf is or would be. Absence is shown by what stands
 * there instead: nothing, or the leaf of another label that begins with the same bits; since a leaf
 * stands as high as it is alone, no other leaf can be below that place.
 *
 * For one root and one label at most one statement can be proven, even if whoever signed the root
 * built the tree wrongly: two proofs would be two preimages of the first hash in which they differ.
 */
import { assert } from '../assert.ts';
import { bytesEqual } from '../bytes.ts';
import type { Cryptography } from '../crypto/cryptography.ts';
import { indexProofBytesMax } from '../limits.ts';
import { treeHashBytes } from '../merkle/tree-hash.ts';
import { accept, reject } from '../verdict.ts';
import type { Refusal, Verdict } from '../verdict.ts';
import { emptyIndexRoot, indexInnerHash, indexLeafHash, isEmptyIndexHash } from './index-hash.ts';
import type { IndexLeaf } from './index-hash.ts';
import { contentAt, isIndexLeaf, slotHash, slotsPerNode } from './index-node.ts';
import type { IndexNode, IndexNodeReader, IndexSlot } from './index-node.ts';

/** The way from a root to the place of a label, and what is there. */
export interface IndexProof {
  /** Hashes beside the way, from the root down; null where nothing is. */
  readonly siblings: readonly (Uint8Array | null)[];
  /** What is at the end of the way: the label's own leaf, nothing, or another label's leaf. */
  readonly end: 'present' | 'empty' | IndexLeaf;
}

/** A label, and what the index under a root is said to have of it. */
export interface IndexClaim {
  /** Root of the index, 32 bytes. */
  readonly root: Uint8Array;
  /** 32 bytes. */
  readonly label: Uint8Array;
  /** State that the label is said to have, 32 bytes; null when it is said to have none. */
  readonly stateHash: Uint8Array | null;
  /** The encoded proof. */
  readonly proof: Uint8Array;
}

const endKinds = ['present', 'empty', 'other'] as const;

/** Makes the proof for a label, whether it is in the tree or not. */
export function proveIndexLabel(
  label: Uint8Array,
  read: IndexNodeReader,
  crypto: Cryptography,
): IndexProof {
  assert(label.length === treeHashBytes, 'a label is 32 bytes');
  const path = label.toHex();
  const siblings: (Uint8Array | null)[] = [];
  const top = read('');
  let node: IndexNode | undefined = top;
  let place = 1;
  let content: IndexSlot = node && contentAt(node, place, crypto);
  while (content !== undefined && !isIndexLeaf(content)) {
    if (place >= slotsPerNode) {
      node = read(path.slice(0, siblings.length / 4));
      place = 1;
    }
    assert(node !== undefined, 'a node of the index is missing');
    const bit = bitAt(label, siblings.length);
    siblings.push(slotHash(contentAt(node, 2 * place + (1 - bit), crypto), crypto));
    place = 2 * place + bit;
    content = contentAt(node, place, crypto);
  }
  if (content === undefined) return { siblings, end: 'empty' };
  return { siblings, end: bytesEqual(content.label, label) ? 'present' : content };
}

/**
 * Encodes a proof: what is at the end (1 byte: 0 the label, 1 nothing, 2 another leaf), the number of
 * levels (1 byte), a bit for each level that is set where a hash follows, those hashes, and the label
 * and state hash of another leaf.
 */
export function encodeIndexProof({ siblings, end }: IndexProof): Uint8Array {
  assert(siblings.length < 256, 'a proof has at most 255 levels');
  const bitmap = new Uint8Array(Math.ceil(siblings.length / 8));
  const hashes: Uint8Array[] = [];
  for (const [level, sibling] of siblings.entries()) {
    if (sibling === null) continue;
    bitmap[level >> 3]! |= 0x80 >> (level & 7);
    hashes.push(sibling);
  }
  const kind = endKinds.indexOf(typeof end === 'string' ? end : 'other');
  if (typeof end !== 'string') hashes.push(end.label, end.stateHash);
  const bytes = new Uint8Array(2 + bitmap.length + treeHashBytes * hashes.length);
  // Nobody can find the labels that would fill a proof: they would share 120 bits and more.
  assert(bytes.length <= indexProofBytesMax, 'a proof fits its limit');
  bytes.set([kind, siblings.length]);
  bytes.set(bitmap, 2);
  for (const [position, hash] of hashes.entries()) {
    bytes.set(hash, 2 + bitmap.length + treeHashBytes * position);
  }
  return bytes;
}

/** Parses a proof: one spelling for each. */
export function parseIndexProof(bytes: Uint8Array): Verdict<IndexProof> {
  if (bytes.length > indexProofBytesMax) {
    return malformed(`is ${bytes.length} bytes, at most ${indexProofBytesMax}`);
  }
  const [kindByte, levels] = bytes;
  if (kindByte === undefined || levels === undefined) return malformed('is shorter than its head');
  const kind = endKinds[kindByte];
  if (kind === undefined) return malformed('has an end of an unknown kind');
  const bitmapBytes = Math.ceil(levels / 8);
  let position = 2 + bitmapBytes;
  const present = (level: number): boolean =>
    ((bytes[2 + (level >> 3)]! << (level & 7)) & 0x80) !== 0;
  const take = (): Uint8Array => bytes.slice(position, (position += treeHashBytes));
  const siblings = Array.from({ length: levels }, (_, level) => (present(level) ? take() : null));
  const end = kind === 'other' ? { label: take(), stateHash: take() } : kind;
  if (position !== bytes.length) return malformed('does not have the size that its hashes take');
  for (let level = levels; level < bitmapBytes * 8; level++) {
    if (present(level)) return malformed('has a bit set beyond its levels');
  }
  if (siblings.some((hash) => hash !== null && isEmptyIndexHash(hash))) {
    return malformed('spells an empty subtree out');
  }
  // A place is divided only where two leaves or more are below it.
  if (siblings.at(-1) === null) return malformed('has nothing beside its last level');
  return accept({ siblings, end });
}

/** Verifies that under `root` the label has this state, or none. */
export function verifyIndexProof(claim: IndexClaim, crypto: Cryptography): Verdict<IndexProof> {
  const { root, label, stateHash } = claim;
  if (![root, label, stateHash ?? label].every(({ length }) => length === treeHashBytes)) {
    return reject('index_proof_invalid', 'root, label and state hash are 32 bytes each');
  }
  const proof = parseIndexProof(claim.proof);
  if (proof.verdict !== 'accept') return proof;
  const { siblings, end } = proof.value;
  if ((end === 'present') !== (stateHash !== null)) {
    return reject('index_proof_invalid', 'the proof is of presence or absence, the claim is not');
  }
  if (typeof end !== 'string' && !standsFor(end.label, label, siblings.length)) {
    return reject('index_proof_invalid', 'the leaf in the proof stands elsewhere than the label');
  }
  const atEnd = endHash(end, { label, stateHash }, crypto);
  const computed = siblings.reduceRight<Uint8Array>(
    (below, beside, level) =>
      bitAt(label, level) === 0
        ? indexInnerHash(below, beside, crypto)
        : indexInnerHash(beside, below, crypto),
    atEnd,
  );
  return bytesEqual(computed, root)
    ? proof
    : reject('index_proof_invalid', 'the proof does not lead to the root');
}

function endHash(
  end: IndexProof['end'],
  { label, stateHash }: Pick<IndexClaim, 'label' | 'stateHash'>,
  crypto: Cryptography,
): Uint8Array {
  if (typeof end !== 'string') return indexLeafHash(end, crypto);
  return stateHash === null ? emptyIndexRoot() : indexLeafHash({ label, stateHash }, crypto);
}

/** Another label stands where `label` would if it begins with the same `levels` bits. */
function standsFor(other: Uint8Array, label: Uint8Array, levels: number): boolean {
  if (bytesEqual(other, label)) return false;
  for (let level = 0; level < levels; level++) {
    if (bitAt(other, level) !== bitAt(label, level)) return false;
  }
  return true;
}

/** Bit of a label, from the most significant of its first byte on. */
function bitAt(label: Uint8Array, level: number): 0 | 1 {
  return ((label[level >> 3]! >> (7 - (level & 7))) & 1) as 0 | 1;
}

function malformed(found: string): Refusal {
  return reject('index_proof_malformed', `index proof ${found}`);
}
