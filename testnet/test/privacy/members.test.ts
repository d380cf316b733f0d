/**
 * Gateways and relays of real members, asked by a client that was written from the RFCs, by curl and by kdig:
 * the same keys everywhere and in DNS, an exchange by a relay, and a member that starts again.
 */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { firstKey, seal } from '../../../packages/api/test/oblivious/ohttp-client.ts';
import { eventually, openLab } from '../lab.ts';
import type { Lab } from '../lab.ts';

const lookup = {
  path: '/v1/lookups',
  fields: { 'content-type': 'application/json' },
  content: '{"identifiers":["tel:+34912345678"]}',
};
const names = ['alpha', 'beta', 'gamma'];

let lab: Lab;
let ca: string;

beforeAll(async () => {
  lab = await openLab(3);
  ca = await readFile(lab.testnet.layout.caFile, 'utf8');
}, 120_000);
afterAll(async () => await lab?.[Symbol.asyncDispose]());

interface Answer {
  readonly status: number;
  readonly octets: Uint8Array;
}

const memberOf = (name: string) => lab.description.members.find((member) => member.name === name)!;

async function send(name: string, path: string, capsule?: Uint8Array): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const method = capsule === undefined ? 'GET' : 'POST';
  const headers = capsule === undefined ? {} : { 'content-type': 'message/ohttp-req' };
  const asked = request(`${memberOf(name).api}${path}`, { ca, method, headers, agent: false });
  asked.on('error', reject).on('response', (response) => {
    const pieces: Buffer[] = [];
    response.on('data', (piece: Buffer) => pieces.push(piece));
    response.on('end', () =>
      resolve({ status: response.statusCode!, octets: Buffer.concat(pieces) }),
    );
  });
  asked.end(capsule);
  return await promise;
}

/** The statements as all members show them, once they show the same of everybody. */
async function agreedBundle(): Promise<string> {
  const bundles = await eventually(
    async () =>
      await Promise.all(
        names.map(async (name) => {
          const { octets } = await send(name, '/v1/oblivious-keys').catch(() => ({ octets: '' }));
          return Buffer.from(octets as string).toString();
        }),
      ),
    ([first = '', ...others]) =>
      others.every((other) => other === first) && first.split('oblivious keys').length === 4,
    60_000,
  );
  return bundles[0]!;
}

it('shows the same keys at every member, and their hash in DNS', async () => {
  const bundle = await agreedBundle();
  for (const name of names) {
    const { octets } = await send(name, '/.well-known/ohttp-gateway');
    expect(bundle).toContain(Buffer.from(octets).toString('base64'));
    const { dns, zone } = memberOf(name);
    const at = `@${dns.address} -p ${dns.port}`;
    const txt = await lab.run(`dig +short ${at} TXT _oblivious-keys.${zone}.`);
    const hash = createHash('sha256').update(octets).digest('hex');
    expect(txt.stdout.trim()).toBe(`"v=callbook1" "keys=${hash}"`);
    const https = await lab.run(`kdig +short ${at} HTTPS api.${zone}.`);
    expect(https.stdout).toMatch(/alpn="?h2,http\/1.1"?.*(ohttp|key8)/);
  }
}, 90_000);

it('is asked by way of another member, also after it has started again with new keys', async () => {
  const keyOf = async () => firstKey((await send('beta', '/.well-known/ohttp-gateway')).octets);
  const ask = async (key: Awaited<ReturnType<typeof keyOf>>) => {
    const sealed = await seal(key, lookup, Date.now());
    return { sealed, answer: await send('alpha', '/v1/relay/beta', sealed.capsule) };
  };
  const old = await keyOf();
  const first = await ask(old);
  expect((await first.sealed.open(first.answer.octets)).status).toBe(200);

  const bundleBefore = await agreedBundle();
  const member = await lab.testnet.restart('beta');
  await member.untilReady(Date.now() + 60_000);
  const refused = await ask(old);
  expect([refused.answer.status, refused.answer.octets.length]).toEqual([400, 512]);
  const problem = Buffer.from(refused.answer.octets).toString();
  expect(problem).toContain('https://iana.org/assignments/http-problem-types#ohttp-key');
  // All members show the new key soon; it is good for an exchange at once.
  expect(await agreedBundle()).not.toBe(bundleBefore);
  const again = await ask(await keyOf());
  expect((await again.sealed.open(again.answer.octets)).status).toBe(200);
}, 120_000);

it('relays to nobody who is not in the charter', async () => {
  for (const to of ['alpha', 'delta', '127.0.0.1', 'https%3A%2F%2Fexample.com']) {
    expect((await send('alpha', `/v1/relay/${to}`, new Uint8Array(99))).status).toBe(404);
  }
});

it('speaks HTTP/2 with curl, and DNS over HTTPS with curl and kdig', async () => {
  const { api, zone } = memberOf('alpha');
  const { port } = new URL(api);
  const { caFile } = lab.testnet.layout;
  const common = `curl --silent --http2 --cacert ${caFile} --output answer --write-out`;
  const health = await lab.run(`${common} %{http_version}:%{response_code} ${api}/healthz`);
  expect(health.stdout).toBe('2:200');
  // A query of type SOA, by hand (RFC 1035 §4.1).
  const labels = zone.split('.').map((label) => [label.length, ...Buffer.from(label)]);
  const question = [...labels.flat(), 0, 0, 6, 0, 1];
  const query = Buffer.from([0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...question]);
  await writeFile(join(lab.folder, 'query'), query);
  const type = '--header content-type:application/dns-message --data-binary @query';
  const asked = await lab.run(`${common} %{http_version}:%{content_type} ${type} ${api}/dns-query`);
  expect(asked.stdout).toBe('2:application/dns-message');
  expect((await readFile(join(lab.folder, 'answer'))).readUInt16BE(6)).toBe(1);
  const tls = `+tls-ca=${caFile} +tls-hostname=localhost`;
  const kdig = await lab.run(`kdig +https +padding ${tls} @127.0.0.1 -p ${port} ${zone}. SOA`);
  expect(`${kdig.stdout}${kdig.stderr}`).toMatch(/HTTP\/2-POST[\s\S]*status: NOERROR/);
  // RFC 8467 §4.1: blocks of 468 octets, also over HTTPS.
  expect(kdig.stdout).toMatch(/PADDING: \d+ B/);
  expect(Number(/Received (\d+) B/.exec(kdig.stdout)?.[1]) % 468).toBe(0);
}, 60_000);
