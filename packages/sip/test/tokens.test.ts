/** Bearer tokens, PASSporTs and what is signed for calls out: good ones, and all that is nearly one. */
import { createHmac, generateKeyPairSync, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { base64UrlJson, claimsFor, compactJws, newPhone } from './phone.ts';
import { startTestBridge, type TestBridge } from './running-bridge.ts';
import { openTestDirectory, type TestDirectory } from './test-directory.ts';

const number = '+34912345678';
const callee = '+4915123456789';
const phone = newPhone();
const ed25519Phone = newPhone('ed25519');
const identity = newPhone('ed25519');
const server = newPhone();
const es256 = { alg: 'ES256', typ: 'JWT' };
const eddsa = { alg: 'EdDSA', typ: 'JWT' };

let directory: TestDirectory;
let bridge: TestBridge;

beforeAll(async () => {
  directory = await openTestDirectory();
  directory.publish(number, {
    sip: [phone.spki, ed25519Phone.spki, server.spki],
    identity: [identity.spki.slice(-32)],
  });
  bridge = await startTestBridge(directory);
});

afterAll(async () => {
  await bridge[Symbol.asyncDispose]();
  await directory[Symbol.asyncDispose]();
});

const bearer = async (token: string, of = number): Promise<string> => {
  const { status, line } = await bridge.ask('/check/bearer', { number: of, token });
  return `${status} ${line}`;
};
const nowSeconds = (): number => Math.floor(Date.now() / 1000);

describe('a bearer token', () => {
  it('by a published key is accepted once, for as long as it lives', async () => {
    const tokens = [
      compactJws(es256, claimsFor(number), phone.privateKey),
      compactJws(eddsa, claimsFor(number), ed25519Phone.privateKey),
      compactJws(eddsa, claimsFor(number), identity.privateKey),
      compactJws({ alg: 'ES256', kid: '../../etc' }, claimsFor(number), phone.privateKey),
    ];
    for (const token of tokens) {
      expect(await bearer(token)).toMatch(/^200 accept (300|29\d)$/);
      expect(await bearer(token)).toBe('403 refuse token_replayed');
    }
  });

  it.each([
    ['another provider', { aud: 'sip.b.example' }, 'token_audience'],
    ['several providers', { aud: ['sip.a.example', 'sip.b.example'] }, 'token_malformed'],
    ['another number', { sub: 'tel:+34912345679' }, 'token_subject'],
    ['no number', { sub: undefined }, 'token_malformed'],
    ['a time that is over', { iat: nowSeconds() - 300, exp: nowSeconds() - 1 }, 'token_expired'],
    ['longer than five minutes', { exp: nowSeconds() + 400 }, 'token_time'],
    ['the future', { iat: nowSeconds() + 900, exp: nowSeconds() + 1000 }, 'token_time'],
    ['less than no time', { exp: nowSeconds() - 400 }, 'token_time'],
    ['a time that is no number', { exp: '9999999999' }, 'token_malformed'],
    ['before the start', { iat: nowSeconds() - 200, exp: nowSeconds() + 90 }, 'token_before_start'],
    ['a name that is short', { jti: 'short' }, 'token_malformed'],
    ['a later beginning', { nbf: nowSeconds() + 10 }, 'token_malformed'],
  ])('for %s is refused', async (_what, changes, code) => {
    const token = compactJws(es256, claimsFor(number, changes), phone.privateKey);
    expect(await bearer(token)).toBe(`403 refuse ${code}`);
  });

  it('by a key that is not published is refused', async () => {
    const stranger = newPhone();
    expect(await bearer(compactJws(es256, claimsFor(number), stranger.privateKey))).toBe(
      '403 refuse signature_wrong',
    );
    const unknown = '+34912340000';
    const token = compactJws(es256, claimsFor(unknown), stranger.privateKey);
    expect(await bearer(token, unknown)).toBe('403 refuse keys_absent');
  });

  it('with another algorithm than the two is refused, the public key as a secret too', async () => {
    const secret = phone.spki;
    const forged = (alg: unknown): string => {
      const signed = `${base64UrlJson({ alg, typ: 'JWT' })}.${base64UrlJson(claimsFor(number))}`;
      const mac = createHmac('sha256', secret).update(signed).digest();
      return `${signed}.${Buffer.concat([mac, mac]).toString('base64url')}`;
    };
    for (const alg of [
      'HS256',
      'none',
      'None',
      'es256',
      'ES256 ',
      'Eddsa',
      'RS256',
      '',
      null,
      1,
      ['ES256'],
    ]) {
      expect(await bearer(forged(alg))).toBe('403 refuse token_algorithm');
    }
    const unsigned = `${base64UrlJson({ alg: 'none' })}.${base64UrlJson(claimsFor(number))}.`;
    expect(await bearer(unsigned)).toMatch(/^403 refuse token_(algorithm|malformed)$/);
  });

  it('that says one algorithm and is signed by the other is refused', async () => {
    const claims = claimsFor(number);
    expect(await bearer(compactJws(eddsa, claims, phone.privateKey))).toBe(
      '403 refuse signature_wrong',
    );
    expect(await bearer(compactJws(es256, claims, ed25519Phone.privateKey))).toBe(
      '403 refuse signature_wrong',
    );
  });

  it('that brings its own key, or extensions, is refused', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const extras = [
      { jwk: publicKey.export({ format: 'jwk' }) },
      { jku: 'https://thief.example/keys' },
      { x5c: ['AAAA'] },
      { crit: ['exp'], exp: 1 },
      { b64: false, crit: ['b64'] },
      { typ: 'passport' },
      { kid: 1 },
    ];
    for (const extra of extras) {
      expect(await bearer(compactJws({ ...es256, ...extra }, claimsFor(number), privateKey))).toBe(
        '403 refuse token_malformed',
      );
    }
  });

  it('that was changed anywhere is refused', async () => {
    const token = compactJws(es256, claimsFor(number), phone.privateKey);
    const change = fc.record({
      place: fc.nat(token.length - 1),
      character: fc.constantFrom('A', 'z', '0', '-', '_', '.', '=', ' ', '\n', '\0', 'é'),
    });
    await fc.assert(
      fc.asyncProperty(change, async ({ place, character }) => {
        fc.pre(token[place] !== character);
        const changed = token.slice(0, place) + character + token.slice(place + 1);
        expect(await bearer(changed)).toMatch(/^403 refuse [a-z_]+$/);
      }),
      { numRuns: 200 },
    );
    expect(await bearer(token)).toMatch(/^200/);
  });

  it('is remembered of one number in a bounded ledger', async () => {
    const busy = '+34912349999';
    directory.publish(busy, { sip: [phone.spki] });
    const verdicts: string[] = [];
    for (let count = 0; count < 201; count += 1) {
      verdicts.push(await bearer(compactJws(es256, claimsFor(busy), phone.privateKey), busy));
    }
    expect(verdicts.findIndex((verdict) => !verdict.startsWith('200'))).toBe(200);
    expect(verdicts.at(-1)).toBe('403 refuse too_many_tokens');
  });
});

describe('a PASSporT', () => {
  const fingerprint = `sha-256 ${Array.from(randomBytes(32), (octet) => octet.toString(16).padStart(2, '0').toUpperCase()).join(':')}`;
  const mky = [{ alg: 'sha-256', dig: fingerprint.slice(8).replaceAll(':', '') }];
  const header = { alg: 'ES256', typ: 'passport', x5u: 'https://sip.a.example/c.pem' };
  const claims = (changes: object = {}): object => ({
    dest: { tn: [callee.slice(1)] },
    iat: nowSeconds(),
    mky,
    orig: { tn: number.slice(1) },
    ...changes,
  });
  const identityOf = (jws: string): string => `${jws};info=<https://sip.a.example/c.pem>;alg=ES256`;
  const good = (changes?: object): string =>
    identityOf(compactJws(header, claims(changes), phone.privateKey));
  const check = async (value: string, fields: Record<string, string> = {}): Promise<string> => {
    const call = { identity: value, orig: number, dest: callee, ...fields };
    const { status, line } = await bridge.ask('/check/passport', call);
    return `${status} ${line}`;
  };

  it('by the published key of the caller is accepted, bound to its media or not', async () => {
    expect(await check(good())).toMatch(/^200 accept \d+$/);
    expect(await check(good(), { fingerprint })).toMatch(/^200 accept \d+$/);
    expect(await check(good(), { fingerprint: fingerprint.toLowerCase() })).toMatch(/^200/);
  });

  it.each([
    ['stale', { iat: nowSeconds() - 120 }, 'passport_stale'],
    ['from the future', { iat: nowSeconds() + 180 }, 'passport_stale'],
    ['of another caller', { orig: { tn: '34912345679' } }, 'passport_origin'],
    ['of a caller with a plus', { orig: { tn: number } }, 'passport_origin'],
    ['for somebody else', { dest: { tn: ['34912345679'] } }, 'passport_destination'],
    ['for nobody', { dest: {} }, 'passport_malformed'],
  ])('that is %s is refused', async (_what, changes, code) => {
    expect(await check(good(changes))).toBe(`403 refuse ${code}`);
  });

  it('by another key, or for other media, is refused', async () => {
    const stranger = identityOf(compactJws(header, claims(), newPhone().privateKey));
    expect(await check(stranger)).toBe('403 refuse signature_wrong');
    const other = fingerprint.replace(/..$/, (last) => (last === '00' ? '01' : '00'));
    expect(await check(good(), { fingerprint: other })).toBe('403 refuse fingerprint_mismatch');
    const both = `${fingerprint},${other}`;
    expect(await check(good(), { fingerprint: both })).toBe('403 refuse fingerprint_mismatch');
    expect(await check(good({ mky: undefined }), { fingerprint })).toBe('403 refuse media_unbound');
    const weakened = `${fingerprint},plain`;
    expect(await check(good(), { fingerprint: weakened })).toBe('403 refuse fingerprint_mismatch');
    expect(await check(good({ mky: undefined }), { fingerprint: weakened })).toMatch(/^200/);
    expect(await check(good(), { fingerprint: 'md5 00' })).toBe('403 refuse fingerprint_malformed');
  });

  it('in another form is refused', async () => {
    const odd = [
      '',
      'x',
      `${good()};ppt=shaken`,
      identityOf(compactJws({ ...header, ppt: 'div' }, claims(), phone.privateKey)),
      identityOf(compactJws({ ...header, alg: 'none' }, claims(), phone.privateKey)),
      identityOf('..'),
      good().repeat(20),
    ];
    for (const value of odd) expect(await check(value)).toBe('403 refuse passport_malformed');
  });

  it('is signed for calls out while the caller publishes the key of the bridge', async () => {
    const off = await bridge.ask('/sign/passport', { orig: number, dest: callee });
    expect(off.line).toBe('refuse signing_off');
    const keyFile = join(bridge.folder, 'signing.pem');
    const pem = server.privateKey.export({ type: 'pkcs8', format: 'pem' });
    await writeFile(keyFile, pem, { mode: 0o600 });
    const more = `signing: { privateKey: ${keyFile}, url: https://sip.a.example/c.pem }\n`;
    await using signing = await startTestBridge(directory, { more });
    const call = { orig: number, dest: callee, fingerprint };
    const { status, line } = await signing.ask('/sign/passport', call);
    expect(status).toBe(200);
    expect(line).toMatch(
      /^[\w-]+\.[\w-]+\.[\w-]+;info=<https:\/\/sip\.a\.example\/c\.pem>;alg=ES256$/,
    );
    expect(await check(line, { fingerprint })).toMatch(/^200/);
    const other = await signing.ask('/sign/passport', { ...call, orig: '+34912345670' });
    expect([other.status, other.line]).toEqual([403, 'refuse key_unpublished']);
  });
});
