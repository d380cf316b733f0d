/** The table of hot answers may never show: whatever is asked, in whatever order, twice or once. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AnswerNotices,
  AnswerTable,
  createAnswerTableMemory,
  createRateLimitMemory,
  createResponder,
  HotResponder,
  RateLimiter,
} from '@callbook/dns';
import type { ResponderOptions } from '@callbook/dns';
import type { Random } from '@callbook/protocol';
import { ownerNames, formatName, parseMessage, recordTypes } from '@callbook/dns/wire';
import type { EdnsOption, Message } from '@callbook/dns/wire';
import {
  createTestZones,
  directoryApex,
  enumName,
  nameOf,
  queryOf,
  TestClock,
} from '../test-zones.ts';
import type { QueryDraft } from '../test-zones.ts';

const client = { octets: Uint8Array.of(192, 0, 2, 1), port: 4000 };
const number = '4915123456789';
const { A, NAPTR, TXT, TLSA, OPENPGPKEY, DNSKEY, ANY, NSEC, RRSIG } = recordTypes;

interface Bench {
  readonly zones: ReturnType<typeof createTestZones>;
  readonly clock: TestClock;
  /** What the answers are compared with; it has its own accounts of the rate limit. */
  readonly full: (query: Uint8Array) => Uint8Array | undefined;
  readonly notices: AnswerNotices;
  /** Queries that the table could not answer. */
  misses(): number;
  ask(query: Uint8Array): Uint8Array | undefined;
}

const secrets = { current: new Uint8Array(16).fill(6) };
const octetsOfOnes: Random = { bytes: (size) => new Uint8Array(size).fill(1) };

function createBench(options: { cookies?: boolean; responsesPerSecond?: number } = {}): Bench {
  const clock = new TestClock();
  // Ed25519 signs the same octets in the same way each time.
  const zones = createTestZones(15, clock);
  const { cookies = false, responsesPerSecond } = options;
  const createOptions = (): ResponderOptions => ({
    ...(cookies && { cookies: { secrets: () => secrets, clock } }),
    ...(responsesPerSecond !== undefined && {
      rateLimiter: new RateLimiter(
        createRateLimitMemory({ responsesPerSecond }, octetsOfOnes),
        clock,
      ),
    }),
  });
  const reference = createResponder([zones.directory], createOptions());
  const ownOptions = createOptions();
  const full = createResponder([zones.directory], ownOptions);
  const memory = createAnswerTableMemory({
    answersMax: 4096,
    slotBytes: 1536,
    hashKey: new Uint8Array(8).fill(5),
  });
  let misses = 0;
  const hot = new HotResponder({
    table: new AnswerTable(memory),
    respond: (...query) => {
      misses += 1;
      return full(...query);
    },
    takeEndMs: () => zones.directory.takeEndMs(),
    clock,
    ...ownOptions,
  });
  const out = new Uint8Array(1232);
  return {
    zones,
    clock,
    full: (query) => {
      const answer = reference(query, 'udp', client);
      return answer && Uint8Array.from(answer);
    },
    notices: new AnswerNotices(memory, directoryApex),
    misses: () => misses,
    ask: (query) => {
      const size = hot.respondInto(query, out, client);
      return size === 0 ? undefined : out.slice(0, size);
    },
  };
}

function parsed(answer: Uint8Array | undefined): Message {
  const message = parseMessage(answer ?? new Uint8Array(0));
  if (message.verdict !== 'accept') throw new Error(message.message);
  return message.value;
}

const hashNames = [
  'tel:+4915123456789',
  'mailto:alice@example.com',
  'mailto:bob@example.com',
].flatMap((identifier) => {
  const names = ownerNames(identifier as 'tel:+1', nameOf(directoryApex))!;
  return [names.binding, names.sipClient, names.openpgpkey].map(formatName);
});
const names = [
  directoryApex,
  enumName(number),
  enumName('34912345678'),
  enumName('15555550100'),
  enumName('15555550199'),
  enumName('4915'),
  `_sip-client.${enumName(number)}`,
  `www.${directoryApex}`,
  `api.${directoryApex}`,
  `ns1.${directoryApex}`,
  'beta.test.',
  ...hashNames,
];
function cookieOf(sizeBytes: number): EdnsOption {
  return { code: 10, octets: new Uint8Array(sizeBytes).fill(3) };
}

/** Made as a client gets it: by asking. */
const validCookie = parsed(
  createBench({ cookies: true }).full(
    queryOf({ name: directoryApex, type: A, edns: { options: [cookieOf(8)] } }),
  ),
).edns!.options[0]!;

const edns = fc.record({
  udpPayloadBytes: fc.constantFrom(0, 512, 700, 1232, 4096),
  version: fc.constantFrom(0, 0, 0, 1),
  dnssecOk: fc.boolean(),
  compactOk: fc.boolean(),
  options: fc.constantFrom(
    [],
    [],
    [{ code: 65_001, octets: new Uint8Array(3) }],
    [cookieOf(8)],
    [validCookie],
    [validCookie],
    [cookieOf(24)],
    [cookieOf(5)],
    [validCookie, { code: 3, octets: new Uint8Array(0) }],
  ),
});
const draft: fc.Arbitrary<QueryDraft> = fc.record(
  {
    name: fc.constantFrom(...names),
    type: fc.constantFrom(...Object.values(recordTypes), 4711),
    class: fc.constantFrom(1, 1, 1, 3),
    recursionDesired: fc.boolean(),
    edns,
  },
  { requiredKeys: ['name', 'type'] },
);
const query = fc
  .tuple(draft, fc.nat(0xffff), fc.nat(0xff), fc.array(fc.nat(60), { maxLength: 12 }))
  .map(([drafted, id, flags, upperCased]) => {
    const octets = queryOf(drafted);
    octets[0] = id >> 8;
    octets[1] = id;
    octets[3] = flags;
    for (const at of upperCased) {
      const octet = octets[12 + at];
      if (octet !== undefined && octet >= 0x61 && octet <= 0x7a) octets[12 + at] = octet - 0x20;
    }
    return octets;
  });

describe('hot responder', () => {
  it.each([
    ['without cookies', {}],
    ['with cookies', { cookies: true }],
    ['with a rate limit', { responsesPerSecond: 5 }],
    ['with cookies and a rate limit', { cookies: true, responsesPerSecond: 5 }],
  ])('answers like the full responder, octet for octet, %s', (_what, options) => {
    const bench = createBench(options);
    fc.assert(
      fc.property(fc.array(query, { minLength: 1, maxLength: 40 }), (queries) => {
        bench.clock.now += 700;
        for (const one of queries) expect(bench.ask(one)).toEqual(bench.full(one));
      }),
      { numRuns: 100 },
    );
  });

  it('answers malformed queries like the full responder', () => {
    const bench = createBench({ cookies: true });
    fc.assert(
      fc.property(query, fc.nat(200), fc.nat(255), fc.boolean(), (good, place, octet, cut) => {
        const bad = cut ? good.slice(0, place) : good.slice();
        if (bad.length > 0) bad[place % bad.length] = octet;
        bench.ask(good);
        expect(bench.ask(bad)).toEqual(bench.full(bad));
      }),
      { numRuns: 3000 },
    );
  });

  it('asks once for clients with cookies and without', () => {
    const bench = createBench({ cookies: true, responsesPerSecond: 5 });
    const asked = { name: enumName(number), type: NAPTR };
    for (const options of [[validCookie], [], [validCookie]])
      expect(parsed(bench.ask(queryOf({ ...asked, edns: { options } }))).answers).toHaveLength(1);
    expect(bench.misses()).toBe(1);
  });

  it.each([
    ['a binding', { name: enumName(number), type: NAPTR }],
    ['a signed binding', { name: enumName(number), type: NAPTR, edns: { dnssecOk: true } }],
    ['client keys', { name: `_sip-client.${enumName(number)}`, type: TLSA, edns: {} }],
    ['keys of the zone', { name: directoryApex, type: DNSKEY, edns: { dnssecOk: true } }],
  ])('asks once for %s', (_what, asked) => {
    const bench = createBench();
    bench.ask(queryOf(asked));
    bench.ask(queryOf({ ...asked, name: asked.name.toUpperCase(), recursionDesired: true }));
    expect(bench.misses()).toBe(1);
  });

  it.each([
    [
      'an unregistered number',
      { name: enumName('15555550199'), type: NAPTR, edns: { dnssecOk: true } },
    ],
    ['a prefix', { name: enumName('4915'), type: A }],
    ['a name of no number', { name: `www.${directoryApex}`, type: A }],
    ['a denial that is asked for by its type', { name: enumName('15555550199'), type: NSEC }],
    ['types that nobody has', { name: enumName(number), type: 4711 }],
    ['ANY', { name: enumName(number), type: ANY }],
    ['refusals', { name: enumName(number), type: RRSIG }],
    ['another zone', { name: 'beta.test', type: A }],
    [
      'EDNS options',
      {
        name: enumName(number),
        type: A,
        edns: { options: [{ code: 65_001, octets: new Uint8Array(0) }] },
      },
    ],
  ])('keeps nothing of %s', (_what, asked) => {
    const bench = createBench();
    bench.ask(queryOf(asked));
    bench.ask(queryOf(asked));
    expect(bench.misses()).toBe(2);
  });

  it('keeps no failure', () => {
    const bench = createBench();
    bench.zones.source.isBroken = true;
    const asked = queryOf({ name: enumName(number), type: NAPTR });
    expect(parsed(bench.ask(asked)).responseCode).toBe(2);
    bench.zones.source.isBroken = false;
    expect(parsed(bench.ask(asked)).responseCode).toBe(0);
  });

  it('cuts what is larger than the client takes, kept or not', () => {
    const bench = createBench();
    const name = formatName(ownerNames(`tel:+${number}`, nameOf(directoryApex))!.openpgpkey);
    const asked = (udpPayloadBytes: number): Uint8Array =>
      queryOf({ name, type: OPENPGPKEY, edns: { udpPayloadBytes } });
    expect(parsed(bench.ask(asked(1232))).truncated).toBe(false);
    expect(parsed(bench.ask(asked(512))).truncated).toBe(true);
    expect(parsed(bench.ask(asked(1232))).truncated).toBe(false);
  });
});

describe('notices of changes', () => {
  it('end the answers of a binding, of every name and type', () => {
    const bench = createBench();
    const owners = ownerNames(`tel:+${number}`, nameOf(directoryApex))!;
    const queries = [
      queryOf({ name: enumName(number), type: NAPTR, edns: { dnssecOk: true } }),
      queryOf({ name: enumName(number), type: TXT }),
      queryOf({ name: enumName(number), type: A, edns: {} }),
      queryOf({ name: formatName(owners.sipClient), type: TLSA }),
      queryOf({ name: formatName(owners.openpgpkey), type: A }),
    ];
    const before = queries.map((asked) => bench.ask(asked));
    bench.zones.source.publish({ identifier: `tel:+${number}`, visibility: 'api' });
    expect(queries.map((asked) => bench.ask(asked))).toEqual(before);
    bench.notices.bindingsChanged([`tel:+${number}`]);
    for (const asked of queries) expect(parsed(bench.ask(asked)).answers).toEqual([]);
  });

  it('leave the answers of other names alone', () => {
    const bench = createBench();
    const asked = queryOf({ name: directoryApex, type: DNSKEY, edns: { dnssecOk: true } });
    bench.ask(asked);
    bench.notices.bindingsChanged([`tel:+${number}`]);
    bench.ask(asked);
    expect(bench.misses()).toBe(1);
  });

  it('end everything when everything changed', () => {
    const bench = createBench();
    const asked = queryOf({ name: directoryApex, type: DNSKEY });
    bench.ask(asked);
    bench.notices.everythingChanged();
    bench.ask(asked);
    expect(bench.misses()).toBe(2);
  });

  it('reach an answer that is being made', () => {
    const bench = createBench();
    const asked = queryOf({ name: enumName(number), type: NAPTR });
    const read = bench.zones.source.byDigits.bind(bench.zones.source);
    bench.zones.source.byDigits = (digits) => {
      const binding = read(digits);
      bench.zones.source.publish({ identifier: `tel:+${number}`, visibility: 'api' });
      bench.notices.bindingsChanged([`tel:+${number}`]);
      return binding;
    };
    expect(parsed(bench.ask(asked)).answers).toHaveLength(1);
    expect(parsed(bench.ask(asked)).answers).toHaveLength(0);
  });
});

describe('age of a kept answer', () => {
  it('is an hour at most', () => {
    const bench = createBench();
    const asked = queryOf({ name: enumName(number), type: NAPTR });
    bench.ask(asked);
    bench.clock.now += 3_599_000;
    bench.ask(asked);
    expect(bench.misses()).toBe(1);
    bench.clock.now += 1_000;
    expect([bench.ask(asked), bench.misses()]).toEqual([expect.anything(), 2]);
  });

  it('does not outlive a clock that was ahead: no signature begins in the future', () => {
    const bench = createBench();
    const asked = queryOf({ name: enumName(number), type: NAPTR, edns: { dnssecOk: true } });
    const rightMs = bench.clock.now;
    for (const hours of [2, 168]) {
      bench.clock.now += hours * 3_600_000;
      bench.ask(asked);
      bench.clock.now = rightMs;
      const { rdata } = parsed(bench.ask(asked)).answers.at(-1)!;
      expect(Buffer.from(rdata).readUInt32BE(12) * 1000).toBeLessThanOrEqual(rightMs);
    }
  });

  it('ends before less than two days are left of a signature', () => {
    const bench = createBench();
    const asked = queryOf({ name: enumName(number), type: NAPTR, edns: { dnssecOk: true } });
    const daysMs = 86_400_000;
    const start = bench.clock.now;
    for (let day = 0; day < 14; day += 1 / 64) {
      bench.clock.now = start + Math.floor(day * daysMs);
      const rrsig = parsed(bench.ask(asked)).answers.at(-1)!;
      const expiry = new DataView(rrsig.rdata.buffer, rrsig.rdata.byteOffset).getUint32(8);
      expect(expiry * 1000 - bench.clock.now).toBeGreaterThan(2 * daysMs);
    }
  });
});

describe('a binding that its holder does not confirm', () => {
  const dayMs = 86_400_000;
  const ask = queryOf({ name: enumName(number), type: NAPTR });

  it('is answered for 460 days, not a second longer, and again after an update', () => {
    const bench = createBench();
    const changedAtMs = bench.clock.now;
    const publish = (at: number) =>
      bench.zones.source.publish({ identifier: `tel:+${number}`, changedAtMs: at });
    publish(changedAtMs);
    const countBoth = (): number[] => {
      const answers = [parsed(bench.full(ask)), parsed(bench.ask(ask)), parsed(bench.ask(ask))];
      return answers.map((answer) => answer.answers.length);
    };
    bench.clock.now = changedAtMs + 460 * dayMs - 1000;
    expect(countBoth()).toEqual([1, 1, 1]);
    const misses = bench.misses();
    expect(parsed(bench.ask(ask)).answers).toHaveLength(1);
    expect(bench.misses()).toBe(misses);
    bench.clock.now += 999;
    expect(countBoth()).toEqual([1, 1, 1]);
    bench.clock.now += 1;
    expect(countBoth()).toEqual([0, 0, 0]);
    publish(bench.clock.now);
    bench.notices.bindingsChanged([`tel:+${number}`]);
    expect(countBoth()).toEqual([1, 1, 1]);
  });

  it('is denied like a number that nobody has', () => {
    const bench = createBench();
    bench.zones.source.publish({ identifier: 'tel:+4915123456780', changedAtMs: 0 });
    bench.clock.now = 460 * dayMs;
    const denial = (digits: string) => {
      const answer = bench.full(queryOf({ name: enumName(digits), type: NAPTR }))!;
      return { ...parsed(answer), questions: [], id: 0 };
    };
    expect(denial('4915123456780')).toEqual(denial('4915123456781'));
  });
});
