/**
 * An issuer's public key as Privacy Pass lists it (RFC 9578 §6.5): a SubjectPublicKeyInfo with the
 * RSASSA-PSS identifier and its parameters. The modulus has 2048 bits and the exponent is 65537, so there
 * is one DER text before the modulus and one behind, and nothing of DER has to be parsed.
 */
import { bytesEqual, concatBytes } from '../bytes.ts';
import { accept, reject } from '../verdict.ts';
import type { Verdict } from '../verdict.ts';

const modulusBytes = 256;

/** RFC 9578 §6.5: id-RSASSA-PSS with SHA-384, MGF1 with SHA-384, a salt of 48 octets. */
const before = Uint8Array.fromHex(
  '30820152303d06092a864886f70d01010a3030a00d300b0609608648016503040202a11a301806092a864886f70d010108' +
    '300b0609608648016503040202a2030201300382010f003082010a0282010100',
);
const behind = Uint8Array.fromHex('0203010001');

/** Encodes the key of a modulus of 256 bytes, the first bit of which is 1. */
export function encodeTokenKey(modulus: Uint8Array): Uint8Array {
  return concatBytes(before, modulus, behind);
}

/** Returns the modulus of a key; code `token_key_malformed`. */
export function parseTokenKey(spki: Uint8Array): Verdict<Uint8Array> {
  const modulus = spki.slice(before.length, before.length + modulusBytes);
  const isRight =
    bytesEqual(spki, encodeTokenKey(modulus)) &&
    (modulus[0]! & 0x80) !== 0 &&
    modulus.at(-1)! % 2 === 1;
  return isRight
    ? accept(modulus)
    : reject('token_key_malformed', 'key is not an RSASSA-PSS key of 2048 bits and exponent 65537');
}
