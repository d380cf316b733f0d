/**
 * What the index says of a binding: one hash over the part of its state that decides who may act on
 * it and what is published. Members with the same leaves and the same charter get the same bytes.
 *
 * Left out: the label (the leaf of the tree has it) and the label epoch (the charter that a signed
 * root names fixes it); the payload, which members may lack or have erased; and whose leaf of the
 * entry in force is the earliest, with its time (`origin`, `changedAtMs`): that is about the logs,
 * receipts prove it, and it would change whenever another member logs the same update again. Nothing
 * depends on a clock: a release whose pause is over still stands here with its `endsAtMs`.
 */
import { utf8 } from '../bytes.ts';
import { encodeCbor, hashCbor } from '../cbor.ts';
import type { CborValue } from '../cbor.ts';
import type { Cryptography } from '../crypto/cryptography.ts';
import type { BindingState } from '../fold/fold-label.ts';

const domain = utf8('callbook/1 binding state\n');

/** Returns SHA-256(domain line ‖ deterministic CBOR of the state), 32 bytes. */
export function bindingStateHash(state: IndexedState, crypto: Cryptography): Uint8Array {
  return hashCbor(domain, bindingStateItems(state), crypto);
}

/** The fields of a state that all members agree on. */
export type IndexedState = Omit<BindingState, 'label' | 'labelEpoch' | 'origin' | 'changedAtMs'>;

/** Encodes the state as the index hashes it: an array, its first item the version. */
export function encodeBindingState(state: IndexedState): Uint8Array {
  return encodeCbor(bindingStateItems(state));
}

function bindingStateItems(state: IndexedState): CborValue {
  const { epoch, status, ownershipId, ownershipAtMs, endsAtMs } = state;
  const { authority, recovery, lock, email, seq, entryId, commitment } = state;
  return [
    1,
    epoch,
    status,
    ownershipId,
    ownershipAtMs,
    endsAtMs,
    authority,
    recovery,
    lock,
    email,
    seq,
    entryId,
    commitment,
  ];
}
