/**
 * Labels: the pseudonyms under which identifiers stand in the log. A label is the first half of a
 * verifiable random function's output, so members alone can compute it, everybody with the proof can
 * check it, and nobody can go from the log to a telephone number.
 */
import { bytesEqual, utf8 } from './bytes.ts';
import type { Cryptography, VrfProver } from './crypto/cryptography.ts';
import type { Identifier } from './identifiers.ts';

const labelBytes = 32;

/** A label, and the proof that it belongs to an identifier. */
export interface LabelClaim {
  readonly identifier: Identifier;
  /** 32 bytes. */
  readonly label: Uint8Array;
  /** 80 bytes. */
  readonly vrfProof: Uint8Array;
  /** 32 bytes, from the charter, of the label epoch in question. */
  readonly vrfPublicKey: Uint8Array;
}

/** Computes the 32-byte label of an identifier with the members' secret key of one label epoch. */
export function labelOf(identifier: Identifier, prover: VrfProver): Uint8Array {
  return prover.output(utf8(identifier)).slice(0, labelBytes);
}

/** The label with its 80-byte proof, which costs little more. */
export function proveLabel(
  identifier: Identifier,
  prover: VrfProver,
): { readonly label: Uint8Array; readonly vrfProof: Uint8Array } {
  const { output, proof } = prover.evaluate(utf8(identifier));
  return { label: output.slice(0, labelBytes), vrfProof: proof };
}

/** Tells whether the proof shows the label to be that of the identifier. */
export function verifyLabel(claim: LabelClaim, crypto: Cryptography): boolean {
  const output = crypto.vrfVerify(claim.vrfPublicKey, utf8(claim.identifier), claim.vrfProof);
  return output !== undefined && bytesEqual(output.subarray(0, labelBytes), claim.label);
}
