/** The signers that a member's threads sign with give what those of `node:crypto` give. */
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { openZoneSigner } from '@callbook/dns';
import { pickZoneSigners } from '../src/zone-signers.ts';

const octets = Buffer.from('what is signed');

describe('pickZoneSigners', () => {
  test('signs with Ed25519 octet for octet as RFC 8032 has it', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const signer = (await pickZoneSigners())(privateKey);
    const plain = openZoneSigner(privateKey);
    expect(signer.algorithm).toBe(15);
    expect(signer.publicKey).toEqual(plain.publicKey);
    expect(signer.sign(octets).toHex()).toBe(new Uint8Array(plain.sign(octets)).toHex());
    const first = signer.sign(octets);
    signer.sign(Buffer.from('another'));
    // A signature that was handed out is not overwritten by the next one.
    expect(first.toHex()).toBe(signer.sign(octets).toHex());
  });

  test('signs with P-256 so that OpenSSL verifies', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const signer = (await pickZoneSigners())(privateKey);
    const publicKey = { key: createPublicKey(privateKey), dsaEncoding: 'ieee-p1363' } as const;
    expect(signer.algorithm).toBe(13);
    expect(verify('sha256', octets, publicKey, signer.sign(octets))).toBe(true);
  });
});
