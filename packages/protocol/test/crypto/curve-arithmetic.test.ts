// Our own arithmetic on P-256 and the map to X25519, against OpenSSL and noble, where cases are special.
import { p256 } from '@noble/curves/nist.js';
import { x25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import * as fc from 'fast-check';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { concatBytes, utf8 } from '../../src/bytes.ts';
import { x25519PublicKey } from '../../src/crypto/edwards.ts';
import { nodeCryptography } from '../../src/crypto/node.ts';
import { p256Order, p256PublicKey, p256Verify } from '../../src/crypto/p256.ts';

const { Point } = p256;
const message = utf8('signed octets');
const z = BigInt(`0x${sha256(message).toHex()}`);

const bytesOf = (integer: bigint): Uint8Array =>
  Uint8Array.fromHex(integer.toString(16).padStart(64, '0'));
const modulo = (integer: bigint): bigint => Point.Fn.create(integer);
const signatureOf = (r: bigint, s: bigint): Uint8Array => concatBytes(bytesOf(r), bytesOf(s));
const publicKeyOf = (secret: bigint): Uint8Array => p256PublicKey(bytesOf(secret)).subarray(1);
const scalars = fc.bigInt({ min: 1n, max: p256Order - 1n });

/** What all three say, which must be one thing. */
function verdictOf(signature: Uint8Array, publicKey: Uint8Array): boolean {
  const ours = p256Verify(message, signature, publicKey);
  expect(nodeCryptography.p256Verify(message, signature, publicKey)).toBe(ours);
  return ours;
}

describe('P-256', () => {
  test.each([1n, 2n, 3n, 2n ** 128n, p256Order - 2n, p256Order - 1n])('public key of %i', (d) => {
    expect(p256PublicKey(bytesOf(d))).toEqual(p256.getPublicKey(bytesOf(d), false));
  });

  test('public keys of any scalars are those of noble', () => {
    fc.assert(
      fc.property(scalars, (d) => {
        expect(p256PublicKey(bytesOf(d))).toEqual(p256.getPublicKey(bytesOf(d), false));
      }),
      { numRuns: 50 },
    );
  });

  test('what is signed with any key verifies, and with one bit changed does not', () => {
    fc.assert(
      fc.property(scalars, fc.nat(511), fc.boolean(), (d, bit, ofKey) => {
        const signature = p256.sign(message, bytesOf(d), { lowS: false });
        const publicKey = publicKeyOf(d);
        expect(verdictOf(signature, publicKey)).toBe(true);
        const changed = ofKey ? publicKey : signature;
        changed[bit >> 3]! ^= 1 << (bit & 7);
        expect(verdictOf(signature, publicKey)).toBe(false);
      }),
      { numRuns: 50 },
    );
  });

  test.each([
    ['G', 1n],
    ['−G, which G cancels', p256Order - 1n],
    ['2G', 2n],
  ])('verifies by a key that is %s', (_name, d) => {
    const signature = p256.sign(message, bytesOf(d), { lowS: false });
    expect(verdictOf(signature, publicKeyOf(d))).toBe(true);
  });

  test.each([1n, 2n, 7n, p256Order - 1n])('refuses a sum of infinity, by the key of %i', (d) => {
    // z·s⁻¹ + r·s⁻¹·d = 0 modulo n
    const r = modulo(-z * Point.Fn.inv(d));
    expect(verdictOf(signatureOf(r, 5n), publicKeyOf(d))).toBe(false);
  });

  test('takes the x of the sum modulo n, where it is n or more', () => {
    const x = firstXAbove(p256Order);
    const sum = Point.fromHex(`02${x.toString(16)}`);
    const [r, s] = [x - p256Order, 3n];
    // Q = r⁻¹(sR − zG)
    const key = sum.multiply(s).subtract(Point.BASE.multiply(modulo(z)));
    const publicKey = key.multiply(Point.Fn.inv(r)).toBytes(false).subarray(1);
    expect(verdictOf(signatureOf(r, s), publicKey)).toBe(true);
    expect(p256Verify(message, signatureOf(r + 1n, s), publicKey)).toBe(false);
  });

  test.each([
    ['r of 0', 0n, 1n],
    ['r of n', p256Order, 1n],
    ['s of 0', 1n, 0n],
    ['s of n', 1n, p256Order],
    ['both of 2^256 − 1', 2n ** 256n - 1n, 2n ** 256n - 1n],
  ])('refuses %s', (_name, r, s) => {
    expect(verdictOf(signatureOf(r, s), publicKeyOf(7n))).toBe(false);
  });
});

describe('X25519', () => {
  test('public keys are those of noble and OpenSSL, whatever the secret key', () => {
    const secrets = fc.uint8Array({ minLength: 32, maxLength: 32 });
    const prefix = Uint8Array.fromHex('302e020100300506032b656e04220420');
    fc.assert(
      fc.property(secrets, (secret) => {
        const key = concatBytes(prefix, secret);
        const opened = createPrivateKey({ key: Buffer.from(key), format: 'der', type: 'pkcs8' });
        const spki = createPublicKey(opened).export({ format: 'der', type: 'spki' });
        expect(x25519PublicKey(secret)).toEqual(new Uint8Array(spki.subarray(-32)));
        expect(x25519PublicKey(secret)).toEqual(x25519.getPublicKey(secret));
      }),
      { numRuns: 50, examples: [[new Uint8Array(32)], [new Uint8Array(32).fill(255)]] },
    );
  });
});

/** The first x from `from` on that a point of the curve has. */
function firstXAbove(from: bigint): bigint {
  for (let x = from + 1n; ; x++) {
    try {
      Point.fromHex(`02${x.toString(16)}`);
      return x;
    } catch {
      // No point has it.
    }
  }
}
