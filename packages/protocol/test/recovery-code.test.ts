// Recovery codes as people type them, against vectors made with OpenSSL.
import { describe, expect, test } from 'vitest';
import { nobleCryptography } from '../src/crypto/noble.ts';
import { encodeRecoveryCode, parseRecoveryCode, recoveryKeyOf } from '../src/recovery-code.ts';
import { readVectors } from './read-vectors.ts';

test.each(readVectors('recovery-codes'))('$name', ({ content }) => {
  const { code, secret, identifier, secretKey, publicKey, recovery } = content;
  const read = parseRecoveryCode(code);
  expect(read.verdict === 'accept' ? 'accept' : read.code).toBe(content.expect);
  if (read.verdict !== 'accept') return;
  expect(read.value.toHex()).toBe(secret);
  const pair = recoveryKeyOf(read.value, identifier);
  expect(pair.secretKey.toHex()).toBe(secretKey);
  expect(pair.publicKey.toHex()).toBe(publicKey);
  expect(nobleCryptography.sha256(pair.publicKey).toHex()).toBe(recovery);
});

describe('a recovery code', () => {
  const code = encodeRecoveryCode(new Uint8Array(16).fill(0xa5));

  test('reads back', () => {
    expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){7}[0-9A-HJKMNP-TV-Z]{4}$/);
    expect(parseRecoveryCode(code)).toMatchObject({ value: new Uint8Array(16).fill(0xa5) });
  });

  test('shows every single typing error', () => {
    const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
    const wrong = Array.from(code).flatMap((right, place) =>
      right === '-'
        ? []
        : Array.from(alphabet)
            .filter((other) => other !== right)
            .map((other) => code.slice(0, place) + other + code.slice(place + 1)),
    );
    expect(wrong).toHaveLength(32 * 31);
    expect(wrong.filter((text) => parseRecoveryCode(text).verdict === 'accept')).toEqual([]);
  });

  test('is not looked at when it is a book', () => {
    expect(parseRecoveryCode('0'.repeat(1_000_000)).verdict).toBe('reject');
  });
});
