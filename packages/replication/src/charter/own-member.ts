/**
 * Who a member is by its charter: the secrets that it was given must be those that the charter names,
 * or it would sign what nobody can verify.
 */
import type { Cryptography, Ed25519Signer, VrfProver } from '@callbook/protocol';
import { bytesEqual, DirectoryError } from '@callbook/protocol';

import type { ReplicationErrorCode } from '../errors.ts';
import type { LogMember, Membership } from './membership.ts';

interface MemberSecrets {
  readonly crypto: Cryptography;
  readonly memberName: string;
  readonly logSigner: Ed25519Signer;
  /** 32 bytes. */
  readonly vrfSecretKey: Uint8Array;
}

/** Finds the member's own entry; errors `member_unknown`, `log_key_mismatch`. */
export function ownMember(
  membership: Membership,
  { memberName, logSigner }: MemberSecrets,
): LogMember {
  const self = membership.byName(memberName);
  // One that is read-only still mirrors and serves.
  if (self === undefined) {
    throw startError(
      'member_unknown',
      'the charter has no member of this name, or has expelled it',
    );
  }
  if (!bytesEqual(self.logKey.publicKey, logSigner.publicKey)) {
    throw startError('log_key_mismatch', 'the charter names another log key for this member');
  }
  return self;
}

/** Opens the VRF secret; error `vrf_key_mismatch`. */
export function vrfProver(
  membership: Membership,
  { crypto, vrfSecretKey }: MemberSecrets,
): VrfProver {
  const prover = crypto.vrfProver(vrfSecretKey);
  if (!bytesEqual(prover.publicKey, membership.vrfPublicKey)) {
    throw startError('vrf_key_mismatch', 'the charter has another VRF public key');
  }
  return prover;
}

function startError(
  code: ReplicationErrorCode,
  message: string,
): DirectoryError<ReplicationErrorCode> {
  return new DirectoryError(code, message);
}
