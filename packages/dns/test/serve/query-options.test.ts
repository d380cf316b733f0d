/** EDNS options, TSIG and meta-types, and what of them depends on the transport. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCookieSecrets, createResponder } from '@callbook/dns';
import type { ResponderOptions, Transport } from '@callbook/dns';
import {
  canonicalRdata,
  encodeMessage,
  ednsOptionCodes,
  formatName,
  parseExtendedErrors,
  parseMessage,
  recordTypes,
} from '@callbook/dns/wire';
import type { EdnsOption, Message, ResourceRecord } from '@callbook/dns/wire';
import {
  createTestZones,
  directoryApex,
  enumName,
  nameOf,
  queryOf,
  TestClock,
} from '../test-zones.ts';
import type { QueryDraft } from '../test-zones.ts';

const random = {
  bytes: (size: number): Uint8Array => crypto.getRandomValues(new Uint8Array(size)),
};
const clock = new TestClock();
const secrets = createCookieSecrets(random);
const nsid = new TextEncoder().encode('alpha-1');
const zones = createTestZones();
const respond = responderWith({ cookies: { secrets: () => secrets, clock }, nsid });
const client = { octets: Uint8Array.of(192, 0, 2, 1), port: 5353 };
const number = enumName('4915123456789');
const { NAPTR, SOA, TSIG } = recordTypes;
const { cookie, nsid: nsidCode, padding, tcpKeepalive } = ednsOptionCodes;

function responderWith(options: ResponderOptions): typeof respondPlain {
  return createResponder([zones.root, zones.test, zones.directory], options);
}
const respondPlain = createResponder([zones.directory]);

function parsed(response: Uint8Array | undefined): Message {
  if (response === undefined) throw new Error('no response');
  const message = parseMessage(response);
  if (message.verdict !== 'accept') throw new Error(message.message);
  return message.value;
}

function ask(query: Uint8Array, transport: Transport = 'udp'): Message {
  return parsed(respond(query, transport, client));
}

function askWith(options: readonly EdnsOption[], transport: Transport = 'udp'): Message {
  return ask(queryOf({ name: number, type: NAPTR, edns: { options } }), transport);
}

function optionOf(message: Message, code: number): Uint8Array | undefined {
  return message.edns?.options.find((option) => option.code === code)?.octets;
}

const clientCookie = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);

/** A query without a question. */
function cookieQuery(options: readonly EdnsOption[]): Uint8Array {
  const draft = parsed(queryOf({ name: number, type: NAPTR, edns: { options } }));
  return encodeMessage({ ...draft, questions: [] });
}

describe('COOKIE', () => {
  it.each(['udp', 'tcp', 'tls'] as const)(
    'is answered with a server cookie over %s',
    (transport) => {
      const first = askWith([{ code: cookie, octets: clientCookie }], transport);
      const answer = optionOf(first, cookie)!;
      expect(first).toMatchObject({ responseCode: 0, answers: [{ type: NAPTR }] });
      expect(answer.subarray(0, 8)).toEqual(clientCookie);
      expect(answer).toHaveLength(24);
      expect(optionOf(askWith([{ code: cookie, octets: answer }], transport), cookie)).toEqual(
        answer,
      );
    },
  );

  it('that is wrong is answered like none, with a new one', () => {
    const octets = new Uint8Array(24).fill(7);
    const message = askWith([{ code: cookie, octets }]);
    expect(message).toMatchObject({ responseCode: 0, answers: [{ type: NAPTR }] });
    expect(optionOf(message, cookie)).toHaveLength(24);
  });

  it.each([0, 7, 9, 15, 41])('of %i octets is FORMERR', (size) => {
    const message = askWith([{ code: cookie, octets: new Uint8Array(size) }]);
    expect(message).toMatchObject({ responseCode: 1, answers: [], questions: [{ type: NAPTR }] });
    expect(message.edns!.options).toEqual([]);
  });

  it('that comes several times counts once, the first time', () => {
    const second = { code: cookie, octets: new Uint8Array(3) };
    const message = askWith([{ code: cookie, octets: clientCookie }, second]);
    expect(message.responseCode).toBe(0);
    expect(message.edns!.options).toHaveLength(1);
  });

  it('without a question asks for a server cookie', () => {
    const first = ask(cookieQuery([{ code: cookie, octets: clientCookie }]));
    expect(first).toMatchObject({ responseCode: 0, questions: [], answers: [], authorities: [] });
    const answer = optionOf(first, cookie)!;
    expect(ask(cookieQuery([{ code: cookie, octets: answer }])).responseCode).toBe(0);
    const wrong = Uint8Array.from(answer);
    wrong[23]! ^= 1;
    const refused = ask(cookieQuery([{ code: cookie, octets: wrong }]));
    expect(refused.responseCode).toBe(23);
    expect(optionOf(refused, cookie)).toEqual(answer);
    expect(ask(cookieQuery([{ code: cookie, octets: new Uint8Array(9) }])).responseCode).toBe(1);
    expect(ask(cookieQuery([])).responseCode).toBe(1);
  });

  it('is ignored where cookies are off', () => {
    const query = queryOf({
      name: number,
      type: NAPTR,
      edns: { options: [{ code: cookie, octets: new Uint8Array(3) }] },
    });
    expect(parsed(respondPlain(query, 'udp', client))).toMatchObject({
      responseCode: 0,
      edns: { options: [] },
    });
    const noQuestion = cookieQuery([{ code: cookie, octets: clientCookie }]);
    expect(parsed(respondPlain(noQuestion, 'udp', client)).responseCode).toBe(1);
  });

  it('of another version of EDNS is not looked at', () => {
    const options = [{ code: cookie, octets: new Uint8Array(3) }];
    const message = ask(queryOf({ name: number, type: NAPTR, edns: { version: 1, options } }));
    expect(message).toMatchObject({ responseCode: 16, edns: { version: 0, options: [] } });
  });
});

describe('NSID', () => {
  it.each([0, 5])('is sent to who asks for it, also with %i octets', (size) => {
    const message = askWith([{ code: nsidCode, octets: new Uint8Array(size) }]);
    expect(optionOf(message, nsidCode)).toEqual(nsid);
  });

  it('is not sent unasked, or when there is none', () => {
    expect(optionOf(askWith([]), nsidCode)).toBeUndefined();
    const options = [{ code: nsidCode, octets: new Uint8Array(0) }];
    const query = queryOf({ name: number, type: NAPTR, edns: { options } });
    expect(parsed(respondPlain(query, 'udp')).edns!.options).toEqual([]);
  });

  it('has at most 64 octets', () => {
    expect(() => responderWith({ nsid: new Uint8Array(65) })).toThrow('NSID');
  });
});

describe('TCP keepalive', () => {
  const options = [{ code: tcpKeepalive, octets: new Uint8Array(0) }];

  it('is answered with the idle time, in tenths of seconds', () => {
    for (const transport of ['tcp', 'tls'] as const)
      expect(optionOf(askWith(options, transport), tcpKeepalive)).toEqual(Uint8Array.of(0, 100));
  });

  it('is ignored over UDP', () => {
    expect(optionOf(askWith(options), tcpKeepalive)).toBeUndefined();
  });
});

describe('padding', () => {
  const options = [{ code: padding, octets: new Uint8Array(11) }];
  const drafts: readonly QueryDraft[] = [
    { name: number, type: NAPTR },
    { name: enumName('8199'), type: NAPTR, edns: { dnssecOk: true } },
    { name: directoryApex, type: recordTypes.DNSKEY, edns: { dnssecOk: true } },
    { name: directoryApex, type: recordTypes.AXFR },
    { name: directoryApex, type: recordTypes.NXNAME },
    { name: 'other.example', type: SOA },
  ];

  it.each(drafts)('brings the answer to $name $type to whole blocks over TLS', (draft) => {
    const query = queryOf({ ...draft, edns: { ...draft.edns, options } });
    const response = respond(query, 'tls', client)!;
    expect(response.length % 468).toBe(0);
    const plain = respond(queryOf({ ...draft, edns: draft.edns ?? {} }), 'tls', client)!;
    expect(response.length - plain.length).toBeLessThan(468 + 4);
    expect(optionOf(parsed(response), padding)!.every((octet) => octet === 0)).toBe(true);
  });

  it('goes with every other option', () => {
    const all = [
      { code: nsidCode, octets: new Uint8Array(0) },
      { code: cookie, octets: clientCookie },
      { code: tcpKeepalive, octets: new Uint8Array(0) },
      ...options,
    ];
    const query = queryOf({ name: directoryApex, type: recordTypes.AXFR, edns: { options: all } });
    const response = respond(query, 'tls', client)!;
    expect(response.length).toBe(468);
    const codes = parsed(response).edns!.options.map(({ code }) => code);
    expect(codes).toEqual([cookie, nsidCode, tcpKeepalive, 15, padding]);
  });

  it('stops at the limit of a message', () => {
    const wide = createTestZones();
    const routes = Array.from({ length: 256 }, (_, index) => ({
      service: 'sip' as const,
      uri: `sip:${'a'.repeat(160)}${index}@sip.example`,
      preference: index,
    }));
    wide.source.publish({ identifier: 'tel:+447700900001', routes });
    const name = enumName('447700900001');
    const query = queryOf({ name, type: NAPTR, edns: { options, dnssecOk: true } });
    const response = createResponder([wide.directory])(query, 'tls', client)!;
    expect(response.length).toBeGreaterThan(50_000);
    expect(response.length % 468 === 0 || response.length === 65_535).toBe(true);
  });

  it('is not sent unasked, or in clear text', () => {
    expect(optionOf(askWith([], 'tls'), padding)).toBeUndefined();
    expect(optionOf(askWith(options, 'tcp'), padding)).toBeUndefined();
    expect(optionOf(askWith(options, 'udp'), padding)).toBeUndefined();
  });
});

describe('TSIG', () => {
  const signature: ResourceRecord = {
    owner: nameOf('key.example'),
    type: TSIG,
    class: 255,
    ttlSeconds: 0,
    rdata: Uint8Array.of(
      ...nameOf('hmac-sha256').wire,
      ...Uint8Array.fromHex('000068686868012c0020'),
      ...new Uint8Array(32).fill(5),
      ...Uint8Array.fromHex('432100000000'),
    ),
  };
  const draft = parsed(queryOf({ name: number, type: NAPTR }));

  function askSigned(additionals: readonly ResourceRecord[]): Message {
    return ask(encodeMessage({ ...draft, additionals }));
  }

  it('is told that its key is unknown, unsigned', () => {
    const message = askSigned([signature]);
    expect(message).toMatchObject({ responseCode: 9, authoritative: false, answers: [] });
    const [told] = message.additionals;
    expect(told).toMatchObject({ type: TSIG, class: 255, ttlSeconds: 0 });
    expect(formatName(told!.owner)).toBe('key.example.');
    // Time and fudge as they came, no MAC, original id, BADKEY, nothing else.
    expect(told!.rdata.subarray(13).toHex()).toBe('000068686868012c0000432100110000');
  });

  it('is the last record, after OPT, also when the answer is padded', () => {
    const edns = parsed(
      queryOf({
        name: number,
        type: NAPTR,
        edns: { options: [{ code: padding, octets: new Uint8Array(0) }] },
      }),
    ).edns;
    const query = encodeMessage({ ...draft, additionals: [], edns });
    // TSIG comes last, after the OPT that the encoder writes last.
    const withSignature = encodeMessage({ ...draft, additionals: [signature] });
    const record = withSignature.subarray(queryOf({ name: number, type: NAPTR }).length);
    const signed = Uint8Array.of(...query, ...record);
    signed[11] = 2;
    const response = respond(signed, 'tls', client)!;
    expect(response.length % 468).toBe(0);
    expect(parsed(response)).toMatchObject({ responseCode: 9, additionals: [{ type: TSIG }] });
  });

  it.each([
    ['is not last', [signature, { ...signature, type: 1, class: 1, rdata: new Uint8Array(4) }]],
    ['comes twice', [signature, signature]],
    ['is of class IN', [{ ...signature, class: 1 }]],
    ['has a TTL', [{ ...signature, ttlSeconds: 1 }]],
    ['is cut off', [{ ...signature, rdata: signature.rdata.slice(0, -1) }]],
    ['goes on after its end', [{ ...signature, rdata: Uint8Array.of(...signature.rdata, 0) }]],
    ['is empty', [{ ...signature, rdata: new Uint8Array(0) }]],
  ])('that %s is FORMERR', (_what, additionals) => {
    expect(askSigned(additionals)).toMatchObject({ responseCode: 1, additionals: [] });
  });

  it('with names too long for the answer is told so by a header', () => {
    const long = `${'a'.repeat(60)}.`.repeat(4);
    const query = encodeMessage({
      ...parsed(queryOf({ name: `b.${long}`, type: NAPTR })),
      additionals: [
        {
          ...signature,
          owner: nameOf(long),
          rdata: Uint8Array.of(...nameOf(long).wire, ...signature.rdata.subarray(13)),
        },
      ],
    });
    const response = respond(query, 'udp', client)!;
    expect(response).toHaveLength(12);
    expect(response[3]! & 15).toBe(9);
  });
});

describe('meta-types', () => {
  it.each([41, 249, 250])('%i as QTYPE is FORMERR with EDE 30', (type) => {
    const message = ask(queryOf({ name: number, type, edns: {} }));
    expect(message.responseCode).toBe(1);
    expect(parseExtendedErrors(message.edns!.options).map(({ infoCode }) => infoCode)).toEqual([
      30,
    ]);
  });

  it.each([253, 254])('%i is NOTIMP', (type) => {
    expect(ask(queryOf({ name: number, type, edns: {} })).responseCode).toBe(4);
  });

  it.each([129, 200, 248, 65_535])('%i, which nobody knows, is denied like any type', (type) => {
    const message = ask(queryOf({ name: number, type }));
    expect(message).toMatchObject({ responseCode: 0, authorities: [{ type: SOA }] });
  });
});

describe('the case of a question (0x20)', () => {
  const names = [number, `_sip-client.${number}`, directoryApex, 'x.plain.test', 'no.such.example'];

  it('comes back octet by octet in every answer, and what is signed does not depend on it', () => {
    const types = [NAPTR, SOA, recordTypes.NS, recordTypes.AXFR, recordTypes.ANY, 250];
    fc.assert(
      fc.property(
        fc.constantFrom(...names),
        fc.constantFrom(...types),
        fc.array(fc.boolean(), { minLength: 64, maxLength: 64 }),
        (name, type, raised) => {
          const lower = queryOf({ name, type, edns: { dnssecOk: true } });
          const mixed = Uint8Array.from(lower);
          const end = 12 + nameOf(name).wire.length;
          for (let at = 12; at < end; at += 1)
            if (raised[at % 64] === true && mixed[at]! >= 0x61 && mixed[at]! <= 0x7a)
              mixed[at]! -= 0x20;
          const [toLower, toMixed] = [
            respond(lower, 'udp', client)!,
            respond(mixed, 'udp', client)!,
          ];
          expect(toMixed.subarray(12, end + 4)).toEqual(mixed.subarray(12, end + 4));
          expect(toMixed.length).toBe(toLower.length);
          // Names in SOA and NS are compressed to the question's; signed they are lower-cased.
          const rdatas = (response: Uint8Array): Uint8Array[] =>
            [...parsed(response).answers, ...parsed(response).authorities].map(({ type, rdata }) =>
              canonicalRdata(type, rdata),
            );
          expect(rdatas(toMixed)).toEqual(rdatas(toLower));
        },
      ),
      { numRuns: 500 },
    );
  });
});
