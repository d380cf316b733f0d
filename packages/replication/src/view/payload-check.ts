/**
 * Whether a payload belongs to an entry. The proof that a label is the VRF of an identifier costs
 * more than everything else about an entry, so it is verified once a label; from then on the stored
 * pair of identifier and label says the same.
 */
import type { Cryptography, Entry, Identifier, Payload, Verdict } from '@callbook/protocol';
import {
  accept,
  bytesEqual,
  commitPayload,
  parsePayload,
  reject,
  verifyPayload,
} from '@callbook/protocol';

/** A payload as it travels among members. */
export interface OpenedPayload {
  /** 32 bytes. */
  readonly opening: Uint8Array;
  /** The encoded payload. */
  readonly payload: Uint8Array;
}

export interface PayloadContext {
  readonly crypto: Cryptography;
  /** 32 bytes. */
  readonly vrfPublicKey: Uint8Array;
  /** Identifier that this label is known to stand for. */
  readonly knownIdentifier: Identifier | undefined;
}

const openingBytes = 32;

/** Verifies opening, commitment, form and label; the codes are those of `verifyPayload`. */
export function checkPayload(
  entry: Entry,
  opened: OpenedPayload,
  context: PayloadContext,
): Verdict<Payload> {
  const { crypto, vrfPublicKey, knownIdentifier } = context;
  if (knownIdentifier === undefined)
    return verifyPayload({ entry, ...opened, vrfPublicKey }, crypto);
  if (opened.opening.length !== openingBytes || entry.commitment === null) return mismatch();
  const commitment = commitPayload(opened.opening, opened.payload, crypto);
  if (!bytesEqual(commitment, entry.commitment)) return mismatch();
  const parsed = parsePayload(opened.payload);
  if (parsed.verdict !== 'accept') return parsed;
  // A VRF output has one input: another identifier cannot have this label.
  return parsed.value.identifier === knownIdentifier
    ? accept(parsed.value)
    : reject('label_mismatch', 'the label stands for another identifier');
}

function mismatch(): Verdict<Payload> {
  return reject('commitment_mismatch', 'opening and payload do not give the commitment');
}
