/**
 * Reads the leaves of one entry bundle: hashes them, verifies the entries, and says of each that
 * contributes nothing why. What needs the leaves before the bundle, whether time goes back, is left to
 * the caller: it has the smallest and the largest time.
 */
import {
  entryId as idOf,
  leafHash,
  nodeHash,
  parseEntry,
  parseLeaf,
  roleFitsKind,
  takeBytes,
  verifyParsedEntry,
} from '@callbook/protocol';
import type { CharterSet, Cryptography } from '@callbook/protocol';
import { recordBytes, termsOf, writeRecord } from './leaf-records.ts';
import type { LeafRecord } from './leaf-records.ts';

/** Why a leaf contributes nothing; the first that fits. */
export const violationCodes = [
  'leaf_malformed',
  'leaf_time_back',
  'charter_unknown',
  'entry_malformed',
  'role_unfit',
  'entry_signature_invalid',
] as const;

export type ViolationCode = (typeof violationCodes)[number];

export interface FoundViolation {
  readonly index: number;
  readonly code: ViolationCode;
}

export interface BundleOrder {
  /** Place of the log among those of the fold. */
  readonly log: number;
  /** Of the first leaf of the bundle. */
  readonly first: number;
  readonly leaves: readonly Uint8Array[];
  /** Leaves before this one are hashed and nothing else: they have been folded. */
  readonly from: number;
  /** Largest time of the leaves before the bundle; 0 where it is not known. */
  readonly lastAtMs: number;
  /** Leaves of a later time are listed. */
  readonly futureMs: number;
}

export interface ReadBundle {
  readonly hashes: readonly Uint8Array[];
  readonly violations: readonly FoundViolation[];
  /** Indexes of well-formed leaves of a later time than `futureMs`. */
  readonly future: readonly number[];
  /** Of well-formed leaves from `from` on; Infinity where there is none. */
  readonly atMsMin: number;
  /** Of all well-formed leaves; 0 where there is none. */
  readonly atMsMax: number;
  /** Leaves with an entry that counts, by kind. */
  readonly kinds: Readonly<Record<string, number>>;
  readonly records: readonly { readonly partition: number; readonly bytes: Uint8Array }[];
}

/** Reads one bundle. */
export function readBundle(
  order: BundleOrder,
  charters: CharterSet,
  crypto: Cryptography,
): ReadBundle {
  const violations: FoundViolation[] = [];
  const future: number[] = [];
  const kinds: Record<string, number> = {};
  const records: ReadBundle['records'][number][] = [];
  const hashes = order.leaves.map((leaf) => leafHash(leaf, crypto));
  let [atMsMin, atMsMax] = [Number.POSITIVE_INFINITY, 0];
  let lastAtMs = order.lastAtMs;
  for (const [place, leafBytes] of order.leaves.entries()) {
    const index = order.first + place;
    const leaf = parseLeaf(leafBytes);
    if (leaf.verdict !== 'accept') {
      if (index >= order.from) violations.push({ index, code: 'leaf_malformed' });
      continue;
    }
    const { at } = leaf.value;
    atMsMax = Math.max(atMsMax, at);
    const isBack = at < lastAtMs;
    lastAtMs = Math.max(lastAtMs, at);
    if (index < order.from) continue;
    atMsMin = Math.min(atMsMin, at);
    if (at > order.futureMs) future.push(index);
    const position = { log: order.log, index };
    const read = isBack ? 'leaf_time_back' : recordOf(leaf.value, position, { charters, crypto });
    if (typeof read === 'string') violations.push({ index, code: read });
    else if (read !== undefined) {
      kinds[read.kind] = (kinds[read.kind] ?? 0) + 1;
      if (read.isUnknown) violations.push({ index, code: 'charter_unknown' });
      const bytes = takeBytes(recordBytes(read.record));
      writeRecord(bytes, 0, read.record);
      records.push({ partition: read.partition, bytes });
    }
  }
  return { hashes, violations, future, atMsMin, atMsMax, kinds, records };
}

interface ReadRecord {
  readonly record: LeafRecord;
  readonly kind: string;
  readonly partition: number;
  readonly isUnknown: boolean;
}

/** The record of a leaf, the code of what is wrong with it, or nothing where it has no entry. */
function recordOf(
  leaf: Extract<ReturnType<typeof parseLeaf>, { verdict: 'accept' }>['value'],
  position: { readonly log: number; readonly index: number },
  { charters, crypto }: { readonly charters: CharterSet; readonly crypto: Cryptography },
): ReadRecord | ViolationCode | undefined {
  const { at, role, charter, entry: entryBytes } = leaf;
  const named = charters.byHash(charter);
  const isUnknown = named === undefined;
  if (entryBytes === undefined) return isUnknown ? 'charter_unknown' : undefined;
  const entry = parseEntry(entryBytes);
  const unfit = entry.verdict === 'accept' && !roleFitsKind(role, entry.value.kind);
  // One that names an unknown charter is kept where it may count once that is known.
  if (isUnknown && (entry.verdict !== 'accept' || unfit)) return 'charter_unknown';
  if (entry.verdict !== 'accept') return 'entry_malformed';
  if (unfit) return 'role_unfit';
  const verified = verifyParsedEntry(entry.value, entryBytes, crypto);
  if (verified.verdict !== 'accept')
    return isUnknown ? 'charter_unknown' : 'entry_signature_invalid';
  const { kind, label, seq } = entry.value;
  const record = {
    ...position,
    at,
    role,
    isUpdate: kind === 'update',
    charterVersion: named?.charter.version ?? 0,
    ...(isUnknown && { charterHash: charter }),
    seq,
    label,
    entryId: idOf(entryBytes, crypto),
    entryBytes,
    terms: termsOf(entry.value, entryBytes),
  };
  return { record, kind, partition: label[0]!, isUnknown };
}

/** The root of 256 leaf hashes, for a tree of which these are the leaves' eighth level. */
export function fullBundleRoot(hashes: readonly Uint8Array[], crypto: Cryptography): Uint8Array {
  let row = hashes;
  while (row.length > 1) {
    const pairs: Uint8Array[] = [];
    for (let place = 0; place < row.length; place += 2) {
      pairs.push(nodeHash(row[place]!, row[place + 1]!, crypto));
    }
    row = pairs;
  }
  return row[0]!;
}
