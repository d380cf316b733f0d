/** What of the member's own hosts changes while its zone is served: TLSA and answers to an ACME server. */
import dnsPacket from 'dns-packet';
import { expect, it } from 'vitest';
import { createDirectoryZone, createResponder, generateZoneKeys } from '@callbook/dns';
import type { HostRecords } from '@callbook/dns';
import { recordTypes } from '@callbook/dns/wire';
import { directoryApex, queryOf, TestClock, TestSource } from '../test-zones.ts';

const api = `api.${directoryApex}`;
const none: HostRecords = { apiKeyHashes: [], challenges: [] };
let records: HostRecords = none;

const respond = createResponder([
  createDirectoryZone({
    apex: directoryApex,
    nameservers: [{ name: 'ns.example', addresses: [] }],
    contact: 'hostmaster@example',
    api: { addresses: ['192.0.2.1'] },
    charterHash: () => new Uint8Array(32),
    hostRecords: () => records,
    source: new TestSource(),
    keys: generateZoneKeys(13),
    clock: new TestClock(),
  }),
]);

function ask(name: string, type: 'A' | 'TLSA' | 'TXT') {
  const answer = respond(queryOf({ name, type: recordTypes[type] }), 'tcp')!;
  const { rcode, answers } = dnsPacket.decode(Buffer.from(answer)) as unknown as {
    readonly rcode: string;
    readonly answers: readonly { readonly ttl: number; readonly data: unknown }[];
  };
  return { rcode, answers };
}

const valuesAt = (name: string): string[] =>
  ask(name, 'TXT').answers.map(({ data }) => String(data));

it('has a TLSA for each key that clients may meet, as they are now', () => {
  const tlsa = `_443._tcp.${api}`;
  records = none;
  expect(ask(tlsa, 'TLSA')).toEqual({ rcode: 'NXDOMAIN', answers: [] });
  const [first, second] = [1, 2].map((octet) => new Uint8Array(32).fill(octet));
  records = { ...none, apiKeyHashes: [first!] };
  expect(ask(tlsa, 'TLSA').answers).toHaveLength(1);
  records = { ...none, apiKeyHashes: [first!, second!] };
  expect(ask(tlsa, 'TLSA').answers).toHaveLength(2);
  expect(ask(api, 'A').answers).toHaveLength(1);
});

it('answers an ACME server at the name it asks about, with every value that is waited for', () => {
  const ns = `ns1.${directoryApex}`;
  records = {
    ...none,
    challenges: [
      { host: api, value: 'first' },
      { host: ns, value: 'third' },
      { host: api, value: 'second' },
    ],
  };
  expect(valuesAt(`_acme-challenge.${api}`).sort()).toEqual(['first', 'second']);
  expect(valuesAt(`_acme-challenge.${ns}`)).toEqual(['third']);
  expect(ask(`_acme-challenge.${ns}`, 'TXT').answers[0]).toMatchObject({ ttl: 60 });
  expect(ask(ns, 'TXT')).toEqual({ rcode: 'NOERROR', answers: [] });
  records = none;
  expect(ask(`_acme-challenge.${api}`, 'TXT')).toEqual({ rcode: 'NXDOMAIN', answers: [] });
});
