/**
 * Look-ups: what DNS and the API read, one or two rows each, inside one turn of the event loop. Errors of all:
 * `binding_awaited`, `store_damaged`, `store_failed`; DNS answers them SERVFAIL, the API
 * `directory_unavailable`.
 */
import type { Identifier, LookupScope, PublishedBinding, Visibility } from '@callbook/protocol';

import {
  entryKey,
  ownershipKey,
  passingBindingKey,
  passingNumberKey,
  updatesKey,
} from '../store/row-keys.ts';
import type { Store } from '../store/store.ts';
import { entryIdIn, parseBinding } from './binding-row.ts';
import { parseLabelRow } from './label-row.ts';
import type { LabelRow } from './label-row.ts';
import { ownerKeysOf } from './owner-names.ts';

export class Bindings {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Finds what DNS tells of a telephone number by its digits, without the plus. */
  byDigits(digits: string): PublishedBinding | undefined {
    return this.#read(`tel:+${digits}`, 'dns');
  }

  /** Finds a binding by the 56 hexadecimal digits that DNS names it by. */
  byOwnerHash(hex56: string): PublishedBinding | undefined {
    for (const rowKey of ownerKeysOf(hex56)) {
      const identifier = this.#store.get(rowKey);
      if (identifier === undefined) continue;
      return this.#read(Buffer.from(identifier).toString() as Identifier, 'dns');
    }
    return undefined;
  }

  /** Finds a binding; unless only what is public is wanted, also one that DNS does not tell of. */
  byIdentifier(identifier: Identifier, scope: LookupScope = 'all'): PublishedBinding | undefined {
    const told = this.#read(identifier, 'dns');
    return told ?? (scope === 'all' ? this.#read(identifier, 'api') : undefined);
  }

  /**
   * Finds the id of the entry in force of a telephone number, by its digits in ASCII without the plus. The
   * number does not become a string, and what held it is zeroed.
   */
  entryOfNumber(digits: Uint8Array, scope: LookupScope = 'all'): Uint8Array | undefined {
    const told = this.#entryIn(digits, 'dns');
    return told ?? (scope === 'all' ? this.#entryIn(digits, 'api') : undefined);
  }

  #entryIn(digits: Uint8Array, visibility: Visibility): Uint8Array | undefined {
    const rowKey = passingNumberKey(digits, visibility);
    const row = this.#store.get(rowKey);
    rowKey.fill(0);
    if (row === undefined) return undefined;
    const entryId = entryIdIn(row);
    row.fill(0);
    return entryId;
  }

  #read(identifier: Identifier, visibility: Visibility): PublishedBinding | undefined {
    const row = this.#store.get(passingBindingKey(identifier, visibility));
    return row === undefined ? undefined : parseBinding(row);
  }
}

/** Reads everything that is kept of a label. */
export function readLabel(store: Store, label: Uint8Array): LabelRow {
  const [ownership, updates] = [ownershipKey(label), updatesKey(label)];
  const row = parseLabelRow(store.get(ownership), store.get(updates));
  // Keys share memory with others that live long, and a label may be one that was only asked for.
  ownership.fill(0);
  updates.fill(0);
  return row;
}

/** Reads which label an entry belongs to; undefined when no log has it. */
export function readEntryLabel(store: Store, entryId: Uint8Array): Uint8Array | undefined {
  return store.get(entryKey(entryId));
}
