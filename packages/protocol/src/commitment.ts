/**
 * Commitments: what ties the private payload to the public entry. HMAC-SHA256 under a random opening
 * hides the payload until the opening is known; when both are erased, the entry tells nothing.
 */
import { bytesEqual } from './bytes.ts';
import { verifyLabel } from './label.ts';
import { parsePayload } from './payload.ts';
import { accept, reject } from './verdict.ts';
import type { Cryptography } from './crypto/cryptography.ts';
import type { Entry } from './entry.ts';
import type { Payload } from './payload.ts';
import type { Verdict } from './verdict.ts';

const openingBytes = 32;

/** A payload, and what shows that an entry commits to it. */
export interface PayloadClaim {
  readonly entry: Pick<Entry, 'commitment' | 'label'>;
  /** As encoded. */
  readonly payload: Uint8Array;
  /** 32 bytes. */
  readonly opening: Uint8Array;
  /** 32 bytes, from the charter, of the entry's label epoch. */
  readonly vrfPublicKey: Uint8Array;
}

/** Returns the 32-byte commitment to an encoded payload; `opening` is 32 random bytes. */
export function commitPayload(
  opening: Uint8Array,
  payloadBytes: Uint8Array,
  crypto: Cryptography,
): Uint8Array {
  return crypto.hmacSha256(opening, payloadBytes);
}

/**
 * Verifies that a payload belongs to an entry: opening, commitment, form, and the entry's label
 * being that of the payload's identifier. Codes `commitment_mismatch`, `label_mismatch` and those of
 * `parsePayload`. Cheapest check first; the VRF costs most.
 */
export function verifyPayload(claim: PayloadClaim, crypto: Cryptography): Verdict<Payload> {
  const { entry, opening, payload, vrfPublicKey } = claim;
  // HMAC pads short keys with zeros: only one length of opening keeps the commitment binding.
  if (opening.length !== openingBytes) {
    return reject('commitment_mismatch', `opening is ${opening.length} bytes, not ${openingBytes}`);
  }
  if (entry.commitment === null) {
    return reject('commitment_mismatch', 'entry has no commitment');
  }
  if (!bytesEqual(commitPayload(opening, payload, crypto), entry.commitment)) {
    return reject('commitment_mismatch', 'opening and payload do not give the commitment');
  }
  const parsed = parsePayload(payload);
  if (parsed.verdict !== 'accept') return parsed;
  const { identifier, vrfProof } = parsed.value;
  return verifyLabel({ identifier, label: entry.label, vrfProof, vrfPublicKey }, crypto)
    ? accept(parsed.value)
    : reject('label_mismatch', 'VRF proof does not give the label of the entry');
}
