/**
 * Leaves: a member's statements in its own log. Mostly "I received, challenged or witnessed this
 * entry at this time"; a log's first leaf, and one for each later charter, says which charter the
 * member works under. The entry inside is bytes here: an invalid one makes the leaf void, not the log.
 */
import { encodeCbor, isCborMap, parseCbor } from './cbor.ts';
import { readEntryLeaf } from './flat-reader.ts';
import { leafBytesMax } from './limits.ts';
import { accept, reject } from './verdict.ts';
import type { CborValue } from './cbor.ts';
import type { Verdict } from './verdict.ts';

/** How a member came by an entry; `charter` is the leaf by which a log takes up a charter. */
export type LeafRole = 'received' | 'challenged' | 'witnessed' | 'charter';

/** What a member writes to its log: an entry, when, and in which role. */
export interface Leaf {
  readonly v: 1;
  /** Milliseconds since the Unix epoch, by the member's clock; never decreases along a log. */
  readonly at: number;
  /** Hash of the charter in force, 32 bytes. */
  readonly charter: Uint8Array;
  readonly role: LeafRole;
  /** The encoded entry; absent in the role `charter` only. */
  readonly entry?: Uint8Array;
}

/** Encodes a leaf; does not check it. */
export function encodeLeaf(leaf: Leaf): Uint8Array {
  const { v, at, charter, role, entry } = leaf;
  return encodeCbor(
    entry === undefined ? { v, at, charter, role } : { v, at, charter, role, entry },
  );
}

/**
 * Parses a leaf, not the entry in it; codes `leaf_too_large`, `cbor_malformed`, `leaf_malformed`. What
 * it is made of may be views of `bytes`.
 */
export function parseLeaf(bytes: Uint8Array): Verdict<Leaf> {
  if (bytes.length > leafBytesMax) {
    return reject('leaf_too_large', `leaf is ${bytes.length} bytes, at most ${leafBytesMax}`);
  }
  const read = readEntryLeaf(bytes);
  if (read !== undefined) return accept(read);
  const parsed = parseCbor(bytes);
  if (parsed.verdict !== 'accept') return parsed;
  const leaf = leafOf(parsed.value);
  return typeof leaf === 'string' ? reject('leaf_malformed', leaf) : accept(leaf);
}

const roles: Readonly<Record<LeafRole, true>> = {
  received: true,
  challenged: true,
  witnessed: true,
  charter: true,
};

/** Returns the leaf, or what is wrong with it. */
function leafOf(value: CborValue): Leaf | string {
  if (!isCborMap(value)) return 'leaf is not a map';
  const { v, at, charter, role, entry } = value;
  if (v !== 1) return 'field v is not 1';
  if (typeof at !== 'number' || at < 0) return 'field at is no time in milliseconds';
  if (!(charter instanceof Uint8Array) || charter.length !== 32) {
    return 'field charter is not 32 bytes';
  }
  if (!isRole(role)) return 'field role is unknown';
  if ((role === 'charter') !== (entry === undefined)) return 'field entry does not fit the role';
  if (entry !== undefined && !(entry instanceof Uint8Array)) return 'field entry is not bytes';
  const expectedCount = entry === undefined ? 4 : 5;
  const count = Object.keys(value).length;
  if (count !== expectedCount) return `${count} fields, not ${expectedCount}`;
  return entry === undefined ? { v, at, charter, role } : { v, at, charter, role, entry };
}

function isRole(value: CborValue | undefined): value is LeafRole {
  return typeof value === 'string' && Object.hasOwn(roles, value);
}
