import { randomBytes } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodeCryptography as crypto } from '@callbook/protocol/crypto/node';
import { sealCode } from '../../src/challenges/sealed-code.ts';
import { answerOf, newSession, sessionOf } from '../claimant.ts';

const identifier = 'tel:+4915123456789';
const authority = crypto.ed25519Signer(new Uint8Array(32).fill(1)).publicKey;
const random = { bytes: (size: number) => new Uint8Array(randomBytes(size)) };

describe('a sealed code', () => {
  it.each(['app', 'digits'] as const)('is answered by its session alone (%s)', async (form) => {
    const session = await newSession();
    const request = { session: session.publicKey, authority, identifier, form } as const;
    const { enc, code, proof } = sealCode(request, { crypto, random });
    expect(enc).toHaveLength(32);
    const challenge = { session, enc, code, form, authority, identifier };
    expect(await answerOf(challenge)).toEqual(proof);
    const other = await newSession();
    const stolen = answerOf({ ...challenge, session: other });
    if (form === 'app') await expect(stolen).rejects.toThrow();
    else expect(await stolen).not.toEqual(proof);
  });

  it('draws every digit string equally: what would favour small codes is drawn again', async () => {
    const session = (await newSession()).publicKey;
    const draws = [4_200_000_000, 4_294_967_295, 4_199_999_999].map((value) => {
      const bytes = new Uint8Array(4);
      new DataView(bytes.buffer).setUint32(0, value);
      return bytes;
    });
    const fixed = { bytes: () => draws.shift()! };
    const request = { session, authority, identifier, form: 'digits' } as const;
    const { code } = sealCode(request, { crypto, random: fixed });
    expect(code).toBe('99999999');
    expect(draws).toEqual([]);
  });

  it('keeps leading zeros', async () => {
    const session = (await newSession()).publicKey;
    const fixed = { bytes: () => new Uint8Array([0, 0, 0, 7]) };
    const request = { session, authority, identifier, form: 'digits' } as const;
    expect(sealCode(request, { crypto, random: fixed }).code).toBe('00000007');
  });

  // RFC 7748 §6.1 and curve25519's points of small order: the shared secret would be all zero.
  it.each([
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0100000000000000000000000000000000000000000000000000000000000000',
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  ])('is not sealed to %s', (hex) => {
    const session = Uint8Array.fromHex(hex);
    const request = { session, authority, identifier, form: 'app' } as const;
    expect(() => sealCode(request, { crypto, random })).toThrow(
      expect.objectContaining({ code: 'session_key_invalid' }),
    );
  });
});

interface SealedCodeVector {
  readonly expect: 'accept' | 'challenge_answer_wrong';
  readonly form: 'app' | 'digits';
  readonly identifier: string;
  readonly authority: string;
  readonly sessionSecretKey: string;
  readonly sessionPublicKey: string;
  readonly enc: string;
  readonly code: string;
  readonly proof: string;
}

const vectors = join(import.meta.dirname, '../../../../vectors/challenges');

it.each(globSync('*/*.json', { cwd: vectors }))('vector %s', async (path) => {
  const vector = JSON.parse(readFileSync(join(vectors, path), 'utf8')) as SealedCodeVector;
  const bytes = (name: 'authority' | 'sessionSecretKey' | 'sessionPublicKey' | 'enc') =>
    Uint8Array.fromHex(vector[name]);
  const session = await sessionOf(bytes('sessionSecretKey'), bytes('sessionPublicKey'));
  const { form, code, identifier } = vector;
  const challenge = { session, form, code, identifier, enc: bytes('enc') };
  const answer = await answerOf({ ...challenge, authority: bytes('authority') }).catch(() => null);
  expect(path.split('/')[0]).toBe(vector.expect === 'accept' ? 'valid' : 'invalid');
  expect(answer?.toHex() === vector.proof).toBe(vector.expect === 'accept');
});
