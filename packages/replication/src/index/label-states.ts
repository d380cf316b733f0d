/** The states of labels as the store has them, for an index that is behind the view or not there. */
import type { BindingState, CharterSet } from '@callbook/protocol';
import { foldLabel, parseEntry, parseLeaf } from '@callbook/protocol';

import { labelIn, labelsAfter, ownershipKey, updatesKey } from '../store/row-keys.ts';
import type { Store } from '../store/store.ts';
import { parseLabelRow } from '../view/label-row.ts';

/** A label, and what the logs say of it; `undefined` while nothing is complete. */
export interface LabelState {
  /** 32 bytes. */
  readonly label: Uint8Array;
  readonly state: BindingState | undefined;
}

/** Folds the stored histories of these labels. */
export async function readStates(
  labels: readonly Uint8Array[],
  store: Store,
  charters: CharterSet,
): Promise<LabelState[]> {
  const rows = await store.getMany(
    labels.flatMap((label) => [ownershipKey(label), updatesKey(label)]),
  );
  return labels.map((label, index) => {
    const { history } = parseLabelRow(rows[2 * index], rows[2 * index + 1]);
    return { label, state: foldLabel(history, charters) };
  });
}

/** Returns labels of the view in their order, at most `countMax` / 2 or so, after one. */
export async function readLabels(
  store: Store,
  after: Uint8Array | undefined,
  countMax: number,
): Promise<Uint8Array[]> {
  const rows = await store.range({ ...labelsAfter(after), countMax });
  return uniqueLabels(rows.map(([rowKey]) => labelIn(rowKey)));
}

/** Returns the labels that leaves are about, each once; malformed leaves are about none. */
export function labelsOfLeaves(leaves: readonly Uint8Array[]): Uint8Array[] {
  return uniqueLabels(
    leaves.flatMap((leafBytes) => {
      const leaf = parseLeaf(leafBytes);
      if (leaf.verdict !== 'accept' || leaf.value.entry === undefined) return [];
      const entry = parseEntry(leaf.value.entry);
      return entry.verdict === 'accept' ? [entry.value.label] : [];
    }),
  );
}

function uniqueLabels(labels: readonly Uint8Array[]): Uint8Array[] {
  return [...new Map(labels.map((label) => [label.toHex(), label])).values()];
}
