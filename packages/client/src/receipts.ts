/**
 * Receipts: proof that a member has logged an entry. Each is checked against the log key that the
 * charter names for its origin; a client is done when it holds enough of them to prove that the
 * entry is complete, whatever a member says about it.
 */
import {
  bytesEqual,
  challengedMin,
  parseLeaf,
  quorumWindowMs,
  verifyReceipt,
  type EntryKind,
  type Leaf,
  type Receipt,
} from '@callbook/protocol';
import type { DirectoryContext } from './directory-context.ts';
import { clientError } from './errors.ts';
import type { SignedEntry } from './pending-entry.ts';

export interface VerifiedReceipt {
  readonly receipt: Receipt;
  readonly leaf: Leaf;
}

/**
 * Verifies that `receipt` proves a leaf of `entry` under the charter's log key for its origin.
 * Throws `receipt_invalid`.
 */
function verifyEntryReceipt(
  context: DirectoryContext,
  receipt: Receipt,
  entry: Uint8Array,
): VerifiedReceipt {
  const member = context.members.find(({ logKey }) => logKey.name === receipt.origin);
  if (member === undefined) {
    throw clientError('receipt_invalid', 'receipt is of a log that the charter does not name');
  }
  const details = { member: member.name };
  const verified = verifyReceipt(receipt, member.logKey, context.crypto);
  if (verified.verdict !== 'accept') {
    throw clientError('receipt_invalid', `receipt of ${member.name}: ${verified.message}`, {
      details,
    });
  }
  const leaf = parseLeaf(verified.value);
  if (leaf.verdict !== 'accept') {
    throw clientError('receipt_invalid', `receipt of ${member.name}: ${leaf.message}`, { details });
  }
  if (leaf.value.entry === undefined || !bytesEqual(leaf.value.entry, entry)) {
    throw clientError('receipt_invalid', `receipt of ${member.name} is for another entry`, {
      details,
    });
  }
  // One that is known: around the time of a new charter, leaves name the one before or that.
  if (context.walk.charters.byHash(leaf.value.charter) === undefined) {
    throw clientError('receipt_invalid', `receipt of ${member.name} names another charter`, {
      details,
    });
  }
  return { receipt, leaf: leaf.value };
}

/** Tells whether a receipt may be of a charter that is not known here. */
export function namesUnknownCharter(
  { walk }: DirectoryContext,
  receipts: readonly Receipt[],
): boolean {
  return receipts.some(({ leaf: bytes }) => {
    const leaf = parseLeaf(bytes);
    return leaf.verdict === 'accept' && walk.charters.byHash(leaf.value.charter) === undefined;
  });
}

/** Receipts of one entry, at most one for each log. */
export class ReceiptSet {
  readonly #context: DirectoryContext;
  readonly #entry: Uint8Array;
  readonly #kind: EntryKind;
  readonly #countsFromMs: number;
  readonly #byOrigin = new Map<string, VerifiedReceipt>();

  constructor(context: DirectoryContext, of: Pick<SignedEntry, 'countsFromMs' | 'entry' | 'kind'>) {
    this.#context = context;
    this.#entry = of.entry;
    this.#kind = of.kind;
    this.#countsFromMs = of.countsFromMs ?? 0;
  }

  /** Verifies and keeps `receipts`. Throws `receipt_invalid` on the first that is not good. */
  add(receipts: readonly Receipt[]): void {
    for (const receipt of receipts) {
      const verified = verifyEntryReceipt(this.#context, receipt, this.#entry);
      // Rule 20 of the fold: a commit's "leaves with `at` before the request's time plus its hold are
      // skipped". One of them is no receipt, and stands in the way of none that the member gives later.
      if (verified.leaf.at < this.#countsFromMs) continue;
      // "Each member's first valid leaf counts": a later receipt of one log replaces none.
      if (!this.#byOrigin.has(receipt.origin)) this.#byOrigin.set(receipt.origin, verified);
    }
  }

  get receipts(): Receipt[] {
    return [...this.#byOrigin.values()].map(({ receipt }) => receipt);
  }

  get count(): number {
    return this.#byOrigin.size;
  }

  /** How many receipts the entry needs: one for an update, else a quorum. */
  get needed(): number {
    return this.#kind === 'update' ? 1 : this.#context.quorum;
  }

  /** How many of them must be of members that challenged the claimant. */
  get challengedNeeded(): number {
    return challengedMin(this.#context.charter, this.#kind);
  }

  get challengedCount(): number {
    return this.#leaves().filter(({ role }) => role === 'challenged').length;
  }

  has(origin: string): boolean {
    return this.#byOrigin.has(origin);
  }

  /** Whether the entry has a time; an update is complete with its first leaf. */
  get complete(): boolean {
    return this.timeMs !== undefined;
  }

  /**
   * The time of the entry: the smallest t for which q members, enough of them challenged, have a leaf
   * with `at` in [t − 10 min, t]. Leaves that have not come here can only make it earlier.
   */
  get timeMs(): number | undefined {
    const leaves = this.#leaves().toSorted((a, b) => a.at - b.at);
    const last = leaves.find(({ at: t }) => {
      const window = leaves.filter(
        ({ at }) => at <= t && at >= t - (this.#kind === 'update' ? 0 : quorumWindowMs),
      );
      const challenged = window.filter(({ role }) => role === 'challenged').length;
      return window.length >= this.needed && challenged >= this.challengedNeeded;
    });
    return last?.at;
  }

  #leaves(): Leaf[] {
    return [...this.#byOrigin.values()].map(({ leaf }) => leaf);
  }
}
