/**
 * What both implementations of ECVRF-EDWARDS25519-SHA512-TAI (RFC 9381 §5.5) share: the hashes and
 * the encoding of numbers. Points pass through here only as 32-byte strings.
 */
import { sha512 } from '@noble/hashes/sha2.js';
import { concatBytes } from '../bytes.ts';

/** Gamma (32), c (16), s (32). */
export const vrfProofBytes = 80;

const suite = 0x03;
const challengeSize = 16;

/** RFC 9381 §5.4.1.1: the bytes that the try with this counter reads as a point. */
export function hashToCurveCandidate(of: {
  salt: Uint8Array;
  alpha: Uint8Array;
  counter: number;
}): Uint8Array {
  const front = Uint8Array.of(suite, 0x01);
  const back = Uint8Array.of(of.counter, 0x00);
  return sha512(concatBytes(front, of.salt, of.alpha, back)).slice(0, 32);
}

/** RFC 9381 §5.4.3: the first 16 bytes of the hash of Y, H, Gamma, U and V. */
export function challengeBytes(points: readonly Uint8Array[]): Uint8Array {
  const front = Uint8Array.of(suite, 0x02);
  return sha512(concatBytes(front, ...points, Uint8Array.of(0x00))).slice(0, challengeSize);
}

/** RFC 9381 §5.2, ECVRF_proof_to_hash: the 64-byte output, from 8 · Gamma. */
export function outputOf(clearedGamma: Uint8Array): Uint8Array {
  return sha512(concatBytes(Uint8Array.of(suite, 0x03), clearedGamma, Uint8Array.of(0x00)));
}

/** Reads a little-endian number. */
export function integerOf(littleEndian: Uint8Array): bigint {
  return BigInt(`0x${littleEndian.toReversed().toHex()}`);
}

/** Writes a scalar as 32 little-endian bytes. */
export function scalarBytes(scalar: bigint): Uint8Array {
  return Uint8Array.fromHex(scalar.toString(16).padStart(64, '0')).reverse();
}
