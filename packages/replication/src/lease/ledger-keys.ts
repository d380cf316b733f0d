/**
 * Keys of the ledger that the processes of one member share, and of the one row that says in a store how far it
 * has come there. All are of the family `u`, which no other member is sent.
 *
 * | prefix | key | value |
 * |---|---|---|
 * | `u` | `a` | in a store: how far it has come |
 * | `u` | `l` | lease: who may write, and the newest batch |
 * | `u` | `b` sequence(6) | a batch |
 * | `u` | `w` process(16) | how far a stand-by has come |
 */
const sequenceBytes = 6;

export function ledgerPlaceKey(): Uint8Array {
  return keyOf('ua');
}

export function leaseKey(): Uint8Array {
  return keyOf('ul');
}

export function ledgerKey(sequence: number): Uint8Array {
  const rowKey = Buffer.alloc(2 + sequenceBytes, 'ub');
  rowKey.writeUIntBE(sequence, 2, sequenceBytes);
  return Uint8Array.from(rowKey);
}

/** Reads the sequence number out of a `ledgerKey`. */
export function ledgerSequenceIn(rowKey: Uint8Array): number {
  return Buffer.from(rowKey).readUIntBE(2, sequenceBytes);
}

/** Bounds of the ledger's batches from a sequence number on. */
export function ledgerFrom(sequence: number): { gte: Uint8Array; lt: Uint8Array } {
  return { gte: ledgerKey(sequence), lt: keyOf('uc') };
}

export function standbyKey(processId: Uint8Array): Uint8Array {
  return Uint8Array.from([...keyOf('uw'), ...processId]);
}

/** Bounds of the ledger's rows of stand-bys. */
export function standbyRows(): { gte: Uint8Array; lt: Uint8Array } {
  return { gte: keyOf('uw'), lt: keyOf('ux') };
}

function keyOf(prefix: string): Uint8Array {
  return Uint8Array.from(Buffer.from(prefix));
}
