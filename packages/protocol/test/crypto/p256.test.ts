// ECDSA on P-256: the three implementations agree on what is good and on what is not.
import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { nobleCryptography } from '../../src/crypto/noble.ts';
import { nodeCryptography } from '../../src/crypto/node.ts';
import { sodiumCryptography } from '../../src/crypto/sodium.ts';

const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

const { privateKey, publicKey: opened } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const key = new Uint8Array(opened.export({ format: 'der', type: 'spki' }).subarray(-64));
const message = new TextEncoder().encode('signed octets');
const good = new Uint8Array(
  sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' }),
);

const changed = (octets: Uint8Array, at: number): Uint8Array =>
  octets.map((octet, index) => (index === at ? octet ^ 1 : octet));
const scalar = (value: bigint): Uint8Array =>
  Uint8Array.fromHex(value.toString(16).padStart(64, '0'));
const withS = (s: bigint): Uint8Array => Uint8Array.from([...good.subarray(0, 32), ...scalar(s)]);
const s = BigInt(`0x${good.subarray(32).toHex()}`);

describe.each([nobleCryptography, nodeCryptography, sodiumCryptography])('$name', (crypto) => {
  test.each([
    ['as signed', good, true],
    ['with the other s', withS(order - s), true],
    ['with r changed', changed(good, 0), false],
    ['with s changed', changed(good, 63), false],
    ['with s of 0', withS(0n), false],
    ['with s of the order', withS(order), false],
    ['a byte short', good.subarray(1), false],
    ['empty', new Uint8Array(), false],
  ])('signature %s', (_what, signature, expected) => {
    expect(crypto.p256Verify(message, signature, key)).toBe(expected);
  });

  test.each([
    ['another message', changed(message, 0), key],
    ['a point that is not on the curve', message, changed(key, 63)],
    ['coordinates of 0', message, new Uint8Array(64)],
    ['a key of 65 bytes', message, Uint8Array.from([4, ...key])],
  ])('%s', (_what, signed, publicKey) => {
    expect(crypto.p256Verify(signed, good, publicKey)).toBe(false);
  });
});
