/**
 * Verifies the signatures of entries, and remembers the ownership entries that passed: a quorum of
 * members logs each of them, and one verification is enough. Updates are logged once, so they are
 * not remembered.
 */
import type { Cryptography, Entry, Verdict } from '@callbook/protocol';
import { accept, assert, entryId as idOf, parseEntry, verifyParsedEntry } from '@callbook/protocol';

import { verifiedEntriesCachedMax } from '../limits.ts';

export interface VerifiedEntry {
  readonly entry: Entry;
  readonly entryId: Uint8Array;
  readonly entryBytes: Uint8Array;
}

export class VerifiedEntries {
  readonly #crypto: Cryptography;
  readonly #wasVerified: ((entryId: Uint8Array) => boolean) | undefined;
  readonly #known = new Map<string, VerifiedEntry>();

  /** `wasVerified` tells that an entry of this id has passed before, where that is cheaper to find out. */
  constructor(crypto: Cryptography, wasVerified?: (entryId: Uint8Array) => boolean) {
    this.#crypto = crypto;
    this.#wasVerified = wasVerified;
  }

  /**
   * Parses an entry and verifies every signature that it can prove alone, unless `isVerified` says that
   * this has been done.
   */
  verify(entryBytes: Uint8Array, isVerified = false): Verdict<VerifiedEntry> {
    const parsed = parseEntry(entryBytes);
    if (parsed.verdict !== 'accept') return parsed;
    const entry = parsed.value;
    const entryId = idOf(entryBytes, this.#crypto);
    const known = entry.kind === 'update' ? undefined : this.#known.get(entryId.toHex());
    if (known !== undefined) return accept(known);
    if (!isVerified && this.#wasVerified?.(entryId) !== true) {
      const verdict = verifyParsedEntry(entry, entryBytes, this.#crypto);
      if (verdict.verdict !== 'accept') return verdict;
    }
    const verified = { entry, entryId, entryBytes };
    if (entry.kind !== 'update') this.#remember(verified);
    return accept(verified);
  }

  #remember({ entryId, entryBytes }: VerifiedEntry): void {
    // The bytes may be a view of a whole page, which must not stay in memory for one entry.
    const copy = new Uint8Array(entryBytes);
    const entry = parseEntry(copy);
    assert(entry.verdict === 'accept', 'an entry that was verified parses');
    this.#known.set(entryId.toHex(), { entry: entry.value, entryId, entryBytes: copy });
    if (this.#known.size > verifiedEntriesCachedMax) {
      this.#known.delete(this.#known.keys().next().value!);
    }
  }
}
