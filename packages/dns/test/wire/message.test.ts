/** Messages: round trips, compression, pointers that loop, and an independent decoder. */
import dnsPacket from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  encodeExtendedError,
  encodeMessage,
  encodeRdata,
  formatName,
  joinLabels,
  parseExtendedErrors,
  parseMessage,
  recordTypes,
} from '@callbook/dns/wire';
import type { Message, ResourceRecord } from '@callbook/dns/wire';
import { nameOf } from '../test-zones.ts';

const uint16 = fc.integer({ min: 0, max: 65_535 });
const name = fc
  .array(fc.uint8Array({ minLength: 1, maxLength: 4 }), { maxLength: 4 })
  .map((labels) => joinLabels(labels, nameOf('example'))!);
const rdata = fc.oneof(
  fc.record({ type: fc.constant(65_280), rdata: fc.uint8Array({ maxLength: 30 }) }),
  name.map((nameserver) => ({ type: recordTypes.NS, rdata: nameserver.wire })),
  fc.tuple(name, fc.uint8Array({ minLength: 20, maxLength: 20 })).map(([host, numbers]) => ({
    type: recordTypes.SOA,
    rdata: Uint8Array.of(...host.wire, ...host.wire, ...numbers),
  })),
  name.map((host) => ({ type: recordTypes.MX, rdata: Uint8Array.of(0, 10, ...host.wire) })),
);
const record: fc.Arbitrary<ResourceRecord> = fc
  .tuple(name, fc.integer({ min: 0, max: 2 ** 32 - 1 }), rdata)
  .map(([owner, ttlSeconds, typed]) => ({ owner, class: 1, ttlSeconds, ...typed }));
const edns = fc.record({
  udpPayloadBytes: uint16,
  version: fc.integer({ min: 0, max: 255 }),
  dnssecOk: fc.boolean(),
  compactOk: fc.boolean(),
  options: fc.array(fc.record({ code: uint16, octets: fc.uint8Array({ maxLength: 20 }) }), {
    maxLength: 3,
  }),
});
const message: fc.Arbitrary<Message> = fc
  .record({
    id: uint16,
    isResponse: fc.boolean(),
    opcode: fc.integer({ min: 0, max: 15 }),
    authoritative: fc.boolean(),
    truncated: fc.boolean(),
    recursionDesired: fc.boolean(),
    recursionAvailable: fc.boolean(),
    authenticData: fc.boolean(),
    checkingDisabled: fc.boolean(),
    responseCode: fc.integer({ min: 0, max: 4095 }),
    questions: fc.array(fc.record({ name, type: uint16, class: uint16 }), { maxLength: 2 }),
    answers: fc.array(record, { maxLength: 4 }),
    authorities: fc.array(record, { maxLength: 3 }),
    additionals: fc.array(record, { maxLength: 3 }),
    edns: fc.option(edns, { nil: undefined }),
  })
  .map((drawn) => (drawn.edns ? drawn : { ...drawn, responseCode: drawn.responseCode & 15 }));

function plain(value: Message): unknown {
  return JSON.parse(
    JSON.stringify(value, (_field, inner: unknown) => {
      if (inner instanceof Uint8Array) return inner.toHex();
      return inner !== null && typeof inner === 'object' && 'wire' in inner
        ? (inner.wire as Uint8Array).toHex().toLowerCase()
        : inner;
    }),
  );
}

const optHex = '00002904d0000000000000';

function headerHex(...counts: readonly [number, number, number, number]): string {
  return `12348400${counts.map((count) => count.toString(16).padStart(4, '0')).join('')}`;
}

/** A response with one answer whose owner is the octets given, at offset 12 + 5 + 4. */
function withOwner(ownerHex: string): Uint8Array {
  const question = '037777770000010001';
  return Uint8Array.fromHex(
    `${headerHex(1, 1, 0, 0)}${question}${ownerHex}00010001000000000004c0000201`,
  );
}

describe('encodeMessage and parseMessage', () => {
  it('are inverse, case of compressed names aside', () => {
    fc.assert(
      fc.property(message, (drawn) => {
        const parsed = parseMessage(encodeMessage(drawn));
        expect(parsed.verdict).toBe('accept');
        if (parsed.verdict === 'accept')
          expect(lowerHexLetters(plain(parsed.value))).toEqual(lowerHexLetters(plain(drawn)));
      }),
      { numRuns: 2000 },
    );
  });

  it('writes a repeated name once', () => {
    const owner = nameOf('a.long.name.example');
    const records = [1, 2, 3].map(() => ({
      owner,
      type: recordTypes.NS,
      class: 1,
      ttlSeconds: 1,
      rdata: nameOf('ns.name.example').wire,
    }));
    const bytes = encodeMessage({ ...emptyMessage, answers: records });
    const first = owner.wire.length + 10 + 3 + 2;
    expect(bytes.length).toBe(12 + first + 2 * (2 + 10 + 2));
    const decoded = dnsPacket.decode(Buffer.from(bytes));
    expect(decoded.answers.map((answer) => answer.name)).toEqual(
      Array.from({ length: 3 }, () => 'a.long.name.example'),
    );
  });

  it('does not compress names in types after RFC 1035', () => {
    const target = nameOf('ns.name.example');
    const records = [recordTypes.SRV, recordTypes.SRV].map((type) => ({
      owner: target,
      type,
      class: 1,
      ttlSeconds: 1,
      rdata: Uint8Array.of(0, 0, 0, 0, 0, 53, ...target.wire),
    }));
    const bytes = encodeMessage({ ...emptyMessage, answers: records });
    const rdataBytes = 6 + target.wire.length;
    expect(bytes.length).toBe(12 + target.wire.length + 10 + rdataBytes + 2 + 10 + rdataBytes);
  });

  it('says TC, keeps question and OPT and drops records that do not fit', () => {
    const options = [{ code: 10, octets: new Uint8Array(8) }];
    const whole: Message = {
      ...emptyMessage,
      questions: [{ name: nameOf('example'), type: 16, class: 1 }],
      answers: [
        {
          owner: nameOf('example'),
          type: 16,
          class: 1,
          ttlSeconds: 1,
          rdata: encodeRdata({ type: 'TXT', strings: [new Uint8Array(200)] }),
        },
      ],
      edns: { udpPayloadBytes: 512, version: 0, dnssecOk: true, compactOk: false, options },
    };
    const size = encodeMessage(whole).length;
    const parsed = parseMessage(encodeMessage(whole, size - 1));
    expect(parsed).toMatchObject({
      value: { truncated: true, answers: [], edns: { options }, questions: [{ type: 16 }] },
    });
    expect(parseMessage(encodeMessage(whole, size))).toMatchObject({ value: { truncated: false } });
  });
});

describe('parseMessage', () => {
  it('follows a pointer to an earlier name', () => {
    expect(parseMessage(withOwner('c00c'))).toMatchObject({ verdict: 'accept' });
  });

  it.each([
    ['a pointer to itself', 'c015'],
    ['a pointer forward', 'c020'],
    ['two pointers that name each other', '0161c017c015'],
    ['a pointer to the label before it', '0161c015'],
    ['a reserved label type 01', '4161'],
    ['a reserved label type 10', '8161'],
    ['a pointer cut off', 'c0'],
  ])('refuses %s', (_what, ownerHex) => {
    expect(parseMessage(withOwner(ownerHex))).toMatchObject({ code: 'dns_message_malformed' });
  });

  it.each([
    [3, 'accept'],
    [4, 'reject'],
  ])('takes a name of %i labels of 63 octets, joined by pointers, with %s', (count, verdict) => {
    // Each question but the first points to the one before: 3 × 64 + 1 octets, then 257.
    const label = `3f${'61'.repeat(63)}`;
    const names = [`${label}00`, `${label}c00c`, `${label}c051`, `${label}c097`].slice(0, count);
    const questions = names.map((hex) => `${hex}00010001`).join('');
    const bytes = Uint8Array.fromHex(`${headerHex(count, 0, 0, 0)}${questions}`);
    expect(parseMessage(bytes).verdict).toBe(verdict);
  });

  it.each([
    [126, 'accept'],
    [127, 'accept'],
    [128, 'reject'],
  ])('takes a name by %i pointers with %s', (jumps, verdict) => {
    // Opaque RDATA at offset 23: a root name, then pointers each to the one before.
    const start = 23;
    const chain = Array.from({ length: jumps - 1 }, (_, index) =>
      pointerHex(index === 0 ? start : start + 1 + (index - 1) * 2),
    );
    const rdata = `00${chain.join('')}`;
    const size = (rdata.length / 2).toString(16).padStart(4, '0');
    const carrier = `00ff00000100000000${size}${rdata}`;
    const owner = pointerHex(start + 1 + (jumps - 2) * 2);
    const bytes = `${headerHex(0, 2, 0, 0)}${carrier}${owner}ff000001000000000000`;
    expect(parseMessage(Uint8Array.fromHex(bytes)).verdict).toBe(verdict);
  });

  it('takes one OPT in the additional section', () => {
    const bytes = Uint8Array.fromHex(`${headerHex(0, 0, 0, 1)}${optHex}`);
    expect(parseMessage(bytes)).toMatchObject({ value: { edns: { udpPayloadBytes: 1232 } } });
  });

  it.each([
    ['OPT in the answers', `${headerHex(0, 1, 0, 0)}${optHex}`],
    ['OPT in the authority section', `${headerHex(0, 0, 1, 0)}${optHex}`],
    ['two OPT', `${headerHex(0, 0, 0, 2)}${optHex}${optHex}`],
    ['OPT with a name', `${headerHex(0, 0, 0, 1)}0161${optHex}`],
    ['an option longer than OPT', `${headerHex(0, 0, 0, 1)}${optHex.slice(0, -4)}0004000a0001`],
    ['octets after the end', `${headerHex(0, 0, 0, 0)}00`],
    ['11 octets', headerHex(0, 0, 0, 0).slice(2)],
    ['a count without records', headerHex(0, 1, 0, 0)],
    ['NS longer than its name', `${headerHex(0, 1, 0, 0)}000002000100000000000300ffff`],
    ['NS shorter than its name', `${headerHex(0, 1, 0, 0)}00000200010000000000010161`],
  ])('refuses %s', (_what, hex) => {
    expect(parseMessage(Uint8Array.fromHex(hex))).toMatchObject({ code: 'dns_message_malformed' });
  });
});

describe('extended errors', () => {
  it('are read back, and those without a code left out', () => {
    const option = encodeExtendedError({ infoCode: 30, text: 'why' });
    expect(parseExtendedErrors([option, { code: 15, octets: Uint8Array.of(1) }])).toEqual([
      { infoCode: 30, text: 'why' },
    ]);
  });
});

const emptyMessage: Message = {
  id: 1,
  isResponse: true,
  opcode: 0,
  authoritative: true,
  truncated: false,
  recursionDesired: false,
  recursionAvailable: false,
  authenticData: false,
  checkingDisabled: false,
  responseCode: 0,
  questions: [],
  answers: [],
  authorities: [],
  additionals: [],
  edns: undefined,
};

function pointerHex(offset: number): string {
  return (0xc000 | offset).toString(16);
}

/** Lower-cases the letters A–Z that stand as octets in hexadecimal. */
function lowerHexLetters(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value).replaceAll(/"((?:[\da-f]{2})+)"/g, (_whole, hex: string) =>
      JSON.stringify(
        Uint8Array.fromHex(hex)
          .map((octet) => (octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet))
          .toHex(),
      ),
    ),
  );
}

it('formats names of parsed messages', () => {
  const parsed = parseMessage(withOwner('c00c'));
  expect(parsed.verdict === 'accept' && formatName(parsed.value.answers[0]!.owner)).toBe('www.');
});
