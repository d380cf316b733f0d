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
  verifyLabel,
} from '@callbook/protocol';

import type { ProvenLabels } from './proven-labels.ts';

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
  /** Those that this member has computed itself. */
  readonly proven?: ProvenLabels | undefined;
}

const openingBytes = 32;

/** Verifies opening, commitment, form and label; the codes are those of `verifyPayload`. */
export function checkPayload(
  entry: Entry,
  opened: OpenedPayload,
  context: PayloadContext,
): Verdict<Payload> {
  const { crypto } = context;
  if (opened.opening.length !== openingBytes || entry.commitment === null) return mismatch();
  const commitment = commitPayload(opened.opening, opened.payload, crypto);
  if (!bytesEqual(commitment, entry.commitment)) return mismatch();
  const parsed = parsePayload(opened.payload);
  if (parsed.verdict !== 'accept') return parsed;
  return isOfLabel(parsed.value, entry, context)
    ? accept(parsed.value)
    : reject('label_mismatch', 'the label stands for another identifier');
}

function isOfLabel(
  { identifier, vrfProof }: Payload,
  { label }: Entry,
  { crypto, knownIdentifier, proven, vrfPublicKey }: PayloadContext,
): boolean {
  // A VRF output has one input: another identifier cannot have this label.
  if (knownIdentifier !== undefined) return identifier === knownIdentifier;
  const claim = { identifier, label, vrfProof, vrfPublicKey };
  return proven?.has(claim) === true || verifyLabel(claim, crypto);
}

function mismatch(): Verdict<Payload> {
  return reject('commitment_mismatch', 'opening and payload do not give the commitment');
}
