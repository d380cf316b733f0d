// SHA-256 and HMAC: the same bytes from every implementation, however the message is split.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { concatBytes, utf8 } from '../../src/bytes.ts';
import { nobleCryptography } from '../../src/crypto/noble.ts';
import { nodeCryptography } from '../../src/crypto/node.ts';
import { sodiumCryptography } from '../../src/crypto/sodium.ts';

const implementations = [nobleCryptography, nodeCryptography, sodiumCryptography];

test.each(implementations)('$name gives the digest of FIPS 180-4', (crypto) => {
  const digest = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
  expect(crypto.sha256(utf8('abc')).toHex()).toBe(digest);
  expect(crypto.sha256(utf8('a'), utf8(''), utf8('bc')).toHex()).toBe(digest);
});

test.each(implementations)('$name gives the code of RFC 4231, case 2', (crypto) => {
  const code = '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843';
  const hmacKey = utf8('Jefe');
  expect(crypto.hmacSha256(hmacKey, utf8('what do ya want for nothing?')).toHex()).toBe(code);
  const parts = [utf8('what do ya want '), utf8('for nothing?')];
  expect(crypto.hmacSha256(hmacKey, ...parts).toHex()).toBe(code);
});

test('all agree on any parts', () => {
  const parts = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 4 });
  fc.assert(
    fc.property(parts, fc.uint8Array({ minLength: 1, maxLength: 100 }), (parts, hmacKey) => {
      const expected = nobleCryptography.sha256(concatBytes(...parts));
      const expectedCode = nobleCryptography.hmacSha256(hmacKey, concatBytes(...parts));
      for (const crypto of implementations) {
        expect(crypto.sha256(...parts)).toEqual(expected);
        expect(crypto.hmacSha256(hmacKey, ...parts)).toEqual(expectedCode);
      }
    }),
    { numRuns: 200 },
  );
});
