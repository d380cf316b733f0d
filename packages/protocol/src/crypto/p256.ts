/**
 * P-256 in a hundred lines, for browsers: the public key of a published key, and a second opinion on
 * signatures. A library of all curves would be an eighth of what a page loads (docs/decisions). One
 * formula adds any two points, equal, opposite or none, so there are no special cases to forget; tests hold
 * it to OpenSSL and to noble where cases are special. Signing is not here. Big integers: the ladder
 * takes the same steps for every scalar, but their time is not constant.
 */
import { sha256 } from '@noble/hashes/sha2.js';

/** FIPS 186-4 D.1.2.3: y² = x³ − 3x + b modulo p; G has the prime order n, and the cofactor is 1. */
const p = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
const a = p - 3n;
const b = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
/** How many points there are, and scalars. */
export const p256Order: bigint =
  0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** Projective: x = X/Z, y = Y/Z. */
type Point = readonly [X: bigint, Y: bigint, Z: bigint];

const generator: Point = [
  0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
  0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
  1n,
];
const infinity: Point = [0n, 1n, 0n];

/** Returns the uncompressed point (65 bytes) of a scalar of 32 bytes, 1 to n − 1. */
export function p256PublicKey(scalar: Uint8Array): Uint8Array {
  let [low, high] = [infinity, generator];
  for (const bit of bitsOf(readInteger(scalar))) {
    const sum = add(low, high);
    [low, high] = bit === '1' ? [sum, add(high, high)] : [add(low, low), sum];
  }
  const [x, y] = affine(low);
  // SEC 1 §2.3.3: 04 stands before the coordinates of a point that is not compressed.
  return Uint8Array.fromHex(`04${toHex(x)}${toHex(y)}`);
}

/** Verifies ECDSA with SHA-256: `r | s` and `x | y`, 64 bytes each (FIPS 186-5 §6.4.2). */
export function p256Verify(
  message: Uint8Array,
  signature: Uint8Array,
  publicKey: Uint8Array,
): boolean {
  if (signature.length !== 64 || publicKey.length !== 64) return false;
  const [r, s] = halves(signature);
  // "Verify that r and s are integers in the interval [1, n − 1]."
  if (r === 0n || r >= p256Order || s === 0n || s >= p256Order) return false;
  const [x, y] = halves(publicKey);
  // SEC 1 §3.2.2.1; the cofactor is 1, so that every point of the curve but infinity will do.
  if (x >= p || y >= p || mod(y * y - (x * x + a) * x - b) !== 0n) return false;
  const w = inverse(s, p256Order);
  const u = mod(readInteger(sha256(message)) * w, p256Order);
  const v = mod(r * w, p256Order);
  const found = addMultiples(u, [x, y, 1n], v);
  // "If R is the identity, reject"; "v = x_R modulo n".
  return found[2] !== 0n && affine(found)[0] % p256Order === r;
}

/** u·G + v·Q, both at once; not for secret scalars. */
function addMultiples(u: bigint, q: Point, v: bigint): Point {
  const both = add(generator, q);
  const [ofG, ofQ] = [bitsOf(u), bitsOf(v)];
  let sum = infinity;
  for (let i = 0; i < ofG.length; i++) {
    sum = add(sum, sum);
    if (ofG[i] === '1') sum = add(sum, ofQ[i] === '1' ? both : generator);
    else if (ofQ[i] === '1') sum = add(sum, q);
  }
  return sum;
}

/**
 * Renes, Costello and Batina, "Complete addition formulas for prime order elliptic curves" (2015), §3,
 * formulas (1): complete on a curve of odd order, so that doubling is the same.
 */
function add([x1, y1, z1]: Point, [x2, y2, z2]: Point): Point {
  const xx = mod(x1 * x2);
  const yy = mod(y1 * y2);
  const zz = mod(z1 * z2);
  const xy = mod(x1 * y2 + x2 * y1);
  const xz = mod(x1 * z2 + x2 * z1);
  const yz = mod(y1 * z2 + y2 * z1);
  const axzb3zz = mod(a * xz + 3n * b * zz);
  const axxb3xz = mod(a * xx + 3n * b * xz - a * a * zz);
  const xxazz = mod(3n * xx + a * zz);
  return [
    mod(xy * (yy - axzb3zz) - yz * axxb3xz),
    mod((yy + axzb3zz) * (yy - axzb3zz) + xxazz * axxb3xz),
    mod(yz * (yy + axzb3zz) + xy * xxazz),
  ];
}

function affine([x, y, z]: Point): readonly [x: bigint, y: bigint] {
  const inverted = inverse(z, p);
  return [mod(x * inverted), mod(y * inverted)];
}

/** Extended Euclid; the number is not 0 modulo the prime. */
function inverse(number: bigint, prime: bigint): bigint {
  let [dividend, divisor, before, factor] = [prime, mod(number, prime), 0n, 1n];
  while (divisor > 1n) {
    const quotient = dividend / divisor;
    [dividend, divisor] = [divisor, dividend - quotient * divisor];
    [before, factor] = [factor, before - quotient * factor];
  }
  return mod(factor, prime);
}

function mod(number: bigint, prime = p): bigint {
  const rest = number % prime;
  return rest < 0n ? rest + prime : rest;
}

function halves(bytes: Uint8Array): readonly [bigint, bigint] {
  return [readInteger(bytes.subarray(0, 32)), readInteger(bytes.subarray(32))];
}

function readInteger(bigEndian: Uint8Array): bigint {
  return BigInt(`0x${bigEndian.toHex()}`);
}

/** All 256 bits, highest first. */
function bitsOf(number: bigint): string {
  return number.toString(2).padStart(256, '0');
}

function toHex(number: bigint): string {
  return number.toString(16).padStart(64, '0');
}
