/**
 * Receipts from mirrors: whoever stores a log can prove a leaf of it in a checkpoint that its member has
 * signed. So a client gets the receipts of an entry that is complete also where a member that has logged
 * it does not answer. Proves only what is stored here and lies under a signed checkpoint.
 */
import type { CharterSet, Receipt } from '@callbook/protocol';

import type { StoredLog } from '../log/stored-log.ts';
import type { Store } from '../store/store.ts';
import { entryStateOf } from '../view/entry-state.ts';

export interface MirrorContext {
  readonly store: Store;
  readonly charters: CharterSet;
  readonly log: (origin: string) => StoredLog | undefined;
  readonly nowMs: number;
}

/** Receipts of the leaves of an entry that count here, one for each log. */
export function mirroredReceipts(entryId: Uint8Array, context: MirrorContext): Receipt[] {
  const state = entryStateOf(entryId, context);
  return (state?.leaves ?? []).flatMap(({ origin, index }) => {
    const log = context.log(origin);
    const leaf = log?.leaf(index);
    if (log?.checkpoint === undefined || leaf === undefined) return [];
    if (index >= log.position.signedSize) return [];
    const { checkpoint } = log;
    return [{ origin, index, leaf, checkpoint, proof: log.inclusion(index) }];
  });
}
