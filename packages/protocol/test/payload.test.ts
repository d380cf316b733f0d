// Payloads: form, limits, and the tie to an entry.
import fc from 'fast-check';
import { createPublicKey } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { verifyPayload } from '../src/commitment.ts';
import { nobleCryptography } from '../src/crypto/noble.ts';
import { sodiumCryptography } from '../src/crypto/sodium.ts';
import { deriveKeys } from '../src/derived-keys.ts';
import { encodePayload, parsePayload, subjectPublicKeyInfo } from '../src/payload.ts';
import { readable } from './make-vectors/vector-case.ts';
import { readVectors } from './read-vectors.ts';

const files = readVectors('payloads');

describe('form', () => {
  const cases = files.filter(({ content }) => content.opening === undefined);

  test.each(cases)('agrees with $name', ({ content }) => {
    const bytes = Uint8Array.fromHex(content.bytes);
    const parsed = parsePayload(bytes);
    if (content.expect !== 'accept') {
      expect(parsed).toMatchObject({ verdict: 'reject', code: content.expect });
      return;
    }
    if (parsed.verdict !== 'accept') throw new Error(parsed.message);
    expect(readable(parsed.value)).toEqual({ visibility: 'dns', ...content.fields });
    expect(encodePayload(parsed.value)).toEqual(bytes);
  });

  test('never throws on changed bytes, and accepts only what encodes to them', () => {
    const valid = Uint8Array.fromHex(
      files.find(({ name }) => name === 'valid/key_of_each_use')!.content.bytes,
    );
    const edits = fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 3 });
    fc.assert(
      fc.property(edits, (edits) => {
        const bytes = Uint8Array.from(valid);
        for (const [index, byte] of edits) bytes[index] = byte;
        const parsed = parsePayload(bytes);
        if (parsed.verdict === 'accept') expect(encodePayload(parsed.value)).toEqual(bytes);
      }),
      { numRuns: 5000 },
    );
  });
});

describe.each([nobleCryptography, sodiumCryptography])('tie to an entry, $name', (crypto) => {
  const cases = files.filter(({ content }) => content.opening !== undefined);

  test.each(cases)('agrees with $name', ({ content }) => {
    const bytes = (name: string): Uint8Array => Uint8Array.fromHex(content[name]);
    const commitment = content.commitment === null ? null : bytes('commitment');
    const verified = verifyPayload(
      {
        entry: { commitment, label: bytes('label') },
        payload: bytes('bytes'),
        opening: bytes('opening'),
        vrfPublicKey: bytes('vrfPublicKey'),
      },
      crypto,
    );
    expect(verified).toMatchObject(
      content.expect === 'accept'
        ? { verdict: 'accept', value: { identifier: 'tel:+4915123456789' } }
        : { verdict: 'reject', code: content.expect },
    );
  });
});

describe('SubjectPublicKeyInfo', () => {
  const of = { labelEpoch: 0, identifier: 'tel:+4915123456789' } as const;
  const derived = deriveKeys(new Uint8Array(32).fill(1), of);

  test.each([
    ['ed25519', derived.identity.publicKey],
    ['p256', derived.sip.publicKey],
    ['x25519', derived.box.publicKey],
  ] as const)('of %s is what OpenSSL writes', (algorithm, key) => {
    const spki = subjectPublicKeyInfo({ use: 'identity', algorithm, key });
    const opened = createPublicKey({ key: Buffer.from(spki!), format: 'der', type: 'spki' });
    expect(opened.export({ format: 'der', type: 'spki' }).toString('hex')).toBe(spki!.toHex());
  });

  test('of an OpenPGP certificate does not exist', () => {
    const key = Uint8Array.of(0x99);
    expect(subjectPublicKeyInfo({ use: 'openpgp', algorithm: 'openpgp', key })).toBeUndefined();
  });
});
