/** RDATA of every type that is known, bit maps, addresses, and the canonical form. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canonicalOrder,
  canonicalRdata,
  encodeRdata,
  encodeTypeBitmap,
  formatIpAddress,
  parseIpAddress,
  parseRdata,
  parseTypeBitmap,
  recordTypes,
} from '@callbook/dns/wire';
import type { Rdata } from '@callbook/dns/wire';
import { nameOf } from '../test-zones.ts';

const octets = Uint8Array.fromHex('00ff10');
const samples: Exclude<Rdata, { type: 'opaque' }>[] = [
  { type: 'A', address: '192.0.2.1' },
  { type: 'AAAA', address: '2001:db8::1' },
  { type: 'NS', nameserver: nameOf('ns.example') },
  {
    type: 'SOA',
    primary: nameOf('ns.example'),
    contact: nameOf('hostmaster.example'),
    serial: 4_294_967_295,
    refreshSeconds: 1,
    retrySeconds: 2,
    expireSeconds: 3,
    minimumSeconds: 4,
  },
  { type: 'TXT', strings: [octets, new Uint8Array(0), new Uint8Array(255)] },
  {
    type: 'NAPTR',
    order: 100,
    preference: 65_535,
    flags: 'u',
    services: 'E2U+sip',
    regexp: '!^.*$!sip:alice@sip.example!',
    replacement: nameOf('.'),
  },
  { type: 'TLSA', usage: 3, selector: 1, matchingType: 1, association: octets },
  { type: 'OPENPGPKEY', certificate: octets },
  { type: 'DNSKEY', flags: 257, protocol: 3, algorithm: 13, publicKey: octets },
  { type: 'CDNSKEY', flags: 257, protocol: 3, algorithm: 15, publicKey: octets },
  { type: 'DS', keyTag: 65_535, algorithm: 13, digestType: 2, digest: octets },
  { type: 'CDS', keyTag: 0, algorithm: 13, digestType: 2, digest: octets },
  {
    type: 'RRSIG',
    typeCovered: 35,
    algorithm: 13,
    labelCount: 16,
    originalTtlSeconds: 300,
    expirationSeconds: 4_294_967_295,
    inceptionSeconds: 0,
    keyTag: 1,
    signer: nameOf('example'),
    signature: octets,
  },
  { type: 'NSEC', next: nameOf(String.raw`\000.example`), types: [1, 46, 47, 128, 256, 65_535] },
];

describe('parseRdata', () => {
  it.each(samples)('reads back $type', (rdata) => {
    const parsed = parseRdata(recordTypes[rdata.type], encodeRdata(rdata));
    expect(parsed).toEqual({ verdict: 'accept', value: rdata });
  });

  it.each(samples)('refuses $type cut off by one octet or with one too many', (rdata) => {
    const whole = encodeRdata(rdata);
    const isOpenEnded = ['TLSA', 'OPENPGPKEY', 'DNSKEY', 'CDNSKEY', 'DS', 'CDS', 'RRSIG'];
    if (isOpenEnded.includes(rdata.type)) return;
    const type = recordTypes[rdata.type];
    expect(parseRdata(type, whole.subarray(0, -1))).toMatchObject({ code: 'dns_rdata_malformed' });
    expect(parseRdata(type, Uint8Array.of(...whole, 7))).toMatchObject({
      code: 'dns_rdata_malformed',
    });
  });

  it('leaves unknown types and HTTPS opaque', () => {
    for (const type of [recordTypes.HTTPS, 65_280])
      expect(parseRdata(type, octets)).toEqual({
        verdict: 'accept',
        value: { type: 'opaque', octets },
      });
  });

  it('never throws, whatever the type and octets', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 70 }),
        fc.uint8Array({ maxLength: 60 }),
        (type, bytes) => {
          expect(['accept', 'reject']).toContain(parseRdata(type, bytes).verdict);
        },
      ),
      { numRuns: 20_000 },
    );
  });
});

describe('encodeRdata', () => {
  it('refuses a character-string over 255 octets and an address of the other family', () => {
    expect(() => encodeRdata({ type: 'TXT', strings: [new Uint8Array(256)] })).toThrow(RangeError);
    expect(() => encodeRdata({ type: 'A', address: '::1' })).toThrow(RangeError);
  });
});

describe('type bit maps', () => {
  it('has the octets of the example in RFC 4034 §4.3', () => {
    // A MX RRSIG NSEC TYPE1234
    const octets = `0006400100000003041b${'00'.repeat(26)}20`;
    expect(encodeTypeBitmap([1234, 47, 46, 15, 1]).toHex()).toBe(octets);
  });

  it('reads back every set of types', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 65_535 })), (types) => {
        const ascending = [...types].sort((left, right) => left - right);
        expect(parseTypeBitmap(encodeTypeBitmap(types))).toEqual({
          verdict: 'accept',
          value: ascending,
        });
      }),
    );
  });

  it.each([
    ['windows out of order', '010180000180'],
    ['a window twice', '000180000180'],
    ['an empty window', '0000'],
    ['a trailing zero octet', '00028000'],
    ['a window over 32 octets', `0021${'ff'.repeat(33)}`],
    ['a window cut off', '000280'],
  ])('refuses %s', (_what, hex) => {
    expect(parseTypeBitmap(Uint8Array.fromHex(hex))).toMatchObject({ code: 'dns_rdata_malformed' });
  });
});

describe('addresses', () => {
  it.each([
    ['0.0.0.0', '0.0.0.0'],
    ['255.255.255.255', '255.255.255.255'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['0:0:1:0:0:0:1:0', '0:0:1::1:0'],
    ['::ffff:192.0.2.1', '::ffff:c000:201'],
    ['10:100:1000::', '10:100:1000::'],
  ])('reads %s and writes %s', (text, canonical) => {
    const address = parseIpAddress(text);
    expect(address.verdict === 'accept' && formatIpAddress(address.value)).toBe(canonical);
  });

  it.each([
    '',
    '1.2.3',
    '1.2.3.256',
    '01.2.3.4',
    '1.2.3.4.',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
  ])('refuses %s', (text) => {
    expect(parseIpAddress(text).verdict).toBe('reject');
  });

  it.each(['1:2:3:4:5:6:7::8', '1.2.3.4::', 'g::', '::12345', 'fe80::1%lo'])(
    'refuses %s',
    (text) => {
      expect(parseIpAddress(text).verdict).toBe('reject');
    },
  );
});

describe('canonical form', () => {
  it('lower-cases names of RRSIG, NS and NAPTR, and not those of NSEC', () => {
    const ns = encodeRdata({ type: 'NS', nameserver: nameOf('NS.Example') });
    expect(canonicalRdata(recordTypes.NS, ns)).toEqual(nameOf('ns.example').wire);
    const nsec = encodeRdata({ type: 'NSEC', next: nameOf('NS.Example'), types: [1] });
    expect(canonicalRdata(recordTypes.NSEC, nsec)).toEqual(nsec);
    const [naptr] = samples.filter((sample) => sample.type === 'NAPTR');
    const upper = encodeRdata({ ...naptr!, replacement: nameOf('A.Example') });
    const lower = encodeRdata({ ...naptr!, replacement: nameOf('a.example') });
    expect(canonicalRdata(recordTypes.NAPTR, upper)).toEqual(lower);
  });

  it('orders RDATA as octets, a prefix first, and drops duplicates', () => {
    const hex = ['0200', '01', '0100', '01', 'ff'];
    const ordered = canonicalOrder(hex.map((text) => Uint8Array.fromHex(text)));
    expect(ordered.map((rdata) => rdata.toHex())).toEqual(['01', '0100', '0200', 'ff']);
  });
});
