/**
 * A label's history as a member stores it. This is not a protocol format: no other member ever sees
 * it, and it may change with a migration. The bytes come from our own store, so anything malformed
 * is a corrupted store and asserts.
 */
import { assert } from '../assert.ts';
import { encodeCbor, parseCbor } from '../cbor.ts';
import type { CborValue } from '../cbor.ts';
import { parseEntry } from '../entry.ts';
import type { LeafRole } from '../leaf.ts';
import { updateTerms } from './history.ts';
import type { LabelHistory, LeafMention, MentionedEntry } from './history.ts';

const roles: readonly LeafRole[] = ['received', 'challenged', 'witnessed', 'charter'];

/** Encodes a history for the store. */
export function encodeHistory(history: LabelHistory): Uint8Array {
  return encodeCbor([
    [...history.ownership.values()].map(encodeMentioned),
    [...history.updates.values()].map(encodeMentioned),
  ]);
}

/** Reads back what `encodeHistory` wrote. */
export function parseHistory(row: Uint8Array): LabelHistory {
  const parsed = parseCbor(row);
  assert(parsed.verdict === 'accept', 'history row is not CBOR');
  const [ownership, updates] = parsed.value as [StoredEntry[], StoredEntry[]];
  return {
    ownership: new Map(ownership.map(parseMentioned).map((item) => [item.entryId.toHex(), item])),
    updates: new Map(
      updates.map(parseMentioned).map((item) => [updateTerms(item.entry, item.entry.prev!), item]),
    ),
  };
}

type StoredEntry = [Uint8Array, Uint8Array, boolean, StoredMention[]];
type StoredMention = [string, number, number, Uint8Array, number];

function encodeMentioned({ entryId, entryBytes, settled, mentions }: MentionedEntry): CborValue {
  return [
    entryId,
    entryBytes,
    settled,
    mentions.map(({ origin, index, at, charter, role }) => [
      origin,
      index,
      at,
      charter,
      roles.indexOf(role),
    ]),
  ];
}

function parseMentioned([entryId, entryBytes, settled, mentions]: StoredEntry): MentionedEntry {
  const entry = parseEntry(entryBytes);
  assert(entry.verdict === 'accept', 'history row holds a malformed entry');
  return { entryId, entry: entry.value, entryBytes, settled, mentions: mentions.map(parseMention) };
}

function parseMention([origin, index, at, charter, role]: StoredMention): LeafMention {
  return { origin, index, at, charter, role: roles[role]! };
}
