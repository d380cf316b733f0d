/** Size and root of a log as a store has it, for who has no replica over the store. */
import type { Cryptography } from '@callbook/protocol';
import { frontierRoot } from '@callbook/protocol';

import { positionKey } from '../store/row-keys.ts';
import type { Store } from '../store/store.ts';
import { emptyPosition, parsePosition } from './log-position.ts';

export interface LogState {
  /** Leaves. */
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
}

/** Reads how far a log has come; nothing of it is size 0. Error: `store_corrupt`. */
export function readLogState(store: Store, origin: string, crypto: Cryptography): LogState {
  const row = store.get(positionKey(origin));
  const { frontier } = row === undefined ? emptyPosition : parsePosition(row);
  return { size: frontier.size, root: frontierRoot(frontier, crypto) };
}
