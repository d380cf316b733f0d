/**
 * ECVRF-EDWARDS25519-SHA512-TAI (RFC 9381 §5.5, suite 0x03) on libsodium's group operations, about
 * ten times as fast as noble's.
 *
 * libsodium multiplies only points of the prime-order subgroup and refuses the identity as a result.
 * The RFC knows no such limits, so whenever libsodium refuses during a verification, noble decides:
 * honest proofs never take that way, and both implementations give one answer to every input.
 */
import sodium from 'sodium-native';
import { sha512 } from '@noble/hashes/sha2.js';
import { assert } from '../assert.ts';
import { concatBytes, bytesEqual } from '../bytes.ts';
import { isCanonicalPoint, isCanonicalScalar } from './signature-gate.ts';
import { nobleVrfVerify } from './vrf-noble.ts';
import {
  challengeBytes,
  hashToCurveCandidate,
  integerOf,
  outputOf,
  scalarBytes,
  vrfProofBytes,
} from './vrf-suite.ts';
import type { VrfProver } from './cryptography.ts';

const groupOrder = 2n ** 252n + 27742317777372353535851937790883648493n;

/** Opens a 32-byte secret key (RFC 8032 seed). */
export function sodiumVrfProver(secretKey: Uint8Array): VrfProver {
  assert(secretKey.length === 32, `secret key is ${secretKey.length} bytes, not 32`);
  const hash = sha512(secretKey);
  const scalar = hash.slice(0, 32);
  scalar[0]! &= 0xf8;
  scalar[31] = (scalar[31]! & 0x7f) | 0x40;
  const prefix = hash.slice(32);
  const publicKey = multiplyBase(scalar);
  const evaluate: VrfProver['evaluate'] = (alpha) => {
    const h = encodeToCurve(publicKey, alpha);
    const gamma = multiply(scalar, h);
    // RFC 9381 §5.4.2.2: nonce from the second half of the hashed secret key and H.
    const nonce = integerOf(sha512(concatBytes(prefix, h))) % groupOrder;
    const nonceBytes = scalarBytes(nonce);
    const u = multiplyBase(nonceBytes);
    const c = challengeBytes([publicKey, h, gamma, u, multiply(nonceBytes, h)]);
    const s = (nonce + integerOf(c) * integerOf(scalar)) % groupOrder;
    return { output: outputOf(timesEight(gamma)), proof: concatBytes(gamma, c, scalarBytes(s)) };
  };
  return {
    publicKey,
    output: (alpha) => outputOf(timesEight(multiply(scalar, encodeToCurve(publicKey, alpha)))),
    prove: (alpha) => evaluate(alpha).proof,
    evaluate,
  };
}

/** RFC 9381 §5.3 with validate_key; the 64-byte output, or undefined for a bad proof or key. */
export function sodiumVrfVerify(
  publicKey: Uint8Array,
  alpha: Uint8Array,
  proof: Uint8Array,
): Uint8Array | undefined {
  if (publicKey.length !== 32 || proof.length !== vrfProofBytes) return undefined;
  const gamma = proof.subarray(0, 32);
  if (!isCanonicalPoint(publicKey) || !isCanonicalPoint(gamma)) return undefined;
  // RFC 9381 §5.4.4 step 8: "If s >= q, output "INVALID" and stop".
  if (!isCanonicalScalar(proof, 48)) return undefined;
  const encodedC = proof.subarray(32, 48);
  const expectedC = recomputedChallenge({ publicKey, alpha, gamma, encodedC, s: proof.slice(48) });
  if (expectedC === undefined) return nobleVrfVerify(publicKey, alpha, proof);
  return bytesEqual(encodedC, expectedC) ? outputOf(timesEight(gamma)) : undefined;
}

interface ProofParts {
  readonly publicKey: Uint8Array;
  readonly alpha: Uint8Array;
  readonly gamma: Uint8Array;
  readonly encodedC: Uint8Array;
  readonly s: Uint8Array;
}

/** RFC 9381 §5.3 steps 6 to 9; undefined where libsodium refuses to calculate. */
function recomputedChallenge(parts: ProofParts): Uint8Array | undefined {
  const { publicKey, gamma, s } = parts;
  const c = new Uint8Array(32);
  c.set(parts.encodedC);
  const h = encodeToCurve(publicKey, parts.alpha);
  try {
    // Multiplying Y also validates it: a point of small order is refused here, then by noble.
    const u = subtract(multiplyBase(s), multiply(c, publicKey));
    const v = subtract(multiply(s, h), multiply(c, gamma));
    return challengeBytes([publicKey, h, gamma, u, v]);
  } catch {
    return undefined;
  }
}

const identity = new Uint8Array(32);
identity[0] = 1;

/** RFC 9381 §5.4.1.1, ECVRF_encode_to_curve_try_and_increment. */
function encodeToCurve(salt: Uint8Array, alpha: Uint8Array): Uint8Array {
  for (let counter = 0; counter < 256; counter++) {
    const candidate = hashToCurveCandidate({ salt, alpha, counter });
    // libsodium reads y >= p as y - p; RFC 8032 §5.1.3 refuses it.
    if (!isCanonicalPoint(candidate)) continue;
    const h = pointTimesEight(candidate);
    if (h !== undefined && !bytesEqual(h, identity)) return h;
  }
  // 256 failures in a row happen with probability 2^-256; there is no output to give.
  throw new RangeError('no point in 256 tries');
}

function pointTimesEight(candidate: Uint8Array): Uint8Array | undefined {
  try {
    return timesEight(candidate);
  } catch {
    return undefined;
  }
}

/** Three doublings: `scalarmult` would refuse a point outside the prime-order subgroup. */
function timesEight(point: Uint8Array): Uint8Array {
  const product = new Uint8Array(32);
  sodium.crypto_core_ed25519_add(product, point, point);
  sodium.crypto_core_ed25519_add(product, product, product);
  sodium.crypto_core_ed25519_add(product, product, product);
  return product;
}

function multiply(scalar: Uint8Array, point: Uint8Array): Uint8Array {
  const product = new Uint8Array(32);
  sodium.crypto_scalarmult_ed25519_noclamp(product, scalar, point);
  return product;
}

function multiplyBase(scalar: Uint8Array): Uint8Array {
  const product = new Uint8Array(32);
  sodium.crypto_scalarmult_ed25519_base_noclamp(product, scalar);
  return product;
}

function subtract(p: Uint8Array, q: Uint8Array): Uint8Array {
  const difference = new Uint8Array(32);
  sodium.crypto_core_ed25519_sub(difference, p, q);
  return difference;
}
