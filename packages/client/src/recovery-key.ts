/** The recovery key of a printed code, as a signer and as what entries commit to. */
import {
  parseRecoveryCode,
  recoveryKeyOf,
  type Cryptography,
  type Ed25519Signer,
  type Identifier,
} from '@callbook/protocol';
import { nobleCryptography } from '@callbook/protocol/crypto/noble';
import { clientError } from './errors.ts';

/** Returns the signer of a typed code. Throws `recovery_code_malformed`. */
export function recoverySigner(
  crypto: Cryptography,
  code: string,
  identifier: Identifier,
): Ed25519Signer {
  const secret = parseRecoveryCode(code);
  if (secret.verdict !== 'accept') throw clientError('recovery_code_malformed', secret.message);
  return crypto.ed25519Signer(recoveryKeyOf(secret.value, identifier).secretKey);
}

/** SHA-256 of the public key: what the field `recovery` of entries has. Throws as `recoverySigner`. */
export function recoveryCommitment(code: string, identifier: Identifier): Uint8Array {
  const { publicKey } = recoverySigner(nobleCryptography, code, identifier);
  return nobleCryptography.sha256(publicKey);
}
