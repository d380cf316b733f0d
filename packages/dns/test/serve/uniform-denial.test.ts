/**
 * Whoever asks for names without data learns nothing about names below or beside them: answers are
 * alike to the octet, but for the name itself and the signature's octets.
 */
import { describe, expect, it } from 'vitest';
import { createResponder } from '@callbook/dns';
import { encodeMessage, ownerHash, parseMessage, recordTypes } from '@callbook/dns/wire';
import type { Message } from '@callbook/dns/wire';
import { createTestZones, directoryApex, enumName, queryOf } from '../test-zones.ts';

const { NAPTR, A, NSEC, ANY, DS, RRSIG } = recordTypes;
const zones = createTestZones();
const respond = createResponder([zones.directory]);
const hash = ownerHash('tel:+34912345678');

const names: readonly (readonly [string, string])[] = [
  ['an empty non-terminal with a number below', enumName('491512345678')],
  ['a country code with numbers below', enumName('49')],
  ['a country code without', enumName('81')],
  ['an unregistered number', enumName('4915123456780')],
  ['a number whose holder chose the API', enumName('34912345678')],
  ['a number one digit longer than a registered one', enumName('49151234567890')],
  ['an impossible number: a leading zero', enumName('0123456789')],
  ['an impossible number: 30 digits', enumName('1'.repeat(30))],
  ['client keys of a number without any', `_sip-client.${enumName('15555550100')}`],
  ['client keys of an unregistered number', `_sip-client.${enumName('4915123456780')}`],
  ['client keys of a prefix', `_sip-client.${enumName('49')}`],
  ['_openpgpkey', `_openpgpkey.${directoryApex}`],
  ['id', `id.${directoryApex}`],
  ['_openpgpkey under id', `_openpgpkey.id.${directoryApex}`],
  ['a hash nobody has', `${'0'.repeat(56)}._openpgpkey.${directoryApex}`],
  ['the hash of a number whose holder chose the API', `${hash}._openpgpkey.${directoryApex}`],
  ['an address nobody has', `${'0'.repeat(56)}.id.${directoryApex}`],
  ['any other name under id', `what.ever.id.${directoryApex}`],
];

/** The answer with the asked name, and what depends on it by computation alone, taken out. */
function shapeOf(name: string, draft: { type: number; edns?: object }): unknown {
  const response = respond(queryOf({ name, ...draft }), 'udp')!;
  const parsed = parseMessage(response);
  if (parsed.verdict !== 'accept') throw new Error(parsed.message);
  const { value } = parsed;
  const asked = value.questions[0]!.name;
  const strip = ({ owner, ttlSeconds, type, rdata }: Message['answers'][number]): unknown => {
    const ownerIs = owner.lookupKey === asked.lookupKey ? 'asked' : owner.lookupKey;
    if (type === NSEC) {
      const bitmap = rdata.slice(asked.wire.length + 2).toHex();
      const next = rdata.slice(0, asked.wire.length + 2).toHex();
      return { ownerIs, type, ttlSeconds, bitmap, isNext: next === `0100${asked.wire.toHex()}` };
    }
    if (type !== RRSIG) return { ownerIs, type, ttlSeconds, rdata: rdata.toHex() };
    // Type covered, algorithm, and inception; labels, expiry jitter and signature follow the name.
    return {
      ownerIs,
      type,
      ttlSeconds,
      covered: rdata.slice(0, 3).toHex(),
      inception: rdata.slice(12, 16).toHex(),
      size: rdata.length,
    };
  };
  const { questions: _questions, ...rest } = value;
  return {
    ...rest,
    answers: value.answers.map(strip),
    authorities: value.authorities.map(strip),
    // What the message takes beside the three places that hold the name or its compressed form.
    size: response.length - encodeMessage({ ...value, answers: [], authorities: [] }).length,
  };
}

function sizeless(shape: unknown, name: string): unknown {
  // The next name in NSEC stands uncompressed: its octets are the name's own length.
  const { size, ...rest } = shape as { size: number };
  const wireLength = name.length + 1;
  return { ...rest, size: size - wireLength };
}

describe.each([
  ['DO=0 without EDNS', { type: NAPTR }],
  ['DO=0', { type: NAPTR, edns: {} }],
  ['DO=1', { type: NAPTR, edns: { dnssecOk: true } }],
  ['DO=1 and CO=1', { type: NAPTR, edns: { dnssecOk: true, compactOk: true } }],
  ['type A', { type: A, edns: { dnssecOk: true } }],
  ['type DS', { type: DS, edns: { dnssecOk: true } }],
  ['type ANY', { type: ANY, edns: { dnssecOk: true } }],
  ['type NSEC', { type: NSEC, edns: { dnssecOk: true } }],
])('with %s', (_what, draft) => {
  const expected = shapeOf(names[0]![1], draft);

  it('the first one is NOERROR with the bitmap RRSIG NSEC', () => {
    expect(expected).toMatchObject({ responseCode: 0, authoritative: true });
    const text = JSON.stringify(expected);
    if (text.includes('bitmap')) expect(text).toContain('"bitmap":"0006000000000003"');
  });

  it.each(names)('%s is answered alike', (_name, name) => {
    const withNsec = JSON.stringify(expected).includes('bitmap');
    const compare = (shape: unknown, of: string): unknown =>
      withNsec ? sizeless(shape, of) : shape;
    expect(compare(shapeOf(name, draft), name)).toEqual(compare(expected, names[0]![1]));
  });
});

describe('reads of the store', () => {
  it('happen for possible numbers only, whatever is registered', () => {
    const counted = createTestZones();
    const ask = createResponder([counted.directory]);
    const readsFor = (name: string): number => {
      const before = counted.source.reads;
      ask(queryOf({ name, type: NAPTR }), 'udp');
      return counted.source.reads - before;
    };
    expect(readsFor(enumName('491512'))).toBe(0);
    expect(readsFor(enumName('81999999999'))).toBe(1);
    expect(readsFor(enumName('491512345678'))).toBe(1);
    expect(readsFor(enumName('0'.repeat(9)))).toBe(0);
    expect(readsFor(enumName('1'.repeat(16)))).toBe(0);
  });
});
