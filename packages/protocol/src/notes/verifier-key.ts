/**
 * Verifier keys of C2SP signed-note: `<name>+<key hash, hex>+<base64(algorithm ‖ public key)>`.
 *
 * Parsing checks the key hash without a cryptography port: it is a name made with SHA-256, not a
 * decision that implementations could take differently, and configuration is parsed before a port
 * is chosen.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { assert } from '../assert.ts';
import { parseBase64 } from '../base64.ts';
import type { Cryptography } from '../crypto/cryptography.ts';
import { verifierKeyCharactersMax } from '../limits.ts';
import { accept, reject } from '../verdict.ts';
import type { Refusal, Verdict } from '../verdict.ts';
import { isKeyName, keyHashOf } from './key-hash.ts';
import type { NamedPublicKey, SignatureAlgorithm } from './key-hash.ts';

/** A key that verifies notes, with its hash of four bytes. */
export interface VerifierKey extends NamedPublicKey {
  /** 4 bytes. */
  readonly keyHash: Uint8Array;
}

/** Parses a verifier key; its hash must fit, its algorithm be 0x01 or 0x04. */
export function parseVerifierKey(vkey: string): Verdict<VerifierKey> {
  if (vkey.length > verifierKeyCharactersMax) {
    return malformed(`${vkey.length} characters, at most ${verifierKeyCharactersMax}`);
  }
  // A name has no plus sign, base64 may have some: cut at the first two.
  const [, name, hash, key] = /^([^+]*)\+([0-9a-f]{8})\+(.*)$/su.exec(vkey) ?? [];
  if (name === undefined || hash === undefined || key === undefined) {
    return malformed('it is not <name>+<8 hex digits>+<base64>');
  }
  if (!isKeyName(name)) return malformed('its name is empty or has a space or control character');
  const material = parseBase64(key);
  if (material === undefined) return malformed('its key is not base64 (RFC 4648 §4)');
  const algorithm = material[0];
  if (!isAlgorithm(algorithm)) return malformed(`algorithm ${algorithm ?? 'missing'}, not 1 or 4`);
  if (material.length !== 33)
    return malformed(`public key is ${material.length - 1} bytes, not 32`);
  const verifier = verifierKeyOf({ name, algorithm, publicKey: material.slice(1) });
  if (verifier.keyHash.toHex() !== hash) return malformed('its key hash does not fit its key');
  return accept(verifier);
}

/** Returns the verifier key's text. */
export function encodeVerifierKey(key: NamedPublicKey, crypto: Cryptography): string {
  assertNamedKey(key);
  const keyHash = keyHashOf(key, (...parts) => crypto.sha256(...parts));
  const material = Uint8Array.of(key.algorithm, ...key.publicKey).toBase64();
  return `${key.name}+${keyHash.toHex()}+${material}`;
}

/** Completes a key with its hash. */
export function verifierKeyOf(key: NamedPublicKey): VerifierKey {
  assertNamedKey(key);
  const { name, algorithm, publicKey } = key;
  return { name, algorithm, publicKey, keyHash: keyHashOf(key, sha256OfParts) };
}

function sha256OfParts(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = sha256.create();
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function assertNamedKey({ name, algorithm, publicKey }: NamedPublicKey): void {
  assert(isKeyName(name), 'a key name has no spaces, no plus sign and no control characters');
  assert(isAlgorithm(algorithm) && publicKey.length === 32, 'an Ed25519 key of 32 bytes');
}

function isAlgorithm(value: number | undefined): value is SignatureAlgorithm {
  return value === 0x01 || value === 0x04;
}

function malformed(found: string): Refusal {
  return reject('verifier_key_malformed', `verifier key refused: ${found}`);
}
