/**
 * The tree as RFC 9162 §2.1.1 defines it, recursive and without any store: slow, short, and written
 * apart from the code under test.
 */
import { createHash } from 'node:crypto';

/** Returns `count` leaves, each its index in text. */
export function numberedLeaves(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, index) => new TextEncoder().encode(`leaf ${index}`));
}

/** MTH(D). */
export function referenceRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return sha256();
  if (leaves.length === 1) return sha256(Uint8Array.of(0), leaves[0]!);
  const split = 2 ** Math.floor(Math.log2(leaves.length - 1));
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  return sha256(Uint8Array.of(1), referenceRoot(left), referenceRoot(right));
}

/** Returns what a store of these leaves would hold at a level and index; throws where it has none. */
export function referenceHash(
  leaves: readonly Uint8Array[],
): (level: number, index: number) => Uint8Array {
  return (level, index) => {
    const size = 2 ** level;
    const range = leaves.slice(index * size, (index + 1) * size);
    if (range.length !== size) throw new Error(`no perfect subtree at level ${level}`);
    return referenceRoot(range);
  };
}

function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}
