/**
 * The payloads that are held here, for members that lack them, and those that are missing here: a row
 * for each label whose entry in force commits to a payload that this member does not have. The rows
 * are written with the labels' own (`view-batch.ts`), so they are never out of step.
 */
import type { Clock, Identifier, Verdict } from '@callbook/protocol';
import { accept, bytesEqual, foldLabel } from '@callbook/protocol';

import { missingAfter, missingLabelIn, updatesKey } from '../store/row-keys.ts';
import type { StoreWriter } from '../store/store-writer.ts';
import { readLabel } from '../view/bindings.ts';
import { parsePayloads } from '../view/label-row.ts';
import type { OpenedPayload } from '../view/payload-check.ts';
import { ViewBatch } from '../view/view-batch.ts';
import type { ViewContext } from '../view/view-batch.ts';
import type { WantedPayload } from './payload-messages.ts';

export interface PayloadHoldingsContext {
  readonly view: ViewContext;
  readonly writer: StoreWriter;
  readonly clock: Clock;
  /** Hears of identifiers that are published otherwise now. */
  readonly onSupplied: (identifiers: readonly Identifier[]) => void;
}

export class PayloadHoldings {
  readonly #context: PayloadHoldingsContext;

  constructor(context: PayloadHoldingsContext) {
    this.#context = context;
  }

  /** Returns the payload that a commitment of this label opens to, where it is held. */
  held({ label, commitment }: WantedPayload): OpenedPayload | undefined {
    const row = this.#context.view.store.get(updatesKey(label));
    if (row === undefined) return undefined;
    return parsePayloads(row).find((held) => bytesEqual(held.commitment, commitment))?.opened;
  }

  /** Reads what is missing: at most `countMax` labels, in their order, after one. */
  async missing(after: Uint8Array | undefined, countMax: number): Promise<WantedPayload[]> {
    const { store, charters } = this.#context.view;
    const rows = await store.range({ ...missingAfter(after), countMax });
    return rows.flatMap(([rowKey]) => {
      const label = missingLabelIn(rowKey);
      const commitment = foldLabel(readLabel(store, label).history, charters)?.commitment ?? null;
      return commitment === null ? [] : [{ label, commitment }];
    });
  }

  /** Takes in a payload that was missing. The codes are those of `checkPayload`. */
  async supply(wanted: WantedPayload, opened: OpenedPayload): Promise<Verdict<void>> {
    const { view: context, writer, clock, onSupplied } = this.#context;
    return writer.run(async (commit) => {
      const view = await ViewBatch.open(context, [wanted.label]);
      const verdict = view.supply(wanted, opened);
      if (verdict.verdict !== 'accept') return verdict;
      const { changes, identifiers } = view.finish(clock.nowMs());
      // If we crash before this is on disk, the payload is missing still and is asked for again.
      if (changes.length > 0) await commit(changes, { durable: false });
      if (identifiers.length > 0) onSupplied(identifiers);
      return accept(undefined);
    });
  }
}
