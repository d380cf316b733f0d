/** Bindings as records: each RRset of docs/spec/dns.md, seen through an independent decoder. */
import dnsPacket from 'dns-packet';
import { describe, expect, it } from 'vitest';
import { createDirectoryZone, createResponder, generateZoneKeys } from '@callbook/dns';
import { ownerHash, parseRdata, recordTypes } from '@callbook/dns/wire';
import { subjectPublicKeyInfo } from '@callbook/protocol';
import { createHash } from 'node:crypto';
import {
  ask,
  boxKey,
  createTestZones,
  directoryApex,
  directoryResponder,
  enumName,
  openpgpKey,
  queryOf,
  sipKey,
  TestClock,
  TestSource,
} from '../test-zones.ts';

const number = enumName('4915123456789');
const { NAPTR, TXT, TLSA, OPENPGPKEY, A, AAAA } = recordTypes;

const options = {
  apex: directoryApex,
  nameservers: [{ name: 'ns.example', addresses: [] }],
  contact: 'hostmaster@example',
  charterHash: () => new Uint8Array(32),
  source: new TestSource(),
  keys: generateZoneKeys(13),
  clock: new TestClock(),
};

function texts(response: Uint8Array): string[][] {
  const { answers } = dnsPacket.decode(Buffer.from(response));
  return answers.map((answer) => (answer as { data: Buffer[] }).data.map(String));
}

function askTexts(zones: ReturnType<typeof createTestZones>, name: string): string[][] {
  return texts(directoryResponder(zones)(queryOf({ name, type: TXT }), 'udp')!);
}

describe('a published number', () => {
  const respond = directoryResponder();

  it('has one NAPTR for each route, as ENUM clients accept it', () => {
    const { answers } = dnsPacket.decode(
      Buffer.from(respond(queryOf({ name: number, type: NAPTR }), 'udp')!),
    );
    expect(answers).toMatchObject([
      {
        ttl: 300,
        data: {
          order: 100,
          preference: 10,
          flags: 'u',
          services: 'E2U+sip',
          regexp: '!^.*$!sip:alice@sip.example!',
          replacement: '.',
        },
      },
    ]);
  });

  it('has TXT with version, identity and box keys, log origin and entry id', () => {
    expect(askTexts(createTestZones(), number)).toEqual([
      [
        'v=callbook1',
        `id=${'AQEB'.repeat(10)}AQE`,
        `box=${'AgIC'.repeat(10)}AgI`,
        `log=api.alpha.test/log ${'ab'.repeat(32)}`,
      ],
    ]);
  });

  it('has TLSA 3 1 1 and 3 1 0 of each client key', () => {
    const spki = subjectPublicKeyInfo(sipKey)!;
    const { answers } = ask(respond, { name: `_sip-client.${number}`, type: TLSA });
    const values = answers.map(({ rdata }) => parseRdata(TLSA, rdata));
    const fixed = { type: 'TLSA', usage: 3, selector: 1 };
    expect(values).toMatchObject([
      { value: { ...fixed, matchingType: 0, association: spki } },
      {
        value: {
          ...fixed,
          matchingType: 1,
          association: new Uint8Array(createHash('sha256').update(spki).digest()),
        },
      },
    ]);
  });

  it('has OPENPGPKEY at the hash of its local part', () => {
    const name = `${ownerHash('tel:+4915123456789')}._openpgpkey.${directoryApex}`;
    const { answers } = ask(respond, { name, type: OPENPGPKEY, edns: {} });
    expect(answers.map(({ rdata }) => rdata)).toEqual([openpgpKey.key]);
  });

  it('has neither NAPTR without routes nor id and box without those keys', () => {
    const name = enumName('15555550100');
    expect(ask(respond, { name, type: NAPTR }).answers).toEqual([]);
    expect(askTexts(createTestZones(), name)).toEqual([
      ['v=callbook1', `log=api.alpha.test/log ${'ab'.repeat(32)}`],
    ]);
    expect(ask(respond, { name: `_sip-client.${name}`, type: TLSA }).answers).toEqual([]);
  });
});

describe('a published address', () => {
  const respond = directoryResponder();
  const hash = ownerHash('mailto:alice@example.com');

  it('has its records under id', () => {
    const names = [
      [`${hash}.id.${directoryApex}`, NAPTR, 1],
      [`${hash}.id.${directoryApex}`, TXT, 1],
      [`_sip-client.${hash}.id.${directoryApex}`, TLSA, 2],
      [`${hash}._openpgpkey.id.${directoryApex}`, OPENPGPKEY, 1],
    ] as const;
    for (const [name, type, count] of names)
      expect(ask(respond, { name, type, edns: {} }).answers).toHaveLength(count);
  });

  it('does not appear where numbers do, nor numbers where addresses do', () => {
    const asNumber = `${hash}._openpgpkey.${directoryApex}`;
    expect(ask(respond, { name: asNumber, type: OPENPGPKEY }).answers).toEqual([]);
    const asAddress = `${ownerHash('tel:+4915123456789')}.id.${directoryApex}`;
    expect(ask(respond, { name: asAddress, type: TXT }).answers).toEqual([]);
  });
});

describe('a change', () => {
  it('is seen at the next query, signed anew', () => {
    const zones = createTestZones();
    const respond = directoryResponder(zones);
    const question = { name: number, type: TXT, edns: { dnssecOk: true } };
    const before = ask(respond, question);
    expect(ask(respond, question)).toEqual(before);
    zones.source.publish({ identifier: 'tel:+4915123456789', keys: [boxKey], entryOctet: 1 });
    const after = ask(respond, question);
    expect(after.answers[0]!.rdata).not.toEqual(before.answers[0]!.rdata);
    expect(after.answers[1]!.rdata).not.toEqual(before.answers[1]!.rdata);
  });

  it('of the origin alone is seen as well', () => {
    const zones = createTestZones();
    askTexts(zones, number);
    zones.source.publish({ identifier: 'tel:+4915123456789', origin: 'api.beta.test/log' });
    expect(askTexts(zones, number)[0]!.at(-1)).toBe(`log=api.beta.test/log ${'ab'.repeat(32)}`);
  });

  it('to visibility api takes the records away', () => {
    const zones = createTestZones();
    const respond = directoryResponder(zones);
    expect(ask(respond, { name: number, type: NAPTR }).answers).toHaveLength(1);
    zones.source.publish({
      identifier: 'tel:+4915123456789',
      visibility: 'api',
      entryOctet: 2,
    });
    expect(ask(respond, { name: number, type: NAPTR }).answers).toHaveLength(0);
  });
});

describe('fixed names', () => {
  const respond = directoryResponder();

  it('has the charter hash in TXT at the apex', () => {
    expect(askTexts(createTestZones(), directoryApex)).toEqual([
      ['v=callbook1', `charter=${'cc'.repeat(32)}`],
    ]);
  });

  it('follows the charter in force', () => {
    let octet = 1;
    const zone = createDirectoryZone({
      ...options,
      charterHash: () => new Uint8Array(32).fill(octet),
    });
    const respondChanging = createResponder([zone]);
    const seen = (): string[][] =>
      texts(respondChanging(queryOf({ name: directoryApex, type: TXT }), 'udp')!);
    expect(seen()[0]![1]).toBe(`charter=${'01'.repeat(32)}`);
    octet = 2;
    expect(seen()[0]![1]).toBe(`charter=${'02'.repeat(32)}`);
  });

  it('has the API host with its TLSA, and name servers in the zone', () => {
    const asked = [
      [`api.${directoryApex}`, A, 1],
      [`api.${directoryApex}`, AAAA, 1],
      [`_443._tcp.api.${directoryApex}`, TLSA, 1],
      [`api.${directoryApex}`, recordTypes.HTTPS, 1],
      [`ns1.${directoryApex}`, A, 1],
    ] as const;
    for (const [name, type, count] of asked)
      expect(ask(respond, { name, type, edns: {} }).answers).toHaveLength(count);
  });

  it('answers an empty non-terminal as existing', () => {
    const { responseCode } = ask(respond, { name: `_tcp.api.${directoryApex}`, type: A });
    expect(responseCode).toBe(0);
  });
});

describe('createDirectoryZone', () => {
  it.each([
    ['an apex that is no name', { apex: 'a..b' }],
    ['no name server', { nameservers: [] }],
    ['a contact without a domain', { contact: 'hostmaster' }],
    ['a contact with two', { contact: 'a@b@c' }],
    ['an address that is none', { api: { addresses: ['localhost'] } }],
    ['an apex without room below it', { apex: 'a.'.repeat(126), api: { addresses: [] } }],
  ])('refuses %s', (_what, change) => {
    expect(() => createDirectoryZone({ ...options, ...change })).toThrow(
      expect.objectContaining({ code: 'dns_zone_setting_invalid' }),
    );
  });

  it('unites the addresses of a host that is name server and API', () => {
    const zone = createDirectoryZone({
      ...options,
      nameservers: [{ name: `api.${directoryApex}`, addresses: ['192.0.2.1'] }],
      api: { addresses: ['192.0.2.1', '192.0.2.2'] },
    });
    const { answers } = ask(createResponder([zone]), { name: `api.${directoryApex}`, type: A });
    expect(answers).toHaveLength(2);
  });

  it('fails one name, not the zone, when a binding does not fit', () => {
    const zones = createTestZones();
    zones.source.publish({ identifier: 'tel:+447700900001', origin: 'o'.repeat(300) });
    const failures: unknown[] = [];
    const respond = createResponder([zones.directory], { onFailure: (e) => failures.push(e) });
    const unfit = ask(respond, { name: enumName('447700900001'), type: TXT });
    expect(unfit.responseCode).toBe(2);
    expect(failures).toMatchObject([{ code: 'dns_binding_unfit' }]);
    expect(ask(respond, { name: number, type: TXT }).responseCode).toBe(0);
  });
});
