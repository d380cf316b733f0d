// The signature rule, on every edge case that the public set and we ourselves could think of.
import { describe, expect, test } from 'vitest';
import { nobleCryptography } from '../../src/crypto/noble.ts';
import { nodeCryptography } from '../../src/crypto/node.ts';
import { sodiumCryptography } from '../../src/crypto/sodium.ts';
import { utf8 } from '../../src/bytes.ts';
import { readJson, readVectors } from '../read-vectors.ts';

const implementations = [nobleCryptography, nodeCryptography, sodiumCryptography];

describe('the C2SP CCTV cases', () => {
  const cases: { number: number; key: string; sig: string; msg: string; flags: string[] | null }[] =
    readJson('cctv-ed25519/ed25519vectors.json');
  const accepted = implementations.map((crypto) =>
    cases
      .filter(({ key, sig, msg }) =>
        crypto.ed25519Verify(utf8(msg), Uint8Array.fromHex(sig), Uint8Array.fromHex(key)),
      )
      .map(({ number }) => number),
  );

  test('are 914, of which noble accepts 43', () => {
    expect(cases).toHaveLength(914);
    expect(accepted[0]).toHaveLength(43);
  });

  test('get one answer each from all implementations', () => {
    expect(accepted[1]).toEqual(accepted[0]);
    expect(accepted[2]).toEqual(accepted[0]);
  });

  test('pass exactly when A and R are canonical and not of small order, and R is the computed one', () => {
    const refusing = ['low_order_A', 'low_order_R', 'non_canonical_A', 'non_canonical_R'];
    const byFlags = cases
      .filter(({ flags }) => !(flags ?? []).some((flag) => refusing.includes(flag)))
      .filter(({ flags }) => !(flags ?? []).includes('low_order_residue'));
    expect(byFlags.map(({ number }) => number)).toEqual(accepted[0]);
  });
});

describe.each(implementations)('$name', (crypto) => {
  test.each(readVectors('signatures'))('agrees with $name', ({ content }) => {
    const verified = crypto.ed25519Verify(
      Uint8Array.fromHex(content.message),
      Uint8Array.fromHex(content.signature),
      Uint8Array.fromHex(content.publicKey),
    );
    expect(verified).toBe(content.expect === 'accept');
  });

  test('refuses a public key that is no point', () => {
    // y = 2 has no x on the curve.
    const noPoint = Uint8Array.fromHex(`02${'00'.repeat(31)}`);
    const { signature, message } = readVectors('signatures')[0]!.content;
    const bytes = [message, signature].map((hex: string) => Uint8Array.fromHex(hex));
    expect(crypto.ed25519Verify(bytes[0]!, bytes[1]!, noPoint)).toBe(false);
  });

  test('signs what it and the others verify', () => {
    const signer = crypto.ed25519Signer(new Uint8Array(32).fill(5));
    const message = utf8('callbook');
    const signature = signer.sign(message);
    for (const other of implementations) {
      expect(other.ed25519Verify(message, signature, signer.publicKey)).toBe(true);
      expect(other.ed25519Verify(utf8('Callbook'), signature, signer.publicKey)).toBe(false);
    }
  });

  test('keeps its own copy of the secret key', () => {
    const secretKey = new Uint8Array(32).fill(5);
    const signer = crypto.ed25519Signer(secretKey);
    const before = signer.sign(utf8('x'));
    secretKey.fill(0);
    expect(signer.sign(utf8('x'))).toEqual(before);
  });

  test('throws on a secret key of 31 bytes', () => {
    expect(() => crypto.ed25519Signer(new Uint8Array(31))).toThrow('31 bytes, not 32');
  });
});
