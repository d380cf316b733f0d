/**
 * Vectors of the Ed25519 rule that the CCTV set does not have: `s` above L, and an R or A of
 * small order in a signature by somebody who knows the secret key. Points are noble's.
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { fixed32, readable } from './vector-case.ts';
import type { Fields } from './signed-entry.ts';
import type { VectorCase } from './vector-case.ts';

const { Point } = ed25519;
const order = Point.Fn.ORDER;
const message = new TextEncoder().encode('callbook/1 entry\n');
const secretScalar = 0x1234567890abcdef1234567890abcdefn;
const publicKey = Point.BASE.multiply(secretScalar).toBytes();

/** Returns all cases of `vectors/signatures`. */
export function signatureCases(): VectorCase[] {
  const honest = ed25519.sign(message, fixed32('authority'));
  const authority = ed25519.getPublicKey(fixed32('authority'));
  const ofAuthority = { publicKey: authority, message };
  const withS = (change: (s: bigint) => bigint): Uint8Array =>
    Buffer.concat([honest.slice(0, 32), scalar(change(integer(honest.slice(32))))]);
  const torsion = smallOrderPoint();
  const mixed = Point.BASE.multiply(secretScalar).add(torsion).toBytes();
  return [
    made('honest', 'an ordinary signature', { ...ofAuthority, signature: honest }),
    made('message_empty', 'a message may be empty', {
      publicKey: authority,
      message: new Uint8Array(0),
      signature: ed25519.sign(new Uint8Array(0), fixed32('authority')),
    }),
    made('a_with_a_component_of_small_order', 'k is reduced modulo L before it multiplies A', {
      publicKey: mixed,
      message,
      signature: signatureByReducedK(mixed),
    }),
    made('s_plus_l', 's < L', { ...ofAuthority, signature: withS((s) => s + order) }, 'reject'),
    made(
      'r_is_identity',
      'R is not of small order, though [s]B - [k]A = R',
      {
        publicKey,
        message,
        signature: signatureBy(publicKey, 0n),
      },
      'reject',
    ),
    made(
      'a_is_identity',
      'A is not of small order, though [s]B - [k]A = R',
      {
        publicKey: Point.ZERO.toBytes(),
        message,
        signature: Buffer.concat([Point.BASE.multiply(5n).toBytes(), scalar(5n)]),
      },
      'reject',
    ),
    made(
      'r_with_a_component_of_small_order',
      'R is compared byte for byte, without the cofactor',
      {
        publicKey,
        message,
        signature: cofactoredSignature(torsion),
      },
      'reject',
    ),
    made(
      'signature_of_63_bytes',
      '64 bytes',
      { ...ofAuthority, signature: honest.slice(0, 63) },
      'reject',
    ),
    made(
      'signature_of_65_bytes',
      '64 bytes',
      { ...ofAuthority, signature: Buffer.concat([honest, Buffer.of(0)]) },
      'reject',
    ),
    made(
      'public_key_of_31_bytes',
      '32 bytes',
      { ...ofAuthority, publicKey: authority.slice(0, 31), signature: honest },
      'reject',
    ),
    made(
      'public_key_of_33_bytes',
      '32 bytes',
      { ...ofAuthority, publicKey: Buffer.concat([authority, Buffer.of(0)]), signature: honest },
      'reject',
    ),
  ];
}

/** Signs with the known scalar and a chosen nonce. */
function signatureBy(encodedA: Uint8Array, nonce: bigint): Uint8Array {
  const encodedR = (nonce === 0n ? Point.ZERO : Point.BASE.multiply(nonce)).toBytes();
  const k = challenge(encodedR, encodedA) % order;
  return Buffer.concat([encodedR, scalar((nonce + k * secretScalar) % order)]);
}

/** Tries nonces until k mod L takes A's component of small order away and k itself does not. */
function signatureByReducedK(encodedA: Uint8Array): Uint8Array {
  for (let nonce = 1n; ; nonce++) {
    const signature = signatureBy(encodedA, nonce);
    const k = challenge(signature.subarray(0, 32), encodedA);
    if ((k % order) % 8n === 0n && k % 8n !== 0n) return signature;
  }
}

/** The equation holds only after multiplication with the cofactor: R has a torsion component. */
function cofactoredSignature(torsion: typeof Point.BASE): Uint8Array {
  const nonce = 5n;
  const encodedR = Point.BASE.multiply(nonce).add(torsion).toBytes();
  const k = challenge(encodedR, publicKey) % order;
  return Buffer.concat([encodedR, scalar((nonce + k * secretScalar) % order)]);
}

function smallOrderPoint(): typeof Point.BASE {
  return Point.fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05');
}

function challenge(encodedR: Uint8Array, encodedA: Uint8Array): bigint {
  return integer(sha512(Buffer.concat([encodedR, encodedA, message])));
}

function integer(littleEndian: Uint8Array): bigint {
  return BigInt(`0x${littleEndian.toReversed().toHex()}`);
}

function scalar(value: bigint): Uint8Array {
  return Uint8Array.fromHex(value.toString(16).padStart(64, '0')).reverse();
}

function made(name: string, comment: string, values: Fields, expect = 'accept'): VectorCase {
  return { topic: 'signatures', name, comment, expect, values: readable(values) as Fields };
}
