/**
 * Verifying the entries of many leaves at once, as a port: while a member is far behind, whoever runs
 * it may do this in other threads. What comes back decides which leaves count, so only leaves found
 * good are believed; all others are verified again here. A verifier that fails makes things slower and
 * nothing else.
 */
import type { Cryptography } from '@callbook/protocol';
import { parseLeaf, verifyEntry } from '@callbook/protocol';

export interface LeafVerifier {
  /** For each leaf 1 when `leafVerifies`, else 0. Rejects, or resolves with another count, when it cannot tell. */
  verify(leaves: readonly Uint8Array[]): Promise<Uint8Array>;
}

/** Tells whether a leaf is well formed and has an entry of which all signatures verify that can alone. */
export function leafVerifies(leafBytes: Uint8Array, crypto: Cryptography): boolean {
  const leaf = parseLeaf(leafBytes);
  if (leaf.verdict !== 'accept' || leaf.value.entry === undefined) return false;
  return verifyEntry(leaf.value.entry, crypto).verdict === 'accept';
}

/** What is known of the leaves of a stretch before they are decoded: undefined when nothing is. */
export async function verifiedElsewhere(
  verifier: LeafVerifier,
  leaves: readonly Uint8Array[],
): Promise<Uint8Array | undefined> {
  try {
    const found = await verifier.verify(leaves);
    return found.length === leaves.length ? found : undefined;
  } catch {
    // The own thread verifies them then.
    return undefined;
  }
}
