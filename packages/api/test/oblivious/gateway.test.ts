import { expect, it } from 'vitest';
import { ObliviousGateway } from '../../src/oblivious/gateway.ts';
import { number } from '../harness.ts';
import { firstKey, seal, sealMessage } from './ohttp-client.ts';
import type { InnerAnswer, InnerRequest } from './ohttp-client.ts';
import { send, startObliviousMembers } from './oblivious-members.ts';
import type { ObliviousMember, RawAnswer } from './oblivious-members.ts';

const gatewayPath = '/.well-known/ohttp-gateway';
const sealedType = 'message/ohttp-req';
const json = { 'content-type': 'application/json' };
const lookup = {
  path: '/v1/lookups',
  fields: json,
  content: JSON.stringify({ identifiers: [number] }),
};

async function start(): Promise<ObliviousMember> {
  const [member] = await startObliviousMembers(['alpha']);
  return member!;
}

async function keyOf(member: ObliviousMember) {
  const answer = await send(member, gatewayPath);
  expect([answer.status, answer.mediaType]).toEqual([200, 'application/ohttp-keys']);
  return firstKey(answer.octets);
}

async function post(member: ObliviousMember, octets: Uint8Array): Promise<RawAnswer> {
  return await send(member, gatewayPath, { mediaType: sealedType, octets });
}

async function ask(member: ObliviousMember, request: InnerRequest): Promise<InnerAnswer> {
  const sealed = await seal(await keyOf(member), request, member.clockMs);
  const answer = await post(member, sealed.capsule);
  expect([answer.status, answer.mediaType]).toEqual([200, 'message/ohttp-res']);
  return await sealed.open(answer.octets);
}

function problemIn({ octets }: RawAnswer): { readonly type: string; readonly code: string } {
  return JSON.parse(Buffer.from(octets).toString()) as { type: string; code: string };
}

const codeIn = ({ content }: InnerAnswer) =>
  (JSON.parse(Buffer.from(content).toString()) as { code: string }).code;

it('answers a client that was written from the RFCs', async () => {
  const member = await start();
  const answer = await ask(member, lookup);
  expect(answer.status).toBe(200);
  expect(answer.fields).toEqual({ 'content-type': 'application/json; charset=utf-8' });
  expect(JSON.parse(Buffer.from(answer.content).toString())).toEqual({
    results: [{ state: 'absent' }],
  });
});

it('hands on a token, and no field that a client could be known by', async () => {
  const member = await start();
  const asked: unknown[] = [];
  const gateway = new ObliviousGateway({
    keys: member.service.keys,
    clock: { nowMs: () => member.clockMs },
    random: { bytes: (size) => new Uint8Array(size) },
    authority: () => 'localhost',
    ask: async ({ path, headers }) => {
      asked.push([path, headers]);
      return { status: 200, headers: { server: 'x', 'set-cookie': 'y' }, body: new Uint8Array() };
    },
  });
  const authorization = 'PrivateToken token="AAAA"';
  const fields = {
    ...json,
    authorization,
    'user-agent': 'me/1.0',
    cookie: 'a=b',
    'x-real-ip': '::2',
  };
  const sealed = await seal(await keyOf(member), { ...lookup, fields }, member.clockMs);
  const answer = await sealed.open(await gateway.exchange(sealed.capsule));
  expect(asked).toEqual([['/v1/lookups', { ...json, authorization }]]);
  expect(answer.fields).toEqual({});
});

it('refuses what changes anything, what only reads something else, and every other host', async () => {
  const member = await start();
  const refused: InnerRequest[] = [
    { ...lookup, method: 'GET' },
    { ...lookup, method: 'DELETE' },
    { ...lookup, path: '/v1/challenges' },
    { ...lookup, path: '/v1/entries' },
    { ...lookup, path: '/v1/proofs' },
    { ...lookup, path: '/v1/tokens' },
    { ...lookup, path: '/v1/evidence' },
    { ...lookup, path: '/v1/relay/alpha' },
    { ...lookup, path: gatewayPath },
    { ...lookup, path: '/v1/lookups?x' },
    { ...lookup, path: '/v1/lookups/' },
    { ...lookup, path: '//v1/lookups' },
    { ...lookup, path: '/V1/lookups' },
    { ...lookup, scheme: 'http' },
    { ...lookup, authority: 'localhost' },
    { ...lookup, authority: `elsewhere.test:${member.port}` },
  ];
  for (const request of refused) {
    const answer = await ask(member, request);
    expect([answer.status, codeIn(answer)], JSON.stringify(request)).toEqual([
      403,
      'oblivious_target_refused',
    ]);
  }
  expect(member.sent).toEqual([]);
  const own = await ask(member, { ...lookup, authority: `localhost:${member.port}` });
  expect(own.status).toBe(200);
});

it('answers as long for somebody who is found as for nobody, and for an error', async () => {
  const member = await start();
  const absent = await ask(member, lookup);
  const wrong = await ask(member, { ...lookup, content: '{"identifiers":7}' });
  const sixteen = { identifiers: Array.from({ length: 16 }, () => number) };
  const many = await ask(member, { ...lookup, content: JSON.stringify(sixteen) });
  expect([absent.bytes, wrong.bytes, many.bytes]).toEqual([4096, 4096, 4096]);
  const tooMany = { identifiers: [...sixteen.identifiers, number] };
  const refused = await ask(member, { ...lookup, content: JSON.stringify(tooMany) });
  expect([refused.status, codeIn(refused)]).toEqual([400, 'request_malformed']);
});

it('wants a date within 5 minutes, and says its own otherwise', async () => {
  const member = await start();
  const at = (offsetMs: number) => ({
    ...lookup,
    fields: { ...json, date: new Date(member.clockMs + offsetMs).toUTCString() },
  });
  const minuteMs = 60_000;
  for (const offsetMs of [-4.9 * minuteMs, 4.9 * minuteMs]) {
    expect((await ask(member, at(offsetMs))).status).toBe(200);
  }
  for (const fields of [
    at(-5.1 * minuteMs).fields,
    at(5.1 * minuteMs).fields,
    { ...json, date: 'yesterday' },
    { ...json, date: new Date(member.clockMs).toISOString() },
  ]) {
    const answer = await ask(member, { ...lookup, fields });
    expect([answer.status, codeIn(answer)]).toEqual([400, 'capsule_date_invalid']);
    expect(Buffer.from(answer.content).toString()).toContain('http-problem-types#date');
    const errorMs = Date.parse(answer.fields['date']!) - member.clockMs;
    expect(Math.abs(errorMs)).toBeLessThan(1001);
  }
});

it('opens a capsule once', async () => {
  const member = await start();
  const sealed = await seal(await keyOf(member), lookup, member.clockMs);
  expect((await post(member, sealed.capsule)).status).toBe(200);
  const again = await post(member, sealed.capsule);
  expect([again.status, problemIn(again).code, again.octets.length]).toEqual([
    400,
    'capsule_replayed',
    512,
  ]);
});

it('refuses garbage, pieces and unknown keys at one length, and says when to fetch keys again', async () => {
  const member = await start();
  const key = await keyOf(member);
  const { capsule } = await seal(key, lookup, member.clockMs);
  const otherId = await seal({ ...key, keyId: (key.keyId + 1) % 256 }, lookup, member.clockMs);
  const otherSuite = Uint8Array.from(capsule);
  otherSuite[6] = 3;
  const codes = new Map<string, Uint8Array>([
    ['nothing', new Uint8Array()],
    ['a piece', capsule.subarray(0, 40)],
    ['the header', capsule.subarray(0, 7)],
    ['most of it', capsule.subarray(0, -1)],
    ['garbage', new Uint8Array(300).fill(7)],
    ['an unknown key', otherId.capsule],
    ['an unknown suite', otherSuite],
  ]);
  const seen: Record<string, string> = {};
  for (const [what, octets] of codes) {
    const answer = await post(member, octets);
    expect([answer.status, answer.octets.length], what).toEqual([400, 512]);
    const { code, type } = problemIn(answer);
    seen[what] = code;
    const expected =
      code === 'capsule_key_unknown'
        ? 'https://iana.org/assignments/http-problem-types#ohttp-key'
        : 'about:blank';
    expect(type).toBe(expected);
  }
  expect(seen).toEqual({
    nothing: 'capsule_malformed',
    'a piece': 'capsule_malformed',
    'the header': 'capsule_malformed',
    'most of it': 'capsule_key_unknown',
    garbage: 'capsule_key_unknown',
    'an unknown key': 'capsule_key_unknown',
    'an unknown suite': 'capsule_key_unknown',
  });
  // What did not open was not remembered either: the capsule itself is still good.
  expect((await post(member, capsule)).status).toBe(200);
});

it('answers what is no message inside', async () => {
  const member = await start();
  for (const message of [new Uint8Array(), new Uint8Array(200).fill(3), Buffer.from('GET /')]) {
    const sealed = await sealMessage(await keyOf(member), message);
    const answer = await sealed.open((await post(member, sealed.capsule)).octets);
    expect([answer.status, codeIn(answer)]).toEqual([400, 'binary_message_malformed']);
  }
});

it('takes no more than 65 KiB, and no other media type', async () => {
  const member = await start();
  const large = await post(member, new Uint8Array(66_561));
  expect(large.status).toBe(413);
  const typed = await send(member, gatewayPath, {
    mediaType: 'text/plain',
    octets: Buffer.from('x'),
  });
  expect(typed.status).toBe(415);
});

it('opens with the key before as well, for a day, and not with the one before that', async () => {
  const member = await start();
  const first = await keyOf(member);
  const dayMs = 24 * 60 * 60 * 1000;
  const turn = (ms: number) => {
    member.clockMs += ms;
    member.service.keys.turn();
  };
  const statusWith = async (key: typeof first) => {
    const sealed = await seal(key, lookup, member.clockMs);
    return (await post(member, sealed.capsule)).status;
  };
  turn(dayMs);
  // Announced in DNS, and not stated yet.
  expect(await keyOf(member)).toEqual(first);
  expect(member.service.keys.hashes.length).toBe(2);
  turn(60_000);
  const second = await keyOf(member);
  expect(second).not.toEqual(first);
  expect([await statusWith(first), await statusWith(second)]).toEqual([200, 200]);
  turn(dayMs);
  turn(60_000);
  expect([await statusWith(first), await statusWith(second)]).toEqual([400, 200]);
});

it('writes nothing of all this down', async () => {
  const member = await start();
  await ask(member, lookup);
  await post(member, new Uint8Array(100));
  member.directory.failure = 'bug';
  const failed = await ask(member, lookup);
  expect([failed.status, failed.bytes]).toEqual([500, 4096]);
  expect(member.logged()).not.toContain('4915123456789');
});
