/**
 * Cryptography on libsodium (`sodium-native`): what members and auditors run. Signatures and the VRF
 * are libsodium's; hashes of more than a few tree hashes and all MACs are OpenSSL's. Importing this
 * page throws where the binding is not installed.
 */
import sodium from 'sodium-native';
import { assert } from '../assert.ts';
import { nodeCryptography } from './node.ts';
import { passesSignatureGate } from './signature-gate.ts';
import { sodiumVrfProver, sodiumVrfVerify } from './vrf-sodium.ts';
import type { Cryptography, Ed25519Signer } from './cryptography.ts';

export const sodiumCryptography: Cryptography = {
  name: 'sodium',
  sha256,
  hmacSha256: (hmacKey, ...parts) => nodeCryptography.hmacSha256(hmacKey, ...parts),
  ed25519Signer,
  ed25519Verify,
  // libsodium has no P-256.
  p256Verify: (message, signature, publicKey) =>
    nodeCryptography.p256Verify(message, signature, publicKey),
  vrfProver: sodiumVrfProver,
  vrfVerify: sodiumVrfVerify,
};

/**
 * A message of one or two tree hashes takes libsodium half the time that a call of OpenSSL costs;
 * from a few hundred bytes on, OpenSSL's use of the processor's instructions pays.
 */
const shortMessageBytesMax = 256;

/** Kept, because the engine moves a new small array out of its heap when native code asks for it. */
const shortMessage = new Uint8Array(shortMessageBytesMax);
const digest = new Uint8Array(32);

function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  let size = 0;
  for (const part of parts) size += part.length;
  if (size > shortMessageBytesMax) return nodeCryptography.sha256(...parts);
  let offset = 0;
  for (const part of parts) {
    shortMessage.set(part, offset);
    offset += part.length;
  }
  sodium.crypto_hash_sha256(digest, shortMessage.subarray(0, size));
  return digest.slice();
}

/** Kept as `shortMessage` is: signatures and keys come from parsers, and go, as small arrays of the heap. */
const keptSignature = new Uint8Array(new ArrayBuffer(64));
const keptPublicKey = new Uint8Array(new ArrayBuffer(32));

function ed25519Signer(secretKey: Uint8Array): Ed25519Signer {
  assert(secretKey.length === 32, `secret key is ${secretKey.length} bytes, not 32`);
  const publicKey = new Uint8Array(32);
  const expandedKey = new Uint8Array(64);
  sodium.crypto_sign_seed_keypair(publicKey, expandedKey, secretKey);
  return {
    publicKey,
    sign(message) {
      sodium.crypto_sign_detached(keptSignature, message, expandedKey);
      return keptSignature.slice();
    },
  };
}

function ed25519Verify(message: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean {
  if (!passesSignatureGate(signature, publicKey)) return false;
  keptSignature.set(signature);
  keptPublicKey.set(publicKey);
  return sodium.crypto_sign_verify_detached(keptSignature, message, keptPublicKey);
}
