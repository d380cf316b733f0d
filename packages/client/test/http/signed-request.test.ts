/**
 * HTTP requests signed with a published key. `http-message-signatures` is the independent peer: it signs
 * what we verify and verifies what we sign. Whatever is changed on the way is refused with its code.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { createSigner, httpbis } from 'http-message-signatures';
import { describe, expect, it } from 'vitest';
import {
  deriveKeys,
  parseIdentifier,
  type Identifier,
  type PublishedKey,
} from '@callbook/protocol';
import { nobleCryptography as crypto } from '@callbook/protocol/crypto/noble';
import { ed25519RequestSigner, signAs } from '../../src/http/sign-request.ts';
import { verifyAs, type VerifiedRequest } from '../../src/http/verify-request.ts';
import { publishedKeysOf } from '../../src/own-keys.ts';

const identifier = telephone('tel:+34912345678');
const keys = deriveKeys(new Uint8Array(32).fill(9), { labelEpoch: 0, identifier });
const published = publishedKeysOf(keys);
const signer = ed25519RequestSigner(identifier, crypto.ed25519Signer(keys.identity.secretKey));
const url = 'https://sip.example/v1/accounts?new=1';
const body = '{"visibility":"dns"}';

let nowMs = Date.UTC(2026, 10, 22, 12);
const clock = { nowMs: () => nowMs };
const random = { bytes: (size: number) => new Uint8Array(size).fill(5) };

function telephone(text: string): Identifier {
  const parsed = parseIdentifier(text);
  if (parsed.verdict !== 'accept') throw new Error(parsed.message);
  return parsed.value;
}

function judge(
  request: Request,
  keysOf: (identifier: Identifier) => Promise<readonly PublishedKey[]> = () =>
    Promise.resolve(published),
): Promise<VerifiedRequest> {
  return verifyAs(request, { keysOf, clock, crypto });
}

async function signed(init: RequestInit = { method: 'POST', body }): Promise<Request> {
  return await signAs(new Request(url, init), signer, { clock, random });
}

/** The signed request with something changed on the way. */
async function changed(change: {
  url?: string;
  method?: string;
  body?: string;
  headers?: object;
}): Promise<Request> {
  const request = await signed();
  const headers = { ...Object.fromEntries(request.headers), ...change.headers };
  return new Request(change.url ?? url, {
    method: change.method ?? 'POST',
    body: change.body ?? body,
    headers,
  });
}

describe('a signed request', () => {
  it('is of the identifier that it names, by a key that it publishes', async () => {
    const verdict = await judge(await signed());
    expect(verdict).toMatchObject({
      state: 'verified',
      identifier,
      publishedKey: { use: 'identity' },
      nonce: 'BQUFBQUFBQUFBQUFBQUFBQ',
      expiresAtMs: nowMs + 300_000,
    });
    expect(verdict.state === 'verified' && new TextDecoder().decode(verdict.body)).toBe(body);
  });

  it('needs no body', async () => {
    expect(await judge(await signed({ method: 'DELETE' }))).toMatchObject({ state: 'verified' });
  });

  it('is verified by OpenSSL over the signature base that RFC 9421 asks for', async () => {
    const request = await signed({ method: 'DELETE' });
    const input = request.headers.get('signature-input')!.replace('callbook=', '');
    const base = `"@method": DELETE\n"@target-uri": ${url}\n"@signature-params": ${input}`;
    const signature = /:(.*):/.exec(request.headers.get('signature')!)![1]!;
    const spki = Buffer.concat([
      Buffer.from('302a300506032b6570032100', 'hex'),
      keys.identity.publicKey,
    ]);
    const publicKey = createPublicKey({ key: spki, type: 'spki', format: 'der' });
    expect(verify(null, Buffer.from(base), publicKey, Buffer.from(signature, 'base64'))).toBe(true);
  });

  it.each(['ed25519', 'ecdsa-p256-sha256'] as const)(
    'may be made by other software: %s',
    async (alg) => {
      const pair =
        alg === 'ed25519'
          ? generateKeyPairSync('ed25519')
          : generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const der = pair.publicKey.export({ type: 'spki', format: 'der' });
      const publishedKey: PublishedKey =
        alg === 'ed25519'
          ? { use: 'identity', algorithm: 'ed25519', key: new Uint8Array(der.subarray(-32)) }
          : { use: 'sip', algorithm: 'p256', key: new Uint8Array(der.subarray(-65)) };
      const message = await httpbis.signMessage(
        {
          key: createSigner(
            createPrivateKey(pair.privateKey.export({ type: 'pkcs8', format: 'pem' })),
            alg,
            identifier,
          ),
          name: 'callbook',
          fields: ['@method', '@target-uri'],
          params: ['created', 'expires', 'nonce', 'keyid', 'alg', 'tag'],
          paramValues: {
            created: new Date(nowMs),
            expires: new Date(nowMs + 60_000),
            nonce: 'abc',
            tag: 'callbook',
          },
        },
        { method: 'GET', url, headers: {} },
      );
      const request = new Request(url, { headers: message.headers as Record<string, string> });
      expect(await judge(request, () => Promise.resolve([publishedKey]))).toMatchObject({
        state: 'verified',
      });
    },
  );

  it.each<[string, Parameters<typeof changed>[0], string]>([
    ['another method', { method: 'PUT' }, 'signature_wrong'],
    ['another target', { url: 'https://sip.example/v1/accounts?new=2' }, 'signature_wrong'],
    ['another host', { url: 'https://evil.example/v1/accounts?new=1' }, 'signature_wrong'],
    ['another body', { body: '{}' }, 'body_mismatch'],
    ['no signature', { headers: { signature: '' } }, 'signature_malformed'],
    ['rubbish', { headers: { 'signature-input': '((' } }, 'signature_malformed'],
    ['less covered', { headers: { 'signature-input': 'callbook=("@method")' } }, 'signature_unfit'],
    ['a body beyond the limit', { body: 'x'.repeat(65_537) }, 'body_too_large'],
  ])('is refused with %s', async (_, change, code) => {
    expect(await judge(await changed(change))).toStrictEqual({ state: 'refused', code });
  });

  it('is refused without a signature', async () => {
    expect(await judge(new Request(url))).toStrictEqual({
      state: 'refused',
      code: 'signature_missing',
    });
  });

  it('is refused for a key that is published no more, and for whom publishes none', async () => {
    const others = publishedKeysOf(deriveKeys(new Uint8Array(32), { labelEpoch: 0, identifier }));
    expect(await judge(await signed(), () => Promise.resolve(others))).toMatchObject({
      code: 'signature_wrong',
    });
    expect(await judge(await signed(), () => Promise.resolve([]))).toMatchObject({
      code: 'signer_unknown',
    });
  });

  it('is no wrong signature when the directory cannot be asked', async () => {
    const down = (): Promise<never> => Promise.reject(new Error('down'));
    expect(await judge(await signed(), down)).toStrictEqual({
      state: 'refused',
      code: 'directory_unavailable',
    });
  });

  it('counts for five minutes, and a minute of clock error', async () => {
    const request = await signed({ method: 'GET' });
    const at = nowMs;
    const verdicts: string[] = [];
    for (const seconds of [-61, -60, 360, 361]) {
      nowMs = at + seconds * 1000;
      const verdict = await judge(request.clone());
      verdicts.push(verdict.state === 'verified' ? 'verified' : verdict.code);
    }
    nowMs = at;
    expect(verdicts).toStrictEqual(['signature_unfit', 'verified', 'verified', 'signature_unfit']);
  });
});
