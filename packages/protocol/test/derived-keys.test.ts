// Keys from the seed, against vectors made with OpenSSL.
import { describe, expect, test } from 'vitest';
import { deriveKeys, deriveOpenPgpKeys } from '../src/derived-keys.ts';
import { readable } from './make-vectors/vector-case.ts';
import { readVectors } from './read-vectors.ts';

test.each(readVectors('keys'))('agrees with $name', ({ content }) => {
  const { seed, labelEpoch, identifier, keys } = content;
  const of = { labelEpoch, identifier };
  const derived = deriveKeys(Uint8Array.fromHex(seed), of);
  const openPgp = deriveOpenPgpKeys(Uint8Array.fromHex(seed), of);
  const all = { ...derived, openpgpSign: openPgp.sign, openpgpEncrypt: openPgp.encrypt };
  expect(readable(all)).toEqual(keys);
});

describe('deriveKeys', () => {
  test('never gives one key twice', () => {
    const seed = new Uint8Array(32).fill(1);
    const secrets = (['tel:+4915123456789', 'sip:anna@sip.example'] as const).flatMap(
      (identifier) =>
        [0, 1].flatMap((labelEpoch) =>
          Object.values(deriveKeys(seed, { labelEpoch, identifier })).map(({ secretKey }) =>
            secretKey.toHex(),
          ),
        ),
    );
    expect(new Set(secrets).size).toBe(16);
  });

  test('throws on a seed of 31 bytes', () => {
    const of = { labelEpoch: 0, identifier: 'tel:+4915123456789' } as const;
    expect(() => deriveKeys(new Uint8Array(31), of)).toThrow('31 bytes, not 32');
  });
});
