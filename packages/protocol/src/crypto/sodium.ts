/**
 * Cryptography on libsodium (`sodium-native`): what members and auditors run. Signatures and the VRF
 * are libsodium's; hashes and MACs are OpenSSL's, which uses the processor's instructions for them.
 * Importing this page throws where the binding is not installed.
 */
import sodium from 'sodium-native';
import { assert } from '../assert.ts';
import { nodeCryptography } from './node.ts';
import { passesSignatureGate } from './signature-gate.ts';
import { sodiumVrfProver, sodiumVrfVerify } from './vrf-sodium.ts';
import type { Cryptography, Ed25519Signer } from './cryptography.ts';

export const sodiumCryptography: Cryptography = {
  name: 'sodium',
  sha256: (...parts) => nodeCryptography.sha256(...parts),
  hmacSha256: (hmacKey, ...parts) => nodeCryptography.hmacSha256(hmacKey, ...parts),
  ed25519Signer,
  ed25519Verify,
  // libsodium has no P-256.
  p256Verify: (message, signature, publicKey) =>
    nodeCryptography.p256Verify(message, signature, publicKey),
  vrfProver: sodiumVrfProver,
  vrfVerify: sodiumVrfVerify,
};

/** Kept, because the engine moves a small array out of its heap when native code asks for it. */
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
