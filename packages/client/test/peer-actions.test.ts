/** What a directory does with the keys of peers: it looks them up itself, and says what is missing. */
import { createPublicKey, verify } from 'node:crypto';
import { encodeBase64Url } from '@callbook/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDirectory, holdingPayload, type Directory, type Holding } from '../src/index.ts';
import { claimHeld, stranger } from './held-number.ts';
import { startFederation, trustTestAuthority, type TestFederation } from './test-federation.ts';

let federation: TestFederation;
let directory: Directory;
let holding: Holding;

beforeAll(async () => {
  await trustTestAuthority();
  federation = await startFederation();
  directory = createDirectory({ charterNote: federation.charterNote, privacy: 'plain' });
  holding = await claimHeld(federation);
});
afterAll(async () => await federation[Symbol.asyncDispose]());

const letter = new TextEncoder().encode('Meet me at the old place.');
const request = (body: string): Request =>
  new Request('https://sip.example/v1/accounts', { method: 'POST', body });

describe('something sealed', () => {
  it('is sealed to the key that a look-up finds, and opened by the holding', async () => {
    const sealed = await directory.seal(holding.identifier, letter);
    expect(await directory.open(holding, sealed)).toEqual(letter);
  });

  it('is not sealed to who publishes no key, and not opened without one', async () => {
    const nobody = directory.seal(stranger, letter);
    await expect(nobody).rejects.toMatchObject({ code: 'box_key_missing' });
    const sealed = await directory.seal(holding.identifier, letter);
    const blind = directory.open({ ...holding, seed: null }, sealed);
    await expect(blind).rejects.toMatchObject({ code: 'signer_missing' });
  });
});

describe('a request', () => {
  it('is signed as a holding, and verified by the keys that a look-up finds', async () => {
    const signed = await directory.signAs(request('{"devices":2}'), holding);
    expect(await directory.verifyAs(signed)).toMatchObject({
      state: 'verified',
      identifier: holding.identifier,
      publishedKey: { use: 'identity' },
    });
  });

  it('is not signed by a key that nobody could verify it with', async () => {
    const signer = { publicKey: new Uint8Array(32).fill(3), sign: () => new Uint8Array(64) };
    for (const [by, other] of [
      [holding, signer],
      [{ ...holding, seed: null }, undefined],
      [{ ...holding, seed: new Uint8Array(32) }, undefined],
    ] as const) {
      const signing = directory.signAs(request('x'), by, other);
      await expect(signing).rejects.toMatchObject({ code: 'signer_missing' });
    }
  });

  it('is not judged while nobody can be asked, which is another code than a wrong signature', async () => {
    const signed = await directory.signAs(request('x'), holding);
    federation.interfere(() => Promise.resolve({ status: 503, json: {} }));
    const unasked = createDirectory({ charterNote: federation.charterNote, privacy: 'plain' });
    const verdict = await unasked.verifyAs(signed.clone());
    expect(verdict).toEqual({ state: 'refused', code: 'directory_unavailable' });
    federation.interfere(undefined);
    expect(await directory.verifyAs(signed)).toMatchObject({ state: 'verified' });
  });
});

describe('a bearer token', () => {
  const decode = (part: string): Record<string, unknown> =>
    JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;

  it('says who asks whom, is signed by the published identity key, and is another one each time', async () => {
    const tokens = await Promise.all(
      [1, 2].map(async () => await directory.signBearer('sip.example', holding)),
    );
    const [header, claims, signature] = tokens[0]!.split('.') as [string, string, string];
    expect(decode(header)).toEqual({ alg: 'EdDSA', typ: 'JWT' });
    const { iat, jti, ...rest } = decode(claims);
    expect(rest).toEqual({
      sub: holding.identifier,
      aud: 'sip.example',
      exp: (iat as number) + 300,
    });
    expect(jti).toMatch(/^[\w-]{22}$/);
    expect(decode(tokens[1]!.split('.')[1]!)['jti']).not.toBe(jti);
    const { key } = holdingPayload(holding).keys.find(({ use }) => use === 'identity')!;
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: encodeBase64Url(key) };
    const publicKey = createPublicKey({ key: jwk, format: 'jwk' });
    const signed = Buffer.from(`${header}.${claims}`);
    expect(verify(null, signed, publicKey, Buffer.from(signature, 'base64url'))).toBe(true);
  });

  it('is not signed by a key that nobody could verify it with', async () => {
    const signing = directory.signBearer('sip.example', { ...holding, seed: null });
    await expect(signing).rejects.toMatchObject({ code: 'signer_missing' });
  });
});
