/**
 * The four key pairs that a client derives from one 32-byte seed for one identifier: HKDF-SHA256
 * (RFC 5869, no salt) with info `callbook/1 <purpose> <label epoch> <identifier>`. Another purpose,
 * identifier or label epoch gives an unrelated key. Runs in browsers too.
 */
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { assert } from './assert.ts';
import { utf8 } from './bytes.ts';
import { ed25519PublicKey, x25519PublicKey } from './crypto/edwards.ts';
import { p256Order, p256PublicKey } from './crypto/p256.ts';
import type { Identifier } from './identifiers.ts';

/** A secret key and its public key, as bytes. */
export interface KeyPair {
  readonly secretKey: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** The keys that derive from one seed. */
export interface DerivedKeys {
  /** Ed25519; signs entries. 32 and 32 bytes. */
  readonly authority: KeyPair;
  /** Ed25519; published. 32 and 32 bytes. */
  readonly identity: KeyPair;
  /** P-256; published. Scalar of 32 bytes, big-endian, and uncompressed point of 65. */
  readonly sip: KeyPair;
  /** X25519; published. 32 and 32 bytes. */
  readonly box: KeyPair;
}

/** What an OpenPGP key is made of; derived only where one is wanted. */
export interface OpenPgpKeys {
  /** Ed25519; certifies and signs. 32 and 32 bytes. */
  readonly sign: KeyPair;
  /** X25519; decrypts. 32 and 32 bytes. */
  readonly encrypt: KeyPair;
}

/** What a derived key is for. */
export type KeyPurpose = keyof DerivedKeys | 'openpgp-encrypt' | 'openpgp-sign';

/** What the keys are for: label epoch from 0, identifier in canonical form. */
export interface DerivationContext {
  readonly labelEpoch: number;
  readonly identifier: Identifier;
}

/** Derives all keys of one identifier from the person's 32-byte seed. */
export function deriveKeys(seed: Uint8Array, of: DerivationContext): DerivedKeys {
  const material = materialOf(seed, of);
  return {
    authority: keyPair(material('authority', 32), ed25519PublicKey),
    identity: keyPair(material('identity', 32), ed25519PublicKey),
    sip: keyPair(p256Scalar(material('sip', 48)), p256PublicKey),
    box: keyPair(material('box', 32), x25519PublicKey),
  };
}

/** Derives the two pairs of an OpenPGP key from the same seed. */
export function deriveOpenPgpKeys(seed: Uint8Array, of: DerivationContext): OpenPgpKeys {
  const material = materialOf(seed, of);
  return {
    sign: keyPair(material('openpgp-sign', 32), ed25519PublicKey),
    encrypt: keyPair(material('openpgp-encrypt', 32), x25519PublicKey),
  };
}

function materialOf(
  seed: Uint8Array,
  of: DerivationContext,
): (purpose: KeyPurpose, size: number) => Uint8Array {
  assert(seed.length === 32, `seed is ${seed.length} bytes, not 32`);
  return (purpose, size) => hkdf(sha256, seed, undefined, derivationInfo(purpose, of), size);
}

function derivationInfo(purpose: KeyPurpose, of: DerivationContext): Uint8Array {
  return utf8(`callbook/1 ${purpose} ${of.labelEpoch} ${of.identifier}`);
}

function keyPair(
  secretKey: Uint8Array,
  publicKeyOf: (secretKey: Uint8Array) => Uint8Array,
): KeyPair {
  return { secretKey, publicKey: publicKeyOf(secretKey) };
}

/**
 * FIPS 186-5 A.2.1 (extra random bits): d = (c mod (n - 1)) + 1, where c is the 48 bytes read
 * big-endian. 384 bits are 128 more than n has, so the bias is below 2^-128 (the standard asks for
 * 64 more); X25519 and Ed25519 need no such step, because any 32 bytes are a secret key of theirs.
 */
function p256Scalar(material: Uint8Array): Uint8Array {
  const scalar = (BigInt(`0x${material.toHex()}`) % (p256Order - 1n)) + 1n;
  return Uint8Array.fromHex(scalar.toString(16).padStart(64, '0'));
}
