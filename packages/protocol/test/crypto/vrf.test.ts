// ECVRF-EDWARDS25519-SHA512-TAI: the vectors of RFC 9381, and one answer from noble and libsodium.
import { ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { describe, expect, test } from 'vitest';
import { concatBytes, utf8 } from '../../src/bytes.ts';
import { nobleCryptography } from '../../src/crypto/noble.ts';
import { nodeCryptography } from '../../src/crypto/node.ts';
import { sodiumCryptography } from '../../src/crypto/sodium.ts';
import {
  challengeBytes,
  hashToCurveCandidate,
  integerOf,
  scalarBytes,
} from '../../src/crypto/vrf-suite.ts';
import { readJson } from '../read-vectors.ts';

const { Point } = ed25519;
const implementations = [nobleCryptography, nodeCryptography, sodiumCryptography];
const examples: { sk: string; pk: string; alpha: string; pi: string; beta?: string }[] = readJson(
  'rfc9381/ecvrf-edwards25519.json',
).suites['0x03 ECVRF-EDWARDS25519-SHA512-TAI'];

const secretKey = new Uint8Array(32).fill(9);
const prover = sodiumCryptography.vrfProver(secretKey);
const alpha = utf8('tel:+4915123456789');
const proof = prover.prove(alpha);

describe.each(implementations)('$name', (crypto) => {
  test.each(examples)('gives proof and output of RFC 9381 B.3, alpha "$alpha"', (example) => {
    const exampleProver = crypto.vrfProver(Uint8Array.fromHex(example.sk));
    const alpha = Uint8Array.fromHex(example.alpha);
    expect(exampleProver.publicKey.toHex()).toBe(example.pk);
    expect(exampleProver.prove(alpha).toHex()).toBe(example.pi);
    const output = crypto.vrfVerify(exampleProver.publicKey, alpha, Uint8Array.fromHex(example.pi));
    expect(exampleProver.output(alpha)).toEqual(output);
    if (example.beta !== undefined) expect(output?.toHex()).toBe(example.beta);
  });

  test('refuses a proof for another input or key', () => {
    const stranger = crypto.vrfProver(new Uint8Array(32).fill(8));
    expect(crypto.vrfVerify(prover.publicKey, utf8('tel:+34912345678'), proof)).toBeUndefined();
    expect(crypto.vrfVerify(stranger.publicKey, alpha, proof)).toBeUndefined();
  });

  test.each([0, 31, 32, 47, 48, 79])('refuses a proof with a bit changed in byte %i', (index) => {
    const changed = Uint8Array.from(proof);
    changed[index] = changed[index]! ^ 1;
    expect(crypto.vrfVerify(prover.publicKey, alpha, changed)).toBeUndefined();
  });

  test('refuses keys and proofs of wrong length', () => {
    expect(crypto.vrfVerify(prover.publicKey, alpha, proof.slice(0, 79))).toBeUndefined();
    expect(
      crypto.vrfVerify(prover.publicKey, alpha, concatBytes(proof, Uint8Array.of(0))),
    ).toBeUndefined();
    expect(crypto.vrfVerify(prover.publicKey.slice(0, 31), alpha, proof)).toBeUndefined();
  });

  test('refuses s + L', () => {
    const s = integerOf(proof.slice(48)) + Point.Fn.ORDER;
    const changed = concatBytes(proof.slice(0, 48), scalarBytes(s));
    expect(crypto.vrfVerify(prover.publicKey, alpha, changed)).toBeUndefined();
  });

  test('validates the key: one of small order proves nothing', () => {
    for (const y of [Point.ZERO, Point.fromHex(orderEight)]) {
      const forged = proofBy({ y: y.toBytes(), secret: 0n, torsion: Point.ZERO });
      expect(crypto.vrfVerify(y.toBytes(), alpha, forged)).toBeUndefined();
    }
  });

  test('accepts what RFC 9381 accepts: a Gamma with a component of small order, c = 0 modulo 8', () => {
    const secret = 0x1234567890abcdefn;
    const y = Point.BASE.multiply(secret).toBytes();
    const odd = proofBy({ y, secret, torsion: Point.fromHex(orderEight) });
    const plain = proofBy({ y, secret, torsion: Point.ZERO });
    const output = crypto.vrfVerify(y, alpha, odd);
    expect(output).toBeDefined();
    expect(output).toEqual(crypto.vrfVerify(y, alpha, plain));
  });

  test('refuses a Gamma that is not canonical or no point', () => {
    for (const hex of [
      `f0${'ff'.repeat(30)}7f`,
      `02${'00'.repeat(31)}`,
      `01${'00'.repeat(30)}80`,
    ]) {
      const changed = concatBytes(Uint8Array.fromHex(hex), proof.slice(32));
      expect(crypto.vrfVerify(prover.publicKey, alpha, changed)).toBeUndefined();
      expect(crypto.vrfVerify(Uint8Array.fromHex(hex), alpha, proof)).toBeUndefined();
    }
  });
});

test('noble and libsodium prove alike, also where the first tries give no point', () => {
  const noble = nobleCryptography.vrfProver(secretKey);
  for (let i = 0; i < 40; i++) {
    const input = utf8(`tel:+155555501${String(i).padStart(2, '0')}`);
    expect(noble.prove(input)).toEqual(prover.prove(input));
    expect(noble.output(input)).toEqual(prover.output(input));
  }
});

const orderEight = '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05';

/**
 * Proves with a known scalar by the letter of RFC 9381 §5.1, but adds `torsion` to Gamma, which the
 * challenge forgives when it is 0 modulo 8.
 */
function proofBy(of: { y: Uint8Array; secret: bigint; torsion: typeof Point.BASE }): Uint8Array {
  const h = hashedToCurve(of.y);
  const gamma = h.multiplyUnsafe(of.secret).add(of.torsion);
  for (let counter = 1n; ; counter++) {
    const nonce = Point.Fn.create(integerOf(sha512(scalarBytes(counter))));
    const points = [h, gamma, Point.BASE.multiply(nonce), h.multiply(nonce)];
    const c = challengeBytes([of.y, ...points.map((point) => point.toBytes())]);
    if (integerOf(c) % 8n !== 0n) continue;
    const s = Point.Fn.create(nonce + integerOf(c) * of.secret);
    return concatBytes(gamma.toBytes(), c, scalarBytes(s));
  }
}

function hashedToCurve(salt: Uint8Array): typeof Point.BASE {
  for (let counter = 0; ; counter++) {
    try {
      return Point.fromBytes(hashToCurveCandidate({ salt, alpha, counter }), false).clearCofactor();
    } catch {
      // No point with this y; the next counter gives another.
    }
  }
}
