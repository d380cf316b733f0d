/** What is stored of a label and read back must fold as if it had never left memory. */
import { emptyHistory, foldLabel, integrateLeaf, parseEntry } from '@callbook/protocol';
import type { CharterSet, LabelHistory, LoggedEntry } from '@callbook/protocol';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadMembership } from '../../src/charter/membership.ts';
import { ownershipKey, updatesKey } from '../../src/store/row-keys.ts';
import {
  changedRows,
  emptyLabelRow,
  keptHolding,
  parseHeldLabel,
  parseLabelRow,
} from '../../src/view/label-row.ts';
import { crypto, foundFederation } from '../support/federation.ts';
import { Holder } from '../support/holder.ts';
import type { MadeEntry } from '../support/holder.ts';

let charters: CharterSet;
let pool: LoggedEntry[];

beforeAll(async () => {
  const federation = await foundFederation();
  charters = loadMembership([federation.note], crypto).charters;
  const holder = new Holder('tel:+4915123456789');
  const stranger = new Holder('tel:+4915123456789', 'stranger');
  const opening = await holder.register();
  await stranger.register();
  const made: MadeEntry[] = [
    opening,
    await holder.update('sip:one@sip.test'),
    await holder.update('sip:two@sip.test'),
    await holder.update('sip:other@sip.test', 2),
    await stranger.update('sip:thief@sip.test', 99),
    await holder.rotate('second'),
    await holder.update('sip:three@sip.test'),
    await holder.release(),
  ];
  const origins = federation.members.map(({ origin }) => origin);
  pool = made.flatMap((entry) => origins.map((origin, n) => loggedAt(entry, origin, n)));
});

/** The entry as a log has it, the first log having challenged it where its kind wants that. */
function loggedAt({ entry, entryId }: MadeEntry, origin: string, position: number): LoggedEntry {
  const parsed = parseEntry(entry);
  if (parsed.verdict !== 'accept') throw new Error(parsed.code);
  const { kind } = parsed.value;
  const first = kind === 'register' ? 'challenged' : 'received';
  const role = position === 0 || kind === 'update' ? first : 'witnessed';
  const { hash: charter } = charters.current;
  return {
    entry: parsed.value,
    entryBytes: entry,
    entryId,
    origin,
    index: position,
    at: position,
    charter,
    role,
  };
}

function integrate(leaves: readonly LoggedEntry[], from: LabelHistory): LabelHistory {
  return leaves.reduce((history, leaf) => integrateLeaf(history, leaf, { charters, crypto }), from);
}

/** Writes a history as the store has it, and reads it back. */
function storedAndRead(history: LabelHistory, label: Uint8Array): LabelHistory {
  const holding = keptHolding(history, charters, undefined);
  const kept = { ownership: history.ownership, updates: history.updates };
  const rows = changedRows(label, emptyLabelRow, {
    ...emptyLabelRow,
    history: holding === undefined ? kept : { ...kept, holding },
  });
  const valueAt = (rowKey: Uint8Array): Uint8Array | undefined => {
    const row = rows.find((change) => Buffer.compare(change.rowKey, rowKey) === 0);
    return row !== undefined && 'value' in row ? row.value : undefined;
  };
  const readOwnership = (): Uint8Array | undefined => valueAt(ownershipKey(label));
  const updates = valueAt(updatesKey(label));
  const held = parseHeldLabel(label, updates, readOwnership);
  return (held ?? parseLabelRow(readOwnership(), updates)).history;
}

describe('the rows of a label', () => {
  it('fold as the history in memory does, wherever it was stored between', () => {
    const order = fc.array(fc.nat(23), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(order, fc.nat(40), (positions, cut) => {
        const leaves = positions.map((position) => pool[position]!);
        const { label } = leaves[0]!.entry;
        const before = integrate(leaves.slice(0, cut), emptyHistory);
        const resumed = integrate(leaves.slice(cut), storedAndRead(before, label));
        const whole = integrate(leaves, emptyHistory);
        expect(foldLabel(resumed, charters)).toEqual(foldLabel(whole, charters));
      }),
      { numRuns: 1000 },
    );
  });
});
