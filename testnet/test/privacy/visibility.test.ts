/**
 * A number that is published for whoever has a token, at real members: in DNS and, without a token, in every
 * capsule it is as if nobody held it; with a token, inside a capsule that another member relays, it is
 * answered. Each comparison is made with a public number as well, where it must fail.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createDirectory } from '@callbook/client';
import type { Directory, Fetch, Holding } from '@callbook/client';
import { fillWallet, TokenWallet } from '@callbook/client/tokens';
import { bulkMediaType, encodeBulkRequest } from '@callbook/protocol';
import type { Identifier, Visibility } from '@callbook/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { firstKey, seal } from '../../../packages/api/test/oblivious/ohttp-client.ts';
import { eventually, openLab } from '../lab.ts';
import type { Lab } from '../lab.ts';
import { fetchFrom } from './views.ts';

const [shown, hidden, nobodys] = ['+34912345678', '+4915123456789', '+447700900001'] as const;
const seed = new Uint8Array(32).fill(7);
const routes = [{ service: 'sip', uri: 'sip:alice@sip.example', preference: 10 }] as const;
const clock = { nowMs: () => Date.now() };

let lab: Lab;
let fetchPlain: Fetch;
let charterNote: string;
let holding: Holding;
/** What DNS says of the numbers before anybody claims them. */
let before: readonly string[];
let wallet: TokenWallet;

const tel = (number: string): Identifier => `tel:${number}` as Identifier;
const open = (own: { readonly wallet?: TokenWallet } = {}): Directory =>
  createDirectory({ charterNote, fetch: fetchPlain, ...own });

beforeAll(async () => {
  lab = await openLab(3);
  const { layout } = lab.testnet;
  fetchPlain = fetchFrom('127.0.0.1', await readFile(layout.caFile, 'utf8'));
  charterNote = await readFile(layout.charterFile, 'utf8');
  before = await dnsOf(hidden);
  holding = await claim(hidden, 'api');
  await claim(shown, 'dns');
  const unseen = open();
  await eventually(
    async () => await unseen.lookup(tel(shown)).catch(() => undefined),
    (found) => found?.reason.proof.state === 'proven' && found.reason.dnssec.state === 'secure',
    60_000,
  );
  // What is asked below is asked of one member or another.
  await eventually(
    async () =>
      await Promise.all([
        unseen.survey(tel(shown)).catch(() => undefined),
        unseen.survey(tel(hidden), { holding }).catch(() => undefined),
      ]),
    (surveys) => surveys.every((one) => one?.state === 'published' && one.agreement.agreeing === 3),
    60_000,
  );
  wallet = await TokenWallet.open(memoryStore(), clock);
  await eventually(
    async () => await fillWallet({ ...inMemory(), wanted: 32 }),
    () => wallet.count >= 32,
    30_000,
  );
}, 200_000);
afterAll(async () => await lab?.[Symbol.asyncDispose]());

function memoryStore() {
  let stored: Uint8Array | undefined;
  return {
    read: async () => stored,
    write: async (octets: Uint8Array) => void (stored = octets),
  };
}

function inMemory() {
  const fetch = async (request: Request): Promise<Response> => {
    const body = request.method === 'POST' ? new Uint8Array(await request.arrayBuffer()) : null;
    const { method, headers } = request;
    return await fetchPlain(request.url, { method, headers, body });
  };
  return { directory: open(), holding, wallet, fetch };
}

async function claim(number: string, visibility: Visibility): Promise<Holding> {
  const code = async ({ to }: { readonly to: string }): Promise<string> => {
    const lines = (await readFile(lab.description.outbox, 'utf8')).trim().split('\n');
    const messages = lines.map((line) => JSON.parse(line) as { to: string; code?: string });
    return messages.findLast((message) => message.to === to && message.code)?.code ?? '';
  };
  const who = { identifier: tel(number), seed, routes, visibility };
  return await open().claim({ ...who, form: 'app', code });
}

/**
 * Everything that the members' zones say of a number, at each of its names and at the one above: records and
 * denials, but for times and signatures.
 */
async function dnsOf(number: string): Promise<readonly string[]> {
  const digits = number.slice(1).split('').toReversed();
  const hash = createHash('sha256').update(number).digest('hex').slice(0, 56);
  const said: string[] = [];
  for (const { dns, zone } of lab.description.members) {
    const name = `${digits.join('.')}.${zone}.`;
    const above = `${digits.slice(1).join('.')}.${zone}.`;
    const asked = [
      [name, 'NAPTR'],
      [name, 'TXT'],
      [name, 'ANY'],
      [`_sip-client.${name}`, 'TLSA'],
      [above, 'NAPTR'],
      [`${hash}._openpgpkey.${zone}.`, 'OPENPGPKEY'],
    ];
    const at = `@${dns.address} -p ${dns.port}`;
    const how = '+dnssec +nocookie +tcp +noall +comments +answer +authority';
    const questions = asked.map(([owner, type]) => `${how} ${at} ${type} ${owner}`);
    const { stdout } = await lab.run(`dig ${questions.join(' ')}`);
    said.push(...stdout.split(';; Got answer:').map(timeless));
  }
  return said;
}

function timeless(answer: string): string {
  const lines = answer.split('\n').map((line) => {
    const fields = line.split(/\s+/);
    // Owner, TTL, class, type, and the type that is signed.
    if (fields[3] === 'RRSIG') return fields.slice(0, 5).join(' ');
    if (fields[3] === 'SOA') return fields.slice(0, 4).join(' ');
    return line.replace(/ id: \d+/, '');
  });
  return lines.filter((line) => line !== '' && !line.startsWith('; EDNS')).join('\n');
}

it('is in no zone, in no form: every answer is the one from before it was claimed', async () => {
  expect(before.join('\n')).toMatch(/\bNSEC\b/);
  expect(await dnsOf(hidden)).toEqual(before);
  const publicly = (await dnsOf(shown)).join('\n');
  expect(publicly).toContain('sip:alice@sip.example');
});

interface Inner {
  readonly status: number;
  readonly text: string;
  /** Of what went over the wire. */
  readonly sealedBytes: number;
}

/** Asks beta through alpha's relay, by the client that was written from the RFCs. */
async function askSealed(
  path: string,
  content: Uint8Array | string,
  fields: Readonly<Record<string, string>>,
): Promise<Inner> {
  const apiOf = (name: string): string =>
    lab.description.members.find((member) => member.name === name)!.api;
  const keys = await fetchPlain(`${apiOf('beta')}/.well-known/ohttp-gateway`, {});
  const key = firstKey(new Uint8Array(await keys.arrayBuffer()));
  const request = { path, fields, content };
  const sealed = await seal(key, request, Date.now());
  const answer = await fetchPlain(`${apiOf('alpha')}/v1/relay/beta`, {
    method: 'POST',
    headers: { 'content-type': 'message/ohttp-req' },
    body: Buffer.from(sealed.capsule),
  });
  const octets = new Uint8Array(await answer.arrayBuffer());
  const inner = await sealed.open(octets);
  const text = Buffer.from(inner.content).toString('latin1');
  return { status: inner.status, text, sealedBytes: octets.length };
}

type AskAbout = (number: string, more?: Readonly<Record<string, string>>) => Promise<Inner>;

const json = { 'content-type': 'application/json' };
const ways: readonly { readonly name: string; readonly ask: AskAbout }[] = [
  {
    name: 'a look-up',
    ask: async (number, more = {}) => {
      const body = JSON.stringify({ identifiers: [tel(number)] });
      return await askSealed('/v1/lookups', body, { ...json, ...more });
    },
  },
  {
    name: 'a bulk look-up',
    ask: async (number, more = {}) => {
      const slots = encodeBulkRequest([tel(number) as `tel:${string}`], 16);
      return await askSealed('/v1/bulk', slots, { 'content-type': bulkMediaType, ...more });
    },
  },
  {
    name: 'a proof',
    ask: async (number, more = {}) => {
      const body = JSON.stringify({ identifier: tel(number) });
      return await askSealed('/v1/proof', body, { ...json, ...more });
    },
  },
];

it.each(ways)('is in $name without a token what nobody has, to the octet', async ({ ask }) => {
  const absent = await ask(nobodys);
  expect(await ask(hidden)).toEqual(absent);
  const found = await ask(shown);
  expect(found.text).not.toBe(absent.text);
  // Hit, miss and what is hidden are sealed in as many octets.
  expect(found.sealedBytes).toBe(absent.sealedBytes);
});

it.each(ways)('is answered in $name to a token, in as many octets, once', async ({ ask }) => {
  const absent = await ask(nobodys);
  const authorization = (await wallet.take())!;
  const found = await ask(hidden, { authorization });
  expect(found.status).toBe(200);
  expect(found.text).not.toBe(absent.text);
  expect(found.sealedBytes).toBe(absent.sealedBytes);
  const again = await ask(hidden, { authorization });
  expect([again.status, again.text]).toEqual([401, expect.stringContaining('token_spent')]);
});

it('is found by whoever has a wallet, with proof, and by nobody else', async () => {
  const without = await open().lookup(tel(hidden));
  expect(without).toMatchObject({
    state: 'absent',
    reason: {
      access: { state: 'public' },
      privacy: { state: 'oblivious' },
      proof: { state: 'unavailable', code: 'token_missing' },
      dnssec: { state: 'secure', answer: { state: 'absent' } },
    },
  });
  await expect(open().prove(tel(hidden))).rejects.toMatchObject({ code: 'token_missing' });
  const found = await open({ wallet }).lookup(tel(hidden));
  expect(found).toMatchObject({
    state: 'published',
    binding: { visibility: 'api', routes },
    reason: {
      access: { state: 'token' },
      privacy: { state: 'oblivious' },
      proof: { state: 'proven' },
      dnssec: { state: 'secure', answer: { state: 'absent' } },
    },
  });
  expect(await open({ wallet }).prove(tel(hidden))).toMatchObject({ state: 'published' });
}, 60_000);

it('costs a token only where nothing is public, and says where tokens lack', async () => {
  const count = wallet.count;
  const directory = open({ wallet });
  expect((await directory.lookup(tel(shown))).reason.access).toEqual({ state: 'public' });
  expect(wallet.count).toBe(count);
  const book = [shown, hidden, nobodys].map(tel);
  const many = await directory.lookupMany(book, { proof: 'published' });
  expect(many.map(({ state }) => state)).toEqual(['published', 'published', 'absent']);
  expect(many[1]).toMatchObject({
    reason: { access: { state: 'token' }, proof: { state: 'proven' } },
  });
  expect(many[2]).toMatchObject({ reason: { access: { state: 'token' } } });
  expect(wallet.count).toBeLessThan(count);
  const empty = await TokenWallet.open(memoryStore(), clock);
  const unpaid = { state: 'unavailable', code: 'token_missing' };
  const poor = open({ wallet: empty });
  expect(await poor.lookup(tel(hidden))).toMatchObject({
    state: 'absent',
    reason: { access: unpaid },
  });
  const [one] = await poor.lookupMany([tel(hidden)]);
  expect(one).toMatchObject({ state: 'absent', reason: { access: unpaid } });
}, 60_000);

it('is shown to its holder without a token: looked at, watched and restored', async () => {
  const directory = open();
  const identifier = tel(hidden);
  const seen = await directory.survey(identifier, { holding });
  expect(seen).toMatchObject({ state: 'published', agreement: { agreeing: 3 } });
  expect((await directory.survey(identifier)).state).toBe('absent');
  expect(await directory.prove(identifier, { holding, privacy: 'plain' })).toMatchObject({
    state: 'published',
  });
  const ending = new AbortController();
  const events: string[] = [];
  for await (const { kind } of directory.watch(holding, {
    signal: ending.signal,
    periodMs: 1000,
  })) {
    events.push(kind);
    if (kind === 'watching') setTimeout(() => ending.abort(), 2500);
  }
  expect(events).toEqual(['watching']);
  const restored = await directory.restore({ identifier, seed });
  expect(restored.entryId).toEqual(holding.entryId);
  await expect(
    directory.restore({ identifier, seed: new Uint8Array(32).fill(8) }),
  ).rejects.toMatchObject({ code: 'restore_nothing' });
}, 60_000);

it('is found by commands once they have tokens', async () => {
  const hold = `register +447700900002 --code-from ${lab.description.outbox}`;
  expect((await lab.callbook(hold)).code).toBe(0);
  const lookUp = async (): Promise<Record<string, unknown>> =>
    JSON.parse((await lab.callbook(`lookup ${hidden} --json`)).stdout) as Record<string, unknown>;
  expect(await lookUp()).toMatchObject({ state: 'absent', access: { state: 'public' } });
  expect((await lab.callbook('tokens status')).code).toBe(6);
  const got = await lab.callbook('tokens get --count 8 --json');
  expect(JSON.parse(got.stdout), got.stderr).toMatchObject({ added: 8, count: 8 });
  expect(await lookUp()).toMatchObject({
    state: 'published',
    visibility: 'api',
    access: { state: 'token' },
    proof: { state: 'proven' },
  });
  const { stdout } = await lab.callbook('tokens status --json');
  expect((JSON.parse(stdout) as { count: number }).count).toBeLessThan(8);
}, 90_000);
