/**
 * ECVRF-EDWARDS25519-SHA512-TAI (RFC 9381 §5.5, suite 0x03) on noble's points. Scalars are big
 * integers, so timing is not constant, as in all of noble; members prove on libsodium.
 */
import { sha512 } from '@noble/hashes/sha2.js';
import { assert } from '../assert.ts';
import { concatBytes, bytesEqual } from '../bytes.ts';
import { clampedScalar, decodedPoint, EdwardsPoint, scalarOf } from './edwards.ts';
import { isCanonicalScalar } from './signature-gate.ts';
import {
  challengeBytes,
  hashToCurveCandidate,
  integerOf,
  outputOf,
  scalarBytes,
  vrfProofBytes,
} from './vrf-suite.ts';
import type { VrfProver } from './cryptography.ts';

/** Opens a 32-byte secret key (RFC 8032 seed). */
export function nobleVrfProver(secretKey: Uint8Array): VrfProver {
  assert(secretKey.length === 32, `secret key is ${secretKey.length} bytes, not 32`);
  const { scalar, prefix, point, pointBytes } = expanded(secretKey);
  const evaluate: VrfProver['evaluate'] = (alpha) => {
    const h = encodeToCurve(pointBytes, alpha);
    const gamma = h.multiply(scalar);
    // RFC 9381 §5.4.2.2: nonce from the second half of the hashed secret key and H.
    const nonce = scalarOf(integerOf(sha512(concatBytes(prefix, h.toBytes()))));
    const c = challengeBytes(
      [point, h, gamma, EdwardsPoint.BASE.multiply(nonce), h.multiply(nonce)].map((p) =>
        p.toBytes(),
      ),
    );
    const s = scalarOf(nonce + integerOf(c) * scalar);
    return {
      output: outputOf(gamma.clearCofactor().toBytes()),
      proof: concatBytes(gamma.toBytes(), c, scalarBytes(s)),
    };
  };
  return {
    publicKey: pointBytes,
    output(alpha) {
      return outputOf(encodeToCurve(pointBytes, alpha).multiply(scalar).clearCofactor().toBytes());
    },
    prove: (alpha) => evaluate(alpha).proof,
    evaluate,
  };
}

/** RFC 9381 §5.3 with validate_key; the 64-byte output, or undefined for a bad proof or key. */
export function nobleVrfVerify(
  publicKey: Uint8Array,
  alpha: Uint8Array,
  proof: Uint8Array,
): Uint8Array | undefined {
  if (publicKey.length !== 32 || proof.length !== vrfProofBytes) return undefined;
  // RFC 9381 §5.4.4 step 8: "If s >= q, output "INVALID" and stop".
  if (!isCanonicalScalar(proof, 48)) return undefined;
  const y = decodedPoint(publicKey);
  const gamma = decodedPoint(proof.subarray(0, 32));
  // RFC 9381 §5.4.5: "If Y' is the identity element (…), output "INVALID" and stop".
  if (y === undefined || gamma === undefined || y.isSmallOrder()) return undefined;
  const encodedC = proof.subarray(32, 48);
  const c = integerOf(encodedC);
  const s = integerOf(proof.subarray(48));
  const h = encodeToCurve(publicKey, alpha);
  const u = EdwardsPoint.BASE.multiplyUnsafe(s).subtract(y.multiplyUnsafe(c));
  const v = h.multiplyUnsafe(s).subtract(gamma.multiplyUnsafe(c));
  const expectedC = challengeBytes([y, h, gamma, u, v].map((p) => p.toBytes()));
  return bytesEqual(encodedC, expectedC) ? outputOf(gamma.clearCofactor().toBytes()) : undefined;
}

interface ExpandedKey {
  readonly scalar: bigint;
  readonly prefix: Uint8Array;
  readonly point: EdwardsPoint;
  readonly pointBytes: Uint8Array;
}

function expanded(secretKey: Uint8Array): ExpandedKey {
  const hash = sha512(secretKey);
  const scalar = clampedScalar(hash);
  const point = EdwardsPoint.BASE.multiply(scalar);
  return { scalar, prefix: hash.slice(32), point, pointBytes: point.toBytes() };
}

/** RFC 9381 §5.4.1.1, ECVRF_encode_to_curve_try_and_increment. */
function encodeToCurve(salt: Uint8Array, alpha: Uint8Array): EdwardsPoint {
  for (let counter = 0; counter < 256; counter++) {
    const candidate = decodedPoint(hashToCurveCandidate({ salt, alpha, counter }));
    if (candidate === undefined || candidate.isSmallOrder()) continue;
    return candidate.clearCofactor();
  }
  // 256 failures in a row happen with probability 2^-256; there is no output to give.
  throw new RangeError('no point in 256 tries');
}
