/**
 * What `@noble/ed25519` is used for: points, public keys and signing; nothing else imports it. Its
 * `verify` is not used, because it accepts what the rule of docs/spec/signatures.md refuses. X25519
 * needs no curve of its own: its public keys are points of this one, under another name.
 */
import { etc, getPublicKey, hashes, Point, sign } from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';
import { integerOf, scalarBytes } from './vrf-suite.ts';

// The library leaves SHA-512 to whoever uses it.
hashes.sha512 = sha512;

export { getPublicKey as ed25519PublicKey, sign as ed25519Sign, Point as EdwardsPoint };

const { p: fieldPrime, n: groupOrder } = Point.CURVE();

/** Reduces modulo L, the order of the base point. */
export function scalarOf(integer: bigint): bigint {
  return integer % groupOrder;
}

/**
 * Decodes a point; undefined for what RFC 8032 §5.1.3 does not decode: "If the resulting value is >= p,
 * decoding fails"; "If x = 0, and x_0 = 1, decoding fails".
 */
export function decodedPoint(encoded: Uint8Array): Point | undefined {
  try {
    return Point.fromBytes(encoded, false);
  } catch {
    return undefined;
  }
}

/** RFC 8032 §5.1.5 and RFC 7748 §5: clears the lowest three bits, and sets the second highest. */
export function clampedScalar(half: Uint8Array): bigint {
  const clamped = half.slice(0, 32);
  clamped[0]! &= 0xf8;
  clamped[31] = (clamped[31]! & 0x7f) | 0x40;
  return scalarOf(integerOf(clamped));
}

/**
 * Returns the X25519 public key (32 bytes) of a secret key. RFC 7748 §4.1: "(u, v) = ((1+y)/(1-y), …)"
 * maps edwards25519 to curve25519, and its base point to u = 9.
 */
export function x25519PublicKey(secretKey: Uint8Array): Uint8Array {
  const { Y, Z } = Point.BASE.multiply(clampedScalar(secretKey));
  return scalarBytes(etc.mod((Z + Y) * etc.invert(etc.mod(Z - Y), fieldPrime)));
}
