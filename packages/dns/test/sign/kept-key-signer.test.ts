/** The signer whose key stays open in OpenSSL: what it makes verifies, whatever the integers' lengths. */
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { openKeptKeySigner, openZoneSigner } from '@callbook/dns';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const publicKey = { key: createPublicKey(privateKey), dsaEncoding: 'ieee-p1363' } as const;

describe('openKeptKeySigner', () => {
  test('is there on this machine and has the key of node:crypto', () => {
    const signer = openKeptKeySigner(privateKey);
    expect(signer?.algorithm).toBe(13);
    expect(signer?.publicKey).toEqual(openZoneSigner(privateKey).publicKey);
  });

  test('signs what verifies, also with integers that begin with zeros', () => {
    const signer = openKeptKeySigner(privateKey)!;
    let shortCount = 0;
    for (let trial = 0; trial < 2000; trial += 1) {
      const octets = Buffer.from(`an answer to be signed ${trial}`);
      const signature = signer.sign(octets);
      expect(signature.length).toBe(64);
      if (signature[0] === 0 || signature[32] === 0) shortCount += 1;
      expect(verify('sha256', octets, publicKey, signature)).toBe(true);
    }
    // One in 128 has one; none in 2000 would mean that they are not what they should be.
    expect(shortCount).toBeGreaterThan(0);
  });

  test.each([0, 1, 4095, 4096, 4097, 70_000])('signs %i octets', (size) => {
    const octets = new Uint8Array(size).fill(7);
    const signature = openKeptKeySigner(privateKey)!.sign(octets);
    expect(verify('sha256', octets, publicKey, signature)).toBe(true);
  });

  test('draws another nonce for each signature', () => {
    const signer = openKeptKeySigner(privateKey)!;
    const octets = Uint8Array.of(1);
    const halves = Array.from({ length: 100 }, () => signer.sign(octets).slice(0, 32).toHex());
    expect(new Set(halves).size).toBe(100);
  });

  test('leaves other algorithms to others', () => {
    expect(openKeptKeySigner(generateKeyPairSync('ed25519').privateKey)).toBeUndefined();
    const other = generateKeyPairSync('ec', { namedCurve: 'secp384r1' });
    expect(openKeptKeySigner(other.privateKey)).toBeUndefined();
  });
});
