// Blinding, octet by octet as in RFC 9578 Appendix B.2, and signatures by OpenSSL.
import { createHash, generateKeyPairSync, privateDecrypt, verify, constants } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPrivateKey } from 'node:crypto';
import {
  encodeToken,
  encodeTokenInput,
  encodeTokenRequest,
  parseToken,
  parseTokenKey,
} from '@callbook/protocol';
import type { Random } from '@callbook/protocol';
import { describe, expect, it } from 'vitest';
import { blindMessage } from '../../src/tokens/blind-rsa.ts';

interface RfcVector {
  readonly skS: string;
  readonly pkS: string;
  readonly token_challenge: string;
  readonly nonce: string;
  readonly blind: string;
  readonly salt: string;
  readonly token_request: string;
  readonly token_response: string;
  readonly token: string;
}

const path = join(import.meta.dirname, '../../../../vectors/rfc9578/blind-rsa.json');
const { vectors } = JSON.parse(readFileSync(path, 'utf8')) as { vectors: RfcVector[] };
const bytes = (hex: string): Uint8Array => Uint8Array.fromHex(hex);
const sha256 = (of: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha256').update(of).digest());

/** Gives these and then nothing more. */
function drawing(...draws: readonly Uint8Array[]): Random {
  const left = [...draws];
  return { bytes: () => left.shift()! };
}

const random: Random = { bytes: (size) => crypto.getRandomValues(new Uint8Array(size)) };

function signRaw(blinded: Uint8Array, key: KeyObject): Uint8Array {
  return privateDecrypt({ key, padding: constants.RSA_NO_PADDING }, blinded);
}

function modulusIn(spki: Uint8Array): Uint8Array {
  const parsed = parseTokenKey(spki);
  if (parsed.verdict !== 'accept') throw new Error(parsed.code);
  return parsed.value;
}

describe('RFC 9578 Appendix B.2', () => {
  it.each(vectors.map((vector, place) => ({ place, vector })))('$place', ({ vector }) => {
    const tokenKey = bytes(vector.pkS);
    const input = {
      nonce: bytes(vector.nonce),
      challengeDigest: sha256(bytes(vector.token_challenge)),
      tokenKeyId: sha256(tokenKey),
    };
    const draws = drawing(bytes(vector.salt), bytes(vector.blind));
    const message = blindMessage(encodeTokenInput(input), modulusIn(tokenKey), draws);
    const truncatedKeyId = input.tokenKeyId.at(-1)!;
    const asked = encodeTokenRequest({ truncatedKeyId, blindedMessage: message.blinded });
    expect(asked.toHex()).toBe(vector.token_request);
    const pem = Buffer.from(bytes(vector.skS)).toString();
    const response = signRaw(message.blinded, createPrivateKey(pem));
    expect(Buffer.from(response).toString('hex')).toBe(vector.token_response);
    const authenticator = message.finalize(response)!;
    expect(encodeToken({ ...input, authenticator }).toHex()).toBe(vector.token);
    expect(parseToken(bytes(vector.token))).toMatchObject({ verdict: 'accept', value: input });
  });
});

describe('a blinded message', () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const modulus = Buffer.from(publicKey.export({ format: 'jwk' }).n!, 'base64url');
  const text = new TextEncoder().encode('what is signed');

  it('comes back as a signature that OpenSSL verifies', () => {
    const message = blindMessage(text, modulus, random);
    const signature = message.finalize(signRaw(message.blinded, privateKey))!;
    const pss = { key: publicKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 48 };
    expect(verify('sha384', text, pss, signature)).toBe(true);
  });

  it('is another one each time', () => {
    const once = blindMessage(text, modulus, random).blinded;
    expect(blindMessage(text, modulus, random).blinded).not.toEqual(once);
  });

  it('takes no signature of another message, another size, or beyond the modulus', () => {
    const message = blindMessage(text, modulus, random);
    const right = signRaw(message.blinded, privateKey);
    const other = blindMessage(text, modulus, random);
    expect(message.finalize(signRaw(other.blinded, privateKey))).toBeUndefined();
    expect(message.finalize(right.subarray(1))).toBeUndefined();
    expect(message.finalize(new Uint8Array(256).fill(255))).toBeUndefined();
    expect(message.finalize(new Uint8Array(256))).toBeUndefined();
    expect(message.finalize(right)).toHaveLength(256);
  });

  it('draws again where a blind is none', () => {
    const blind = new Uint8Array(256).fill(1);
    const draws = drawing(
      new Uint8Array(48),
      new Uint8Array(256),
      new Uint8Array(256).fill(255),
      blind,
    );
    const message = blindMessage(text, modulus, draws);
    expect(message.finalize(signRaw(message.blinded, privateKey))).toHaveLength(256);
  });
});
