/**
 * How an entry commits to an e-mail address without naming it: by the members' verifiable random
 * function, over identifier and address. Members compute it again from what a claimant has passed
 * challenges for, so nobody keeps an opening or the address; without the members' key nobody can try
 * addresses; and the holder's proof shows that the members have not made it up. The same address has
 * another commitment with every identifier.
 */
import { bytesEqual, utf8 } from './bytes.ts';
import type { Cryptography, VrfProver } from './crypto/cryptography.ts';
import type { Identifier } from './identifiers.ts';

const commitmentBytes = 32;

/** An e-mail address and the identifier that commits to it. */
export interface EmailOf {
  readonly identifier: Identifier;
  /** In canonical form, with its scheme: `mailto:user@domain`. */
  readonly email: Identifier;
}

/** A commitment to an e-mail address, with its proof. */
export interface EmailCommitment {
  /** 32 bytes: the field `email` of entries. */
  readonly commitment: Uint8Array;
  /** 80 bytes. */
  readonly vrfProof: Uint8Array;
}

export interface EmailClaim extends EmailOf, EmailCommitment {
  /** 32 bytes, from the charter, of the label epoch in question. */
  readonly vrfPublicKey: Uint8Array;
}

/** Commits with the members' secret key of one label epoch. */
export function commitEmail(of: EmailOf, prover: VrfProver): EmailCommitment {
  const { output, proof } = prover.evaluate(alphaOf(of));
  return { commitment: output.slice(0, commitmentBytes), vrfProof: proof };
}

/** Tells whether the proof shows the commitment to be that of identifier and address. */
export function verifyEmailCommitment(claim: EmailClaim, crypto: Cryptography): boolean {
  const output = crypto.vrfVerify(claim.vrfPublicKey, alphaOf(claim), claim.vrfProof);
  return output !== undefined && bytesEqual(output.subarray(0, commitmentBytes), claim.commitment);
}

/**
 * What a holder signs with the authority key of an entry, to be told a commitment without another code:
 * `challengeId` is that of the passed challenge of the e-mail address, so it serves nobody else.
 */
export function emailOrder(challengeId: string, ownershipId: Uint8Array): Uint8Array {
  return utf8(`callbook/1 email order\n${challengeId}\n${ownershipId.toHex()}\n`);
}

/** No identifier begins like this or has a line feed: no label and no other pair has these bytes. */
function alphaOf({ identifier, email }: EmailOf): Uint8Array {
  return utf8(`callbook/1 email\n${identifier}\n${email}`);
}
