/** One label while a batch of the view is at work on it, and what is asked of it then. */
import type {
  BindingState,
  Entry,
  Identifier,
  LabelHistory,
  LoggedEntry,
  Payload,
} from '@callbook/protocol';
import { assert, bytesEqual, parsePayload } from '@callbook/protocol';

import type { HeldPayload, LabelRow } from './label-row.ts';
import type { OpenedPayload } from './payload-check.ts';

export interface LabelWork {
  readonly label: Uint8Array;
  readonly before: LabelRow;
  history: LabelHistory;
  identifier: Identifier | undefined;
  payloads: readonly HeldPayload[];
  touched: boolean;
  /** True when the state may differ although the history does not. */
  refolded: boolean;
  /** Payloads that this batch has checked, and the entries that they belong to. */
  readonly checked: Map<OpenedPayload, { readonly entry: Entry; readonly payload: Payload }>;
}

/** A label as it is stored, before anything is done to it. */
export function workOn(label: Uint8Array, before: LabelRow): LabelWork {
  const { history, identifier, payloads } = before;
  return {
    label,
    before,
    history,
    identifier,
    payloads,
    touched: false,
    refolded: false,
    checked: new Map(),
  };
}

/**
 * Catching up brings many updates whose payload another has superseded long ago: look-ups go on
 * seeing the payload before, so there is nothing to write.
 */
export function isPublishedAlready(
  { before, history, refolded }: LabelWork,
  state: BindingState,
  served: HeldPayload,
): boolean {
  return (
    !refolded &&
    before.published !== undefined &&
    before.history.ownership === history.ownership &&
    before.payloads.includes(served) &&
    !bytesEqual(served.entryId, state.entryId)
  );
}

/** When the payloads of this epoch's holder were erased here: now, unless they were before. */
export function erasedNow({ before }: LabelWork, epoch: number, atMs: number): LabelRow['erased'] {
  return before.erased?.epoch === epoch ? before.erased : { epoch, atMs };
}

/** The payload itself, which need not be read where this batch has checked it. */
export function payloadOf(work: LabelWork, held: HeldPayload): Payload {
  const checked = work.checked.get(held.opened);
  if (checked !== undefined) return checked.payload;
  const stored = parsePayload(held.opened.payload);
  assert(stored.verdict === 'accept', 'a held payload is malformed');
  return stored.value;
}

/** Tells whether a payload of this commitment is stored, or comes with this batch. */
export function holdsPayload({ payloads }: LabelWork, commitment: Uint8Array): boolean {
  return payloads.some((held) => bytesEqual(held.commitment, commitment));
}

/** Tells whether an entry counts for anything here. */
export function knowsEntry(
  history: LabelHistory,
  { entry, entryId }: Pick<LoggedEntry, 'entry' | 'entryId'>,
): boolean {
  if (entry.kind !== 'update') return history.ownership.has(entryId.toHex());
  for (const update of history.updates.values()) {
    if (bytesEqual(update.entryId, entryId)) return true;
  }
  return false;
}
