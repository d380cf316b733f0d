/** The fold's vectors, replayed as any implementation would: from charters and whole logs. */
import { describe, expect, test } from 'vitest';
import { sodiumCryptography as crypto } from '../../src/crypto/sodium.ts';
import { entryId, parseEntry, verifyEntry } from '../../src/entry.ts';
import { admitEntry } from '../../src/fold/admission.ts';
import { charterSet } from '../../src/fold/charter-set.ts';
import type { CharterSet } from '../../src/fold/charter-set.ts';
import { foldLabel } from '../../src/fold/fold-label.ts';
import { emptyHistory, integrateLeaf } from '../../src/fold/history.ts';
import type { LabelHistory, LoggedEntry } from '../../src/fold/history.ts';
import { parseLeaf } from '../../src/leaf.ts';
import type { LeafRole } from '../../src/leaf.ts';
import { readVectors } from '../read-vectors.ts';

interface FoldVector {
  readonly expect: string;
  readonly charters: string[];
  readonly logs: Readonly<Record<string, string[]>>;
  readonly label: string;
  readonly state: object | null;
  readonly asked: { origin: string; nowMs: number; role: LeafRole; entry: string };
}

/** The valid leaves of a log about the label: time never goes back, entries verify. */
function validLeaves([origin, leaves]: [string, string[]], label: string): LoggedEntry[] {
  let lastAtMs = 0;
  return leaves.flatMap((hex, index) => {
    const leaf = parseLeaf(Uint8Array.fromHex(hex));
    if (leaf.verdict !== 'accept' || leaf.value.at < lastAtMs) return [];
    const { at, charter, role, entry: entryBytes } = leaf.value;
    lastAtMs = at;
    if (entryBytes === undefined) return [];
    const entry = verifyEntry(entryBytes, crypto);
    if (entry.verdict !== 'accept' || entry.value.label.toHex() !== label) return [];
    const id = entryId(entryBytes, crypto);
    return [{ origin, index, at, charter, role, entry: entry.value, entryBytes, entryId: id }];
  });
}

function historyOf(leaves: readonly LoggedEntry[], charters: CharterSet): LabelHistory {
  const context = { charters, crypto };
  return leaves.reduce((history, leaf) => integrateLeaf(history, leaf, context), emptyHistory);
}

function chartersOf(notes: readonly string[]): CharterSet {
  const charters = charterSet(notes, crypto);
  if (charters.verdict !== 'accept') throw new Error(charters.message);
  return charters.value;
}

function stateText(history: LabelHistory, charters: CharterSet): object | null {
  const state = foldLabel(history, charters);
  if (state === undefined) return null;
  const { epoch, status, ownershipId, entryId: served } = state;
  return { epoch, status, ownershipId: ownershipId.toHex(), entryId: served.toHex() };
}

function answerTo(vector: FoldVector, history: LabelHistory, charters: CharterSet): string {
  const { origin, nowMs, role, entry: hex } = vector.asked;
  const entryBytes = Uint8Array.fromHex(hex);
  const entry = parseEntry(entryBytes);
  if (entry.verdict !== 'accept') return entry.code;
  const id = entryId(entryBytes, crypto);
  const verdict = admitEntry(
    { entry: entry.value, entryId: id, role, receipted: [] },
    { history, charters, crypto, nowMs, ownOrigin: origin },
  );
  return verdict.verdict === 'accept' ? 'accept' : verdict.code;
}

describe('the vectors of the fold', () => {
  test.each(readVectors('fold'))('$name', ({ content }) => {
    const vector = content as FoldVector;
    const charters = chartersOf(vector.charters);
    const leaves = Object.entries(vector.logs).flatMap((log) => validLeaves(log, vector.label));
    const history = historyOf(leaves, charters);
    expect(stateText(history, charters)).toEqual(vector.state);
    expect(stateText(historyOf(leaves.toReversed(), charters), charters)).toEqual(vector.state);
    expect(answerTo(vector, history, charters)).toBe(vector.expect);
  });
});
