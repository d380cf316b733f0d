/**
 * Cryptography in pure TypeScript on the noble libraries: for browsers, tests and second opinions.
 * Ed25519 verification is built from point arithmetic, because noble's own accepts hundreds of
 * signatures that libsodium and OpenSSL refuse. Slowest of the three by a factor of about twenty.
 * @module @callbook/protocol/crypto/noble
 */
import { hmac } from '@noble/hashes/hmac.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { assert } from '../assert.ts';
import { concatBytes, bytesEqual } from '../bytes.ts';
import { decodedPoint, ed25519PublicKey, ed25519Sign, EdwardsPoint, scalarOf } from './edwards.ts';
import { p256Verify } from './p256.ts';
import { passesSignatureGate } from './signature-gate.ts';
import { nobleVrfProver, nobleVrfVerify } from './vrf-noble.ts';
import { integerOf } from './vrf-suite.ts';
import type { Cryptography, Ed25519Signer } from './cryptography.ts';

/** The cryptography of browsers: pure JavaScript, no native code. */
export const nobleCryptography: Cryptography = {
  name: 'noble',
  sha256: (...parts) => sha256(concatBytes(...parts)),
  hmacSha256: (hmacKey, ...parts) => hmac(sha256, hmacKey, concatBytes(...parts)),
  ed25519Signer,
  ed25519Verify,
  p256Verify,
  vrfProver: nobleVrfProver,
  vrfVerify: nobleVrfVerify,
};

function ed25519Signer(secretKey: Uint8Array): Ed25519Signer {
  assert(secretKey.length === 32, `secret key is ${secretKey.length} bytes, not 32`);
  const secret = Uint8Array.from(secretKey);
  return {
    publicKey: ed25519PublicKey(secret),
    sign: (message) => ed25519Sign(message, secret),
  };
}

function ed25519Verify(message: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean {
  if (!passesSignatureGate(signature, publicKey)) return false;
  const authority = decodedPoint(publicKey);
  if (authority === undefined) return false;
  const encodedR = signature.subarray(0, 32);
  const s = integerOf(signature.subarray(32));
  // RFC 8032 §5.1.7 lets a verifier multiply by k or by k mod L. They differ for a key with a
  // component of small order; libsodium and OpenSSL reduce, so everybody must.
  const k = scalarOf(integerOf(sha512(concatBytes(encodedR, publicKey, message))));
  const computedR = EdwardsPoint.BASE.multiplyUnsafe(s).subtract(authority.multiplyUnsafe(k));
  return bytesEqual(computedR.toBytes(), encodedR);
}
