/**
 * docs/spec/dns.md, read by the test: its example zone and every row of its table of questions are
 * asked of a server over UDP. A row that is added to the page without a question here, or taken away,
 * fails.
 */
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createCookieSecrets,
  createDirectoryZone,
  createResponder,
  generateZoneKeys,
  startDnsServer,
} from '@callbook/dns';
import {
  encodeMessage,
  formatName,
  ednsOptionCodes,
  parseExtendedErrors,
  parseMessage,
  parseRdata,
  parseTypeBitmap,
  recordTypes,
} from '@callbook/dns/wire';
import type { Edns, Message } from '@callbook/dns/wire';
import { nameOf, TestClock, TestSource } from '../test-zones.ts';

const page = readFileSync(join(import.meta.dirname, '../../../../docs/spec/dns.md'), 'utf8');
const exampleLines = /## Example[\s\S]*?```\n([\s\S]*?)```/.exec(page)![1]!;
const tableRows = [...page.matchAll(/^\| (.+?)\s*\| .+\|$/gm)]
  .map(([, question]) => question!)
  .slice(2);
const questionsStart = tableRows.indexOf('a name with records of the type');

const apex = 'e164.alpha.example.';
const number = `9.8.7.6.5.4.3.2.1.5.1.9.4.${apex}`;
const unregistered = `8.8.7.6.5.4.3.2.1.5.1.9.4.${apex}`;
const t = recordTypes;
const clock = new TestClock();
const source = new TestSource();
const secrets = createCookieSecrets({
  bytes: (size) => crypto.getRandomValues(new Uint8Array(size)),
});
const stack = new AsyncDisposableStack();
let port = 0;
let socket: Socket;

beforeAll(async () => {
  // The example's keys are octets 1, 2 and 3, its entry and log as the TXT record says.
  source.publish({
    identifier: 'tel:+4915123456789',
    origin: 'api.alpha.example/log',
    entryOctet: 0xab,
  });
  const zone = createDirectoryZone({
    apex,
    nameservers: [{ name: `ns1.${apex}`, addresses: ['192.0.2.53'] }],
    contact: 'hostmaster@alpha.example',
    charterHash: () => new Uint8Array(32).fill(0xcc),
    source,
    keys: generateZoneKeys(13),
    clock,
  });
  const respond = createResponder([zone], { cookies: { secrets: () => secrets, clock } });
  const listen = [{ address: '127.0.0.1', port: 0 }];
  const server = stack.use(await startDnsServer({ listen, respond }));
  ({ port } = server.addresses[0]!);
  socket = createSocket('udp4');
  stack.defer(() => void socket.close());
});
afterAll(async () => await stack.disposeAsync());

interface Draft {
  readonly name?: string;
  readonly type?: number;
  readonly class?: number;
  readonly edns?: Partial<Edns>;
  readonly opcode?: number;
  readonly isResponse?: boolean;
  readonly without?: 'question';
  readonly additionals?: Message['additionals'];
}

function queryOf(draft: Draft): Uint8Array {
  const { name = number, type = t.NAPTR, edns } = draft;
  const fixed = { udpPayloadBytes: 1232, version: 0, dnssecOk: false, compactOk: false };
  return encodeMessage({
    id: 7,
    isResponse: draft.isResponse ?? false,
    opcode: draft.opcode ?? 0,
    authoritative: false,
    truncated: false,
    recursionDesired: true,
    recursionAvailable: false,
    authenticData: false,
    checkingDisabled: false,
    responseCode: 0,
    questions: draft.without ? [] : [{ name: nameOf(name), type, class: draft.class ?? 1 }],
    answers: [],
    authorities: [],
    additionals: draft.additionals ?? [],
    edns: edns && { ...fixed, options: [], ...edns },
  });
}

async function askOctets(query: Uint8Array): Promise<Message> {
  socket.send(query, port, '127.0.0.1');
  const [answer] = (await once(socket, 'message')) as [Buffer];
  const parsed = parseMessage(answer);
  if (parsed.verdict !== 'accept') throw new Error(parsed.message);
  return parsed.value;
}

const ask = async (draft: Draft): Promise<Message> => await askOctets(queryOf(draft));
const signed = { dnssecOk: true };
const compact = { dnssecOk: true, compactOk: true };
const typesOf = (records: Message['answers']): number[] => records.map(({ type }) => type);

/** `name TTL IN TYPE data`, as the page writes it. */
function presented({ owner, ttlSeconds, type, rdata }: Message['answers'][number]): string {
  const value = parseRdata(type, rdata);
  if (value.verdict !== 'accept') throw new Error(value.message);
  const data = value.value;
  const head = `${formatName(owner)} ${ttlSeconds} IN`;
  if (data.type === 'NAPTR') {
    const texts = [data.flags, data.services, data.regexp].map((text) => `"${text}"`).join(' ');
    return `${head} NAPTR ${data.order} ${data.preference} ${texts} .`;
  }
  if (data.type === 'TXT')
    return `${head} TXT ${data.strings.map((text) => `"${Buffer.from(text).toString()}"`).join(' ')}`;
  if (data.type === 'TLSA') {
    const hex = data.association.toHex().toUpperCase();
    const { usage, selector, matchingType } = data;
    return `${head} TLSA ${usage} ${selector} ${matchingType} ${hex.slice(0, 8)}…${hex.slice(-8)}`;
  }
  return `${head} OPENPGPKEY …`;
}

async function expectDenied(
  draft: Draft,
  bitmap: readonly number[],
  responseCodes: { plain: number; signed: number; compact: number },
): Promise<void> {
  const plain = await ask(draft);
  expect(plain).toMatchObject({ responseCode: responseCodes.plain, authoritative: true });
  expect([typesOf(plain.answers), typesOf(plain.authorities)]).toEqual([[], [t.SOA]]);
  const withDo = await ask({ ...draft, edns: signed });
  expect(withDo.responseCode).toBe(responseCodes.signed);
  expect(withDo.answers).toEqual([]);
  expect(typesOf(withDo.authorities)).toEqual([t.SOA, t.RRSIG, t.NSEC, t.RRSIG]);
  const nsec = withDo.authorities[2]!;
  expect(formatName(nsec.owner)).toBe(draft.name ?? number);
  expect(bitmapOf(nsec.rdata)).toEqual([...bitmap].sort((left, right) => left - right));
  expect((await ask({ ...draft, edns: compact })).responseCode).toBe(responseCodes.compact);
}

function bitmapOf(nsec: Uint8Array): readonly number[] {
  let at = 0;
  while (nsec[at]! > 0) at += nsec[at]! + 1;
  const types = parseTypeBitmap(nsec.subarray(at + 1));
  if (types.verdict !== 'accept') throw new Error(types.message);
  return types.value;
}

const noError = { plain: 0, signed: 0, compact: 0 };

function expectRefused(message: Message, responseCode: number, extendedErrors: number[]): void {
  expect(message).toMatchObject({ responseCode, answers: [], authorities: [] });
  const { edns } = message;
  const found = edns === undefined ? [] : parseExtendedErrors(edns.options);
  expect(found.map(({ infoCode }) => infoCode)).toEqual(extendedErrors);
}

async function expectBare(query: Uint8Array, responseCode: number): Promise<void> {
  const message = await askOctets(query);
  expect(message).toMatchObject({ responseCode, questions: [], answers: [], additionals: [] });
  expect(message.edns).toBeUndefined();
}

async function expectSilence(query: Uint8Array): Promise<void> {
  socket.send(query, port, '127.0.0.1');
  // What answers next is the answer to what is asked next.
  expect(await ask({ type: t.TXT })).toMatchObject({ questions: [{ type: t.TXT }], answers: [{}] });
}

const cookieOf = (size: number): Partial<Edns> => ({
  options: [{ code: ednsOptionCodes.cookie, octets: new Uint8Array(size).fill(5) }],
});

/** For each question of the table what is asked and how it must be answered. */
const checks: Readonly<Record<string, () => Promise<void>>> = {
  'a name with records of the type': async () => {
    expect(typesOf((await ask({})).answers)).toEqual([t.NAPTR]);
    expect(typesOf((await ask({ edns: signed })).answers)).toEqual([t.NAPTR, t.RRSIG]);
    const ns = await ask({ name: apex, type: t.NS });
    expect([typesOf(ns.answers), typesOf(ns.additionals)]).toEqual([[t.NS], [t.A]]);
  },
  'a name with records, not of the type': async () => {
    await expectDenied({ type: t.TLSA }, [t.NAPTR, t.TXT, t.RRSIG, t.NSEC], noError);
  },
  'a name of digits, or in a reserved part, without records': async () => {
    for (const name of [unregistered, `9.4.${apex}`, `_sip-client.9.4.${apex}`, `id.${apex}`])
      await expectDenied({ name }, [t.RRSIG, t.NSEC], noError);
  },
  'any other name that does not exist': async () => {
    const codes = { plain: 3, signed: 0, compact: 3 };
    await expectDenied({ name: `nothing.${apex}` }, [t.RRSIG, t.NSEC, t.NXNAME], codes);
  },
  'DS at the apex': async () => {
    const apexTypes = [t.SOA, t.NS, t.TXT, t.DNSKEY, t.CDS, t.CDNSKEY, t.RRSIG, t.NSEC];
    await expectDenied({ name: apex, type: t.DS }, apexTypes, noError);
  },
  'QTYPE NSEC': async () => {
    expect(typesOf((await ask({ type: t.NSEC })).answers)).toEqual([t.NSEC]);
    const withDo = await ask({ type: t.NSEC, name: unregistered, edns: signed });
    expect(typesOf(withDo.answers)).toEqual([t.NSEC, t.RRSIG]);
  },
  'QTYPE ANY': async () => {
    expect((await ask({ type: t.ANY })).answers).toHaveLength(1);
    await expectDenied({ type: t.ANY, name: unregistered }, [t.RRSIG, t.NSEC], noError);
  },
  'QTYPE RRSIG': async () => {
    expectRefused(await ask({ type: t.RRSIG, edns: {} }), 5, [21]);
  },
  'QTYPE NXNAME (128), OPT (41), TKEY (249), TSIG (250)': async () => {
    for (const type of [128, 41, 249, 250]) expectRefused(await ask({ type, edns: {} }), 1, [30]);
  },
  'QTYPE MAILB (253), MAILA (254)': async () => {
    for (const type of [253, 254]) expectRefused(await ask({ type, edns: {} }), 4, []);
  },
  'any other type, unknown ones included': async () => {
    for (const type of [5, 99, 65_000])
      await expectDenied({ type }, [t.NAPTR, t.TXT, t.RRSIG, t.NSEC], noError);
  },
  'QTYPE AXFR, IXFR': async () => {
    for (const type of [252, 251]) expectRefused(await ask({ type, edns: {} }), 5, [18]);
  },
  'a name in no zone served here; a class other than IN': async () => {
    expectRefused(await ask({ name: 'www.example.', edns: {} }), 5, [20]);
    expectRefused(await ask({ class: 3, edns: {} }), 5, [20]);
  },
  'the source of bindings fails': async () => {
    source.isBroken = true;
    const name = `7.8.7.6.5.4.3.2.1.5.1.9.4.${apex}`;
    expect(await ask({ name, edns: {} })).toMatchObject({ responseCode: 2, answers: [] });
    source.isBroken = false;
  },
  'EDNS version other than 0': async () => {
    const message = await ask({ edns: { version: 1, ...cookieOf(8) } });
    expect(message).toMatchObject({ responseCode: 16, answers: [], edns: { version: 0 } });
    expect(message.edns!.options).toEqual([]);
  },
  'a COOKIE option of 0 to 7, 9 to 15 or more than 40 octets': async () => {
    for (const size of [0, 7, 9, 15, 41]) expectRefused(await ask({ edns: cookieOf(size) }), 1, []);
    expect((await ask({ edns: cookieOf(8) })).responseCode).toBe(0);
  },
  'a TSIG record': async () => {
    const tsig = (rdata: Uint8Array): Message['additionals'] => [
      { owner: nameOf('key.'), type: t.TSIG, class: 255, ttlSeconds: 0, rdata },
    ];
    // RFC 8945 §4.2: algorithm, time (6), fudge, MAC size and MAC, original id, error, other data.
    const algorithm = nameOf('hmac-sha256.').wire;
    const whole = Uint8Array.of(...algorithm, ...new Uint8Array(6), 1, 44, 0, 0, 0, 7, 0, 0, 0, 0);
    const unknown = await ask({ additionals: tsig(whole) });
    expect(unknown.responseCode).toBe(9);
    expect(typesOf(unknown.additionals)).toEqual([t.TSIG]);
    // BADKEY (17) in the field before the length of other data.
    expect(Array.from(unknown.additionals[0]!.rdata.slice(-4))).toEqual([0, 17, 0, 0]);
    expect((await ask({ additionals: tsig(whole.slice(0, 20)) })).responseCode).toBe(1);
    const twice = [...tsig(whole), ...tsig(whole)];
    expect((await ask({ additionals: twice })).responseCode).toBe(1);
  },
  'QDCOUNT 0 with a COOKIE option': async () => {
    const first = await ask({ without: 'question', edns: cookieOf(8) });
    expect(first).toMatchObject({ responseCode: 0, questions: [], answers: [] });
    expect(first.edns!.options[0]!.octets).toHaveLength(24);
    expect((await ask({ without: 'question', edns: cookieOf(24) })).responseCode).toBe(23);
  },
  'opcode other than QUERY': async () => {
    for (const opcode of [1, 2, 4, 5, 6, 15]) await expectBare(queryOf({ opcode }), 4);
  },
  'QDCOUNT other than 1, but for the above; a malformed message; octets after its end; more than 4096 octets':
    async () => {
      const twoQuestions = queryOf({});
      twoQuestions[5] = 2;
      await expectBare(queryOf({ without: 'question' }), 1);
      await expectBare(twoQuestions, 1);
      await expectBare(queryOf({}).slice(0, -1), 1);
      await expectBare(Uint8Array.of(...queryOf({}), 0), 1);
      await expectBare(Uint8Array.of(...queryOf({}), ...new Uint8Array(4096)), 1);
    },
  'QR=1; fewer than 12 octets': async () => {
    await expectSilence(queryOf({ isResponse: true }));
    await expectSilence(queryOf({}).slice(0, 11));
  },
};

describe('docs/spec/dns.md', () => {
  it('has the example that the server answers', async () => {
    const questions = [
      [number, t.NAPTR],
      [number, t.TXT],
      [`_sip-client.${number}`, t.TLSA],
      [
        `663a4322addcdcc2be9435bfd2505066dc1048b89d33e48f363119f1._openpgpkey.${apex}`,
        t.OPENPGPKEY,
      ],
    ] as const;
    const lines: string[] = [];
    for (const [name, type] of questions)
      lines.push(...(await ask({ name, type, edns: {} })).answers.map(presented));
    const onPage = exampleLines.replaceAll(/\n\s+/g, ' ').trim().split('\n');
    expect(lines.sort()).toEqual(onPage.sort());
  });

  it('has the denial that the server gives', async () => {
    const example = /\$ dig \+dnssec (\S+) NAPTR\n([\s\S]*?)```/.exec(page)!;
    expect(`${example[1]}.`).toBe(unregistered);
    const message = await ask({ name: unregistered, edns: signed });
    const counts = `QUERY: 1, ANSWER: 0, AUTHORITY: 4, ADDITIONAL: 1`;
    expect(example[2]).toContain(counts);
    expect([message.answers.length, message.authorities.length]).toEqual([0, 4]);
    const owners = message.authorities.map(({ owner }) => formatName(owner));
    const onPage = example[2]!.split('\n').filter((line) => !line.startsWith(';') && line !== '');
    expect(onPage.map((line) => line.split(' ')[0])).toEqual(owners);
    expect(onPage.map((line) => line.split(' ')[3])).toEqual(['SOA', 'RRSIG', 'NSEC', 'RRSIG']);
    expect(onPage[2]).toContain(`NSEC \\000.${unregistered} RRSIG NSEC`);
  });

  it('asks only what is asked here, and the other way round', () => {
    const asked = tableRows.slice(questionsStart, questionsStart + Object.keys(checks).length);
    expect(asked).toEqual(Object.keys(checks));
    const next = tableRows[questionsStart + asked.length] ?? '';
    expect(next).not.toMatch(/^(QTYPE|a |an |any |QDCOUNT|opcode)/);
  });

  it.each(Object.entries(checks))('%s', async (_question, check) => await check());
});
