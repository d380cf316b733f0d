/**
 * Two providers with Kamailio and the bridge, telephones that nobody here wrote, and a resolver on port 53:
 * who registers by which proof, who calls whom, and what everybody else is told. What must succeed is done by
 * real telephones, what must not also by hand.
 */
import { createHmac } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { publishedKeysOf } from '@callbook/client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Baresip } from '../../src/sip/baresip.ts';
import { routeTo } from '../../src/sip/federation.ts';
import type { Person } from '../../src/sip/federation.ts';
import { registerLinphone } from '../../src/sip/linphone.ts';
import { networkAddresses } from '../../src/sip/own-network.ts';
import { newEd25519Key, publishedSipKey, strangersKey } from '../../src/sip/phone-key.ts';
import { eventually } from '../lab.ts';
import { bearerToken, identity } from './signed-claims.ts';
import { credentialsOf, registerByDigest } from './digest-login.ts';
import type { DigestLogin } from './digest-login.ts';
import type { SipAnswer } from './sip-connection.ts';
import { registerByWebSocket } from './web-socket-phone.ts';
import { browserAccess, domains, openSipLab, phoneKeyOf } from './sip-lab.ts';
import type { ProviderName, SipLab } from './sip-lab.ts';

const numbers = {
  ada: '+4915123456789',
  ben: '+34912345678',
  cleo: '+447700900001',
  nobody: '+447700900099',
} as const;
const patientMs = 30_000;
vi.setConfig({ testTimeout: 100_000 });

const stack = new AsyncDisposableStack();
let lab: SipLab;
let ada: Person;
let ben: Person;
let cleo: Person;
const cleosKey = newEd25519Key();

beforeAll(async () => {
  const accounts = { pollSeconds: 1, graceSeconds: 3 };
  lab = stack.use(await openSipLab({ a: { accounts }, b: { accounts } }));
  ada = await lab.settle(numbers.ada, 'a');
  ben = await lab.settle(numbers.ben, 'b');
  cleo = await lab.settle(numbers.cleo, 'a', { moreKeys: [cleosKey.published] });
}, 120_000);

afterAll(async () => await stack.disposeAsync(), 60_000);

const addressOf = (number: string, at: ProviderName): string => `sip:${number}@${domains[at]}`;

const phoneOf = async (
  person: Person,
  at: ProviderName,
  place: number,
  key = phoneKeyOf(person),
): Promise<Baresip> => await lab.phone({ number: person.number, at, place, key });

describe('a telephone registers that has the key of the number', () => {
  it('baresip, with P-256', async () => {
    await using phone = await phoneOf(ada, 'a', 0);
    expect(await phone.until(['REGISTER_OK', 'REGISTER_FAIL'])).toMatchObject({
      type: 'REGISTER_OK',
    });
  });

  it('baresip, with Ed25519', async () => {
    await using phone = await phoneOf(cleo, 'a', 0, cleosKey.pem);
    expect(await phone.until(['REGISTER_OK', 'REGISTER_FAIL'])).toMatchObject({
      type: 'REGISTER_OK',
    });
  });

  it('linphonec, with P-256, and not with a key that is not published', async () => {
    const { authorityFile } = lab.federation;
    const phone = { number: numbers.ada, domain: domains.a, authorityFile };
    const register = async (key: string, place: number): Promise<string> =>
      await registerLinphone({
        ...phone,
        folder: await lab.scratch(),
        address: networkAddresses.phones[place]!,
        key,
      });
    expect(await register(phoneKeyOf(ada), 1)).toBe('registered');
    expect(await register(strangersKey(), 2)).toBe('refused');
  });

  it('whatever certificate is made for the key, and however often', async () => {
    for (const _ of [1, 2]) {
      const answer = await lab.register('a', { number: numbers.ada, key: phoneKeyOf(ada) });
      expect(answer).toMatchObject({ status: 200 });
    }
  });
});

describe('nobody registers', () => {
  it('with a key that is not published', async () => {
    const answer = await lab.register('a', { number: numbers.ada, key: strangersKey() });
    expect(answer).toMatchObject({ status: 403, code: 'key_unpublished' });
  });

  it('with no key', async () => {
    const answer = await lab.register('a', { number: numbers.ada });
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toContain('Digest');
  });

  it("for someone else's number", async () => {
    const answer = await lab.register('a', { number: numbers.cleo, key: phoneKeyOf(ada) });
    expect(answer).toMatchObject({ status: 403, code: 'key_unpublished' });
  });

  it('for somebody else, although the key is right for the sender', async () => {
    using connection = await lab.connect('a', phoneKeyOf(ada));
    const answer = await connection.request({
      method: 'REGISTER',
      from: addressOf(numbers.ada, 'a'),
      to: addressOf(numbers.cleo, 'a'),
    });
    expect(answer.status).toBe(403);
  });

  it('at a provider where the number has no account', async () => {
    const answer = await lab.register('b', { number: numbers.ada, key: phoneKeyOf(ada) });
    expect(answer).toMatchObject({ status: 403, code: 'account_missing' });
  });

  it.each([
    'ada',
    '4915123456789',
    '+4915123456789&number=%2B34912345678',
    '+49151%0d%0aX-Injected:%20yes',
    '+4915123456789;x=y',
    `+${'9'.repeat(40)}`,
    '$(ru)',
  ])('as %s, which is no number', async (user) => {
    using connection = await lab.connect('a', phoneKeyOf(ada));
    const answer = await connection.request({
      method: 'REGISTER',
      from: `sip:${user}@${domains.a}`,
    });
    expect([400, 403]).toContain(answer.status);
    expect(JSON.stringify(answer.headers['warning'] ?? '')).not.toContain('Injected');
  });
});

describe('a bearer token (RFC 8898)', () => {
  const registerWith = async (token: string): Promise<SipAnswer> =>
    await lab.register('a', {
      number: numbers.ada,
      headers: [`Authorization: Bearer ${token}`],
    });
  const token = (changes = {}): string =>
    bearerToken(phoneKeyOf(ada), { number: numbers.ada, audience: domains.a }, changes);

  it('registers once', async () => {
    const once = token();
    expect(await registerWith(once)).toMatchObject({ status: 200 });
    expect(await registerWith(once)).toMatchObject({ status: 403, code: 'token_replayed' });
  });

  it('that has expired, or is for another provider or number, does not', async () => {
    const nowSeconds = Math.floor(Date.now() / 1000);
    const expired = token({ iat: nowSeconds - 100, exp: nowSeconds - 10 });
    expect(await registerWith(expired)).toMatchObject({ status: 403, code: 'token_expired' });
    const elsewhere = token({ aud: domains.b });
    expect(await registerWith(elsewhere)).toMatchObject({ status: 403, code: 'token_audience' });
    const others = token({ sub: `tel:${numbers.ben}` });
    expect(await registerWith(others)).toMatchObject({ status: 403, code: 'token_subject' });
  });

  it('registers from our page by WSS, and no other page gets that far', async () => {
    const ca = lab.federation.authority.certificate;
    const from = addressOf(numbers.ada, 'a');
    const by = async (origin: string): Promise<string> =>
      await registerByWebSocket({ ...browserAccess, ca, origin, from, token: token() });
    expect(await by(browserAccess.origin)).toBe('SIP/2.0 200 OK');
    expect(await by('https://elsewhere.test')).toBe('HTTP/1.1 403 Forbidden');
  });

  it('with anything in it that is no token is not even asked about', async () => {
    const answer = await registerWith(`${token()}&number=%2B34912345678`);
    expect(answer.status).toBe(400);
  });
});

describe('credentials that end soon', () => {
  const registerWith = async (
    login: DigestLogin,
    number: string = numbers.ada,
  ): Promise<SipAnswer> => {
    using connection = await lab.connect('a');
    return await registerByDigest(connection, { number, domain: domains.a, login });
  };

  it('register their number and no other', async () => {
    const login = await credentialsOf(lab, 'a', ada);
    expect(await registerWith(login)).toMatchObject({ status: 200 });
    expect((await registerWith(login, numbers.cleo)).status).toBe(403);
    expect((await registerWith({ ...login, password: 'guess' })).status).toBe(401);
  });

  it('do not once they have expired', async () => {
    const secret = await readFile(join(lab.providers.a.folder, 'digest.secret'), 'utf8');
    const username = `${Math.floor(Date.now() / 1000) - 10}:${numbers.ada}`;
    const password = createHmac('sha1', secret).update(username).digest('base64');
    expect((await registerWith({ username, password })).status).toBe(401);
  });
});

describe('a call to a number', () => {
  const offer = 'v=0\r\no=- 1 1 IN IP4 10.86.0.199\r\ns=-\r\nt=0 0\r\n';
  /** A call from outside: nobody at this provider, and no certificate. */
  const callFromOutside = async (headers: readonly string[]): Promise<SipAnswer> => {
    using connection = await lab.connect('b');
    return await connection.request({
      method: 'INVITE',
      from: `sip:${numbers.ada}@elsewhere.test`,
      to: addressOf(numbers.ben, 'b'),
      headers,
      body: offer,
    });
  };
  const call: { readonly orig: string; readonly dest: string } = {
    orig: numbers.ada,
    dest: numbers.ben,
  };
  const signedBy = (key: string, changes = {}, of = call): string[] => [
    `Identity: ${identity(key, of, changes)}`,
  ];

  it('at another provider completes, and both hear each other through encrypted media', async () => {
    await using caller = await phoneOf(ada, 'a', 3);
    await using callee = await phoneOf(ben, 'b', 4);
    await caller.until(['REGISTER_OK']);
    await callee.until(['REGISTER_OK']);
    caller.dial(numbers.ben);
    expect(await caller.until(['CALL_ESTABLISHED', 'CALL_CLOSED'])).toMatchObject({
      type: 'CALL_ESTABLISHED',
    });
    for (const phone of [caller, callee]) {
      await phone.until(['CALL_MENC']);
      await eventually(
        async () => await phone.heardBytes(),
        (bytes) => bytes > 4000,
        patientMs,
      );
    }
    callee.hangUp();
    await caller.until(['CALL_CLOSED']);
  });

  it('that is registered nowhere rings nowhere', async () => {
    expect((await callFromOutside(signedBy(phoneKeyOf(ada)))).status).toBe(480);
  });

  it.each<[string, number, () => readonly string[]]>([
    ['without a PASSporT', 428, () => []],
    ['with a stale one', 403, () => signedBy(phoneKeyOf(ada), { iat: 1_700_000_000 })],
    ['with one by another key', 438, () => signedBy(strangersKey())],
    [
      'with one of another caller',
      438,
      () => signedBy(phoneKeyOf(cleo), {}, { ...call, orig: numbers.cleo }),
    ],
    [
      'with one for somebody else',
      438,
      () => signedBy(phoneKeyOf(ada), {}, { ...call, dest: numbers.cleo }),
    ],
    ['with something else in its place', 436, () => ['Identity: abc']],
    ['with two', 438, () => [...signedBy(phoneKeyOf(ada)), ...signedBy(phoneKeyOf(ada))]],
  ])('from outside %s is %d', async (_, status, headers) => {
    expect((await callFromOutside(headers())).status).toBe(status);
  });

  const callOut = async (uri: string, key?: string): Promise<SipAnswer> => {
    using connection = await lab.connect('a', key);
    return await connection.request({
      method: 'INVITE',
      from: addressOf(numbers.ada, 'a'),
      to: uri,
      body: offer,
    });
  };

  it('that nobody holds is 404', async () => {
    const answer = await callOut(addressOf(numbers.nobody, 'a'), phoneKeyOf(ada));
    expect(answer.status).toBe(404);
  });

  it('goes out for nobody who has not shown a key, and to no address', async () => {
    expect((await callOut(addressOf(numbers.ben, 'a'))).status).toBe(407);
    expect((await callOut(addressOf(numbers.ben, 'a'), strangersKey())).status).toBe(403);
    expect((await callOut('sip:ben@elsewhere.test', phoneKeyOf(ada))).status).toBe(404);
    expect((await callOut(addressOf(numbers.ben, 'b'), phoneKeyOf(ada))).status).toBe(404);
  });

  it('is not relayed inside of a dialog that this server never saw', async () => {
    using connection = await lab.connect('a');
    const { address } = lab.providers.a;
    const answer = await connection.request({
      method: 'OPTIONS',
      from: `sip:${numbers.ada}@elsewhere.test`,
      to: `sip:victim@10.86.0.3>;tag=x;y=<`,
      uri: 'sip:victim@10.86.0.3:5060',
      headers: [`Route: <sip:${address}:5061;transport=tls;lr;mark=00000000>`],
    });
    expect([400, 403, 404]).toContain(answer.status);
  });
});

it('a key that is replaced opens nothing any more, and the new one does', async () => {
  const number = '+34912345679';
  const dora = await lab.settle(number, 'a');
  const [oldKey, newKey] = [phoneKeyOf(dora), strangersKey()];
  using connection = await lab.connect('a', oldKey);
  const again = async (): Promise<SipAnswer> =>
    await connection.request({ method: 'REGISTER', from: addressOf(number, 'a') });
  expect((await again()).status).toBe(200);
  const others = publishedKeysOf(dora.keys).filter(({ use }) => use !== 'sip');
  const keys = [...others, publishedSipKey(newKey), lab.providers.a.signingKey];
  await lab.federation.directory.publish(dora.holding, { keys });
  await eventually(again, ({ status }) => status === 403, patientMs);
  const byNewKey = async () => (await lab.register('a', { number, key: newKey })).status;
  await expect.poll(byNewKey).toBe(200);
});

it('a number that moves to another provider is served there, and here no longer', async () => {
  const number = '+34912345680';
  const emil = await lab.settle(number, 'a');
  const key = phoneKeyOf(emil);
  expect((await lab.register('a', { number, key })).status).toBe(200);
  await lab.providers.b.open(emil);
  await using there = await phoneOf(emil, 'b', 5);
  await there.until(['REGISTER_OK']);
  const { signingKey } = lab.providers.b;
  emil.holding = await lab.federation.directory.publish(emil.holding, {
    routes: [routeTo(number, domains.b)],
    keys: [...publishedKeysOf(emil.keys), signingKey],
  });
  await using caller = await phoneOf(ada, 'a', 6);
  await caller.until(['REGISTER_OK']);
  await eventually(
    async () => {
      const before = caller.eventCount;
      caller.dial(number);
      const { type } = await caller.until(['CALL_ESTABLISHED', 'CALL_CLOSED'], before);
      return type;
    },
    (type) => type === 'CALL_ESTABLISHED',
    patientMs,
  );
  await there.until(['CALL_ESTABLISHED']);
  const refused = await eventually(
    async () => await lab.register('a', { number, key }),
    ({ status }) => status === 403,
    patientMs,
  );
  expect(refused.code).toBe('account_closed');
});

describe('when the directory cannot be believed or asked, nothing goes through', () => {
  const trouble = async (): Promise<SipAnswer> =>
    await lab.register('a', { number: numbers.ada, key: phoneKeyOf(ada) });
  const isTrouble = ({ status, headers }: SipAnswer): boolean =>
    status === 503 && Number(headers['retry-after']) > 0;

  it('a zone that is bogus: 503', async () => {
    const anchor = join(await lab.scratch(), 'other.ds');
    await writeFile(anchor, `. IN DS 20326 8 2 ${'AB'.repeat(32)}\n`);
    await lab.providers.a.restartBridge(anchor);
    await eventually(trouble, isTrouble, patientMs);
    await lab.providers.a.restartBridge();
    await eventually(trouble, ({ status }) => status === 200, patientMs);
  });

  it('a resolver that does not answer: 503, for registrations and for calls', async () => {
    await lab.federation.stopResolver();
    await eventually(trouble, isTrouble, patientMs);
    using connection = await lab.connect('b');
    await eventually(
      async () =>
        await connection.request({
          method: 'INVITE',
          from: `sip:${numbers.ada}@elsewhere.test`,
          to: addressOf(numbers.ben, 'b'),
          headers: [
            `Identity: ${identity(phoneKeyOf(ada), { orig: numbers.ada, dest: numbers.ben })}`,
          ],
        }),
      isTrouble,
      patientMs,
    );
    await lab.federation.startResolver();
    await eventually(trouble, ({ status }) => status === 200, patientMs);
  });
});
