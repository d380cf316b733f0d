/** Receipts of other members as evidence of their leaves, for leaves not replicated yet. */
import type { Cryptography, LeafMention, Receipt, Verdict } from '@callbook/protocol';
import {
  accept,
  bytesEqual,
  ignore,
  parseLeaf,
  reject,
  verifyReceiptUnder,
} from '@callbook/protocol';

import type { Membership } from '../charter/membership.ts';
import type { VerifiedCheckpoints } from '../log/verified-checkpoints.ts';

interface ReceiptContext {
  readonly membership: Membership;
  readonly checkpoints: VerifiedCheckpoints;
  readonly crypto: Cryptography;
}

/** Verifies that a receipt is of a leaf that carries exactly this entry. */
export function verifyReceiptOf(
  entry: Uint8Array,
  receipt: Receipt,
  { membership, checkpoints, crypto }: ReceiptContext,
): Verdict<LeafMention> {
  const logKey = membership.byOrigin(receipt.origin)?.logKey;
  // Of a log that a charter has brought or expelled which only one of the two members has yet.
  if (logKey === undefined) return ignore('log_unknown', 'the charter names no log of this origin');
  // The origin named the key, so the receipt names no other log than its checkpoint does.
  const checkpoint = checkpoints.verify(receipt.checkpoint, logKey);
  if (checkpoint.verdict !== 'accept') return checkpoint;
  const verified = verifyReceiptUnder(receipt, checkpoint.value, crypto);
  if (verified.verdict !== 'accept') return verified;
  const leaf = parseLeaf(verified.value);
  if (leaf.verdict !== 'accept') return leaf;
  if (leaf.value.entry === undefined || !bytesEqual(leaf.value.entry, entry)) {
    return reject('receipt_unfit', 'the receipt is of another entry');
  }
  const { at, charter, role } = leaf.value;
  return accept({ origin: receipt.origin, index: receipt.index, at, charter, role });
}
