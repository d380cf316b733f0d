/**
 * One label's history as the auditor keeps it, and what becomes of it with the records of a run. The
 * fold itself is protocol's. Of updates with the same terms under one ownership entry only the
 * strongest that counts is handed over: no other can win (docs/spec/fold.md, rule 25).
 */
import {
  bytesEqual,
  compareBytes,
  emptyHistory,
  encodeCbor,
  entryId as idOf,
  integrateLeaf,
  judgeOf,
  parseCbor,
  parseEntry,
  updateKeyOf,
} from '@callbook/protocol';
import type {
  CborValue,
  CharterSet,
  Cryptography,
  LabelHistory,
  LeafRole,
  LoggedEntry,
  MentionedEntry,
} from '@callbook/protocol';
import { auditorError } from '../errors.ts';
import type { LeafRecord } from './leaf-records.ts';

export interface LabelContext {
  readonly charters: CharterSet;
  readonly crypto: Cryptography;
  /** Origins of the logs, by their places. */
  readonly origins: readonly string[];
}

/** What a run says of one label. */
export class LabelRecords {
  readonly ownership: LeafRecord[] = [];
  /** The strongest of each terms. */
  readonly updates: LeafRecord[] = [];

  add(record: LeafRecord, context: LabelContext): void {
    if (!record.isUpdate) {
      this.ownership.push(record);
      return;
    }
    if (judgeOf(leafOf(record, context), context.charters) === undefined) return;
    const { updates } = this;
    const rival = updates.findIndex(({ terms }) => haveSameTerms(terms, record.terms));
    if (rival < 0) updates.push(record);
    else if (isStronger(record, updates[rival]!)) updates[rival] = record;
  }
}

function haveSameTerms(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a !== undefined && b !== undefined && Buffer.compare(a, b) === 0;
}

function isStronger(a: LeafRecord, b: LeafRecord): boolean {
  return a.seq > b.seq || (a.seq === b.seq && compareBytes(a.entryId, b.entryId) < 0);
}

/** The history with the records of a run, and the leaves of ownership entries among these. */
export function integrateRecords(
  before: LabelHistory,
  { ownership, updates }: LabelRecords,
  context: LabelContext,
): { readonly history: LabelHistory; readonly owned: readonly LoggedEntry[] } {
  const owned = ownership.map((record) => loggedOf(record, context));
  let history = before;
  for (const logged of owned) history = integrateLeaf(history, logged, context);
  for (const record of updates)
    history = integrateLeaf(history, loggedOf(record, context), context);
  return { history, owned };
}

function leafOf(
  { log, index, at, role, charterVersion, charterHash }: LeafRecord,
  { charters, origins }: LabelContext,
): Pick<LoggedEntry, 'origin' | 'index' | 'at' | 'role' | 'charter'> {
  const charter = charterHash ?? charters.all[charterVersion - 1]!.hash;
  return { origin: origins[log]!, index, at, role, charter };
}

function loggedOf(record: LeafRecord, context: LabelContext): LoggedEntry {
  const { entryBytes, entryId } = record;
  const entry = parseEntry(entryBytes);
  if (entry.verdict !== 'accept') throw damaged();
  return { ...leafOf(record, context), entryId, entryBytes, entry: entry.value };
}

/** Encodes a history; `hasState` says whether the index has the label. */
export function encodeHistory(
  { ownership, updates }: LabelHistory,
  hasState: boolean,
  context: LabelContext,
): Uint8Array {
  const items = (entries: Iterable<MentionedEntry>): CborValue[] =>
    Array.from(entries, ({ entryBytes, settled, mentions }) => [
      entryBytes,
      settled,
      mentions.map(({ origin, index, at, charter, role }) => [
        context.origins.indexOf(origin),
        index,
        at,
        context.charters.byHash(charter)?.charter.version ?? charter,
        role,
      ]),
    ]);
  return encodeCbor([hasState, items(ownership.values()), items(updates.values())]);
}

/** Reads back a history; its byte strings are views of the row. */
export function parseHistory(
  row: Uint8Array | undefined,
  context: LabelContext,
): { readonly history: LabelHistory; readonly hasState: boolean } {
  if (row === undefined) return { history: emptyHistory, hasState: false };
  const parsed = parseCbor(new Uint8Array(row.buffer, row.byteOffset, row.length));
  if (parsed.verdict !== 'accept') throw damaged();
  const [hasState, owned, updated] = parsed.value as [boolean, StoredEntry[], StoredEntry[]];
  const ownership = new Map(
    owned.map((stored) => {
      const entry = mentionedOf(stored, context);
      return [entry.entryId.toHex(), entry];
    }),
  );
  const updates = new Map(
    updated.map((stored) => {
      const entry = mentionedOf(stored, context);
      return [updateKeyOf(entry.entry, ownership), entry];
    }),
  );
  return { history: { ownership, updates }, hasState };
}

type StoredMention = [number, number, number, number | Uint8Array, LeafRole];
type StoredEntry = [Uint8Array, boolean, StoredMention[]];

function mentionedOf(
  [entryBytes, settled, mentions]: StoredEntry,
  { charters, crypto, origins }: LabelContext,
): MentionedEntry {
  const entry = parseEntry(entryBytes);
  if (entry.verdict !== 'accept') throw damaged();
  return {
    entryId: idOf(entryBytes, crypto),
    entry: entry.value,
    entryBytes,
    settled,
    mentions: mentions.map(([log, index, at, charter, role]) => ({
      origin: origins[log]!,
      index,
      at,
      charter: typeof charter === 'number' ? charters.all[charter - 1]!.hash : charter,
      role,
    })),
  };
}

function damaged(): Error {
  return auditorError('audit_folder_damaged', 'a row of the fold is malformed');
}

/** Tells whether two folds were made by the same charters. */
export function isOfCharter(
  stored: { readonly charterVersion: number; readonly charter: Uint8Array },
  { current }: CharterSet,
): boolean {
  return (
    stored.charterVersion === current.charter.version && bytesEqual(stored.charter, current.hash)
  );
}
