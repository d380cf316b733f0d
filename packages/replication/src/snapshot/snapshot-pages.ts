/** Reads a snapshot's labels, in their order, as pages for another member. */
import type { MentionedEntry } from '@callbook/protocol';
import { bytesEqual } from '@callbook/protocol';

import { pageBytesMax, snapshotLabelsMax, snapshotRowsRead } from '../limits.ts';
import { labelIn, labelsAfter, ownershipKey } from '../store/row-keys.ts';
import type { Row, StoreSnapshot } from '../store/store.ts';
import { parseLabelRow } from '../view/label-row.ts';
import type { LabelRow } from '../view/label-row.ts';
import type { SnapshotEntry, SnapshotLabel, SnapshotPage } from './snapshot-messages.ts';

export class SnapshotPages {
  readonly #rows: StoreSnapshot;
  /** Last label that was given out. */
  #after: Uint8Array | undefined;
  /** Labels that were read and did not fit the page before. */
  #read: SnapshotLabel[] = [];
  #ended = false;

  constructor(rows: StoreSnapshot) {
    this.#rows = rows;
  }

  /** The next page; of a label of any size at least one. */
  async next(): Promise<SnapshotPage> {
    const labels: SnapshotLabel[] = [];
    for (let bytes = 0; labels.length < snapshotLabelsMax;) {
      if (this.#read.length === 0 && !this.#ended) await this.#readMore();
      const label = this.#read[0];
      if (label === undefined) break;
      bytes += sizeOf(label);
      if (labels.length > 0 && bytes > pageBytesMax) break;
      labels.push(label);
      this.#read.shift();
    }
    return { labels, more: this.#read.length > 0 || !this.#ended };
  }

  async #readMore(): Promise<void> {
    const rows = await this.#rows.range({
      ...labelsAfter(this.#after),
      countMax: snapshotRowsRead,
    });
    this.#ended = rows.length < snapshotRowsRead;
    const groups = groupByLabel(rows);
    // The last label may have another row beyond those that were read.
    const whole = this.#ended ? groups : groups.slice(0, -1);
    this.#after = whole.at(-1)?.label ?? this.#after;
    this.#read = whole.map(({ label, row }) => labelOfRow(label, row));
  }
}

interface LabelGroup {
  readonly label: Uint8Array;
  readonly row: LabelRow;
}

function groupByLabel(rows: readonly Row[]): LabelGroup[] {
  const groups: LabelGroup[] = [];
  for (let position = 0; position < rows.length; position++) {
    const [rowKey, value] = rows[position]!;
    const label = labelIn(rowKey);
    const next = rows[position + 1];
    const isOwnership = bytesEqual(rowKey, ownershipKey(label));
    const updates =
      isOwnership && next !== undefined && bytesEqual(labelIn(next[0]), label)
        ? rows[++position]![1]
        : undefined;
    const row = isOwnership ? parseLabelRow(value, updates) : parseLabelRow(undefined, value);
    groups.push({ label, row });
  }
  return groups;
}

function labelOfRow(label: Uint8Array, { history, payloads }: LabelRow): SnapshotLabel {
  const entryOf = ({ entry, entryBytes, mentions }: MentionedEntry): SnapshotEntry => {
    const { commitment } = entry;
    const held = payloads.find(
      (payload) => commitment !== null && bytesEqual(payload.commitment, commitment),
    );
    return { entryBytes, mentions, opened: held?.opened ?? null };
  };
  const entries = [...history.ownership.values(), ...history.updates.values()].map(entryOf);
  // A superseded update that is served still, while the payload of the one in force is missing, is
  // not told: the newcomer asks for the missing one like everybody else.
  return { label, entries };
}

function sizeOf({ entries }: SnapshotLabel): number {
  return entries.reduce(
    (sum, { entryBytes, opened, mentions }) =>
      sum + entryBytes.length + (opened?.payload.length ?? 0) + 64 + mentions.length * 128,
    64,
  );
}
