/** Delegations: referrals, DS from the parent's side, glue, and what settings are refused. */
import { describe, expect, it } from 'vitest';
import { createResponder, createStaticZone, generateZoneKeys } from '@callbook/dns';
import { formatName, parseRdata, recordTypes } from '@callbook/dns/wire';
import type { Message } from '@callbook/dns/wire';
import { ask, createTestZones, directoryApex, TestClock } from '../test-zones.ts';

const { A, NS, DS, SOA, NSEC, RRSIG, AAAA, ANY } = recordTypes;
const zones = createTestZones();
const respond = createResponder([zones.test]);
const signed = { dnssecOk: true };

function types(records: Message['answers']): number[] {
  return records.map(({ type }) => type);
}

describe('a delegation', () => {
  it('is a referral with signed DS and unsigned NS and glue', () => {
    for (const name of [directoryApex, `1.2.${directoryApex}`]) {
      const referral = ask(respond, { name, type: A, edns: signed });
      expect(referral).toMatchObject({ authoritative: false, responseCode: 0, answers: [] });
      expect(types(referral.authorities)).toEqual([NS, DS, RRSIG]);
      expect(types(referral.additionals)).toEqual([A, AAAA]);
    }
  });

  it('is a referral for ANY too, and without DNSSEC only NS and glue', () => {
    const referral = ask(respond, { name: directoryApex, type: ANY });
    expect(types(referral.authorities)).toEqual([NS]);
  });

  it('without DS comes with the NSEC that says so', () => {
    const referral = ask(respond, { name: 'x.plain.test.', type: A, edns: signed });
    expect(types(referral.authorities)).toEqual([NS, NSEC, RRSIG]);
    const nsec = referral.authorities[1]!;
    expect(formatName(nsec.owner)).toBe('plain.test.');
    expect(parseRdata(NSEC, nsec.rdata)).toMatchObject({ value: { types: [NS, RRSIG, NSEC] } });
  });

  it('answers DS at the cut with authority, and denies one that is not there', () => {
    const there = ask(respond, { name: directoryApex, type: DS, edns: signed });
    expect(there.authoritative).toBe(true);
    expect(types(there.answers)).toEqual([DS, RRSIG]);
    const absent = ask(respond, { name: 'plain.test.', type: DS, edns: signed });
    expect(absent.authoritative).toBe(true);
    expect(types(absent.authorities)).toEqual([SOA, RRSIG, NSEC, RRSIG]);
  });

  it('answers DS from the parent when both sides are served here', () => {
    const both = createResponder([zones.directory, zones.test]);
    const ds = ask(both, { name: directoryApex, type: DS, edns: signed });
    expect(types(ds.answers)).toEqual([DS, RRSIG]);
    expect(ask(both, { name: directoryApex, type: SOA }).answers).toHaveLength(1);
    expect(formatName(ask(both, { name: directoryApex, type: SOA }).answers[0]!.owner)).toBe(
      directoryApex,
    );
  });
});

describe('a static zone', () => {
  it('has its own records, and empty non-terminals above them', () => {
    expect(ask(respond, { name: 'www.deep.test.', type: A }).answers).toHaveLength(1);
    expect(ask(respond, { name: 'deep.test.', type: A }).responseCode).toBe(0);
    expect(ask(respond, { name: 'alpha.test.', type: A }).responseCode).toBe(0);
    expect(ask(respond, { name: 'nothing.test.', type: A }).responseCode).toBe(3);
  });

  it('serves its name servers with NS; below a cut they are glue', () => {
    const priming = ask(createResponder([zones.root]), { name: '.', type: NS, edns: signed });
    expect(types(priming.answers)).toEqual([NS, RRSIG]);
    expect(types(priming.additionals)).toEqual([A]);
    const own = ask(respond, { name: 'test.', type: NS, edns: signed });
    expect(types(own.additionals)).toEqual([A, RRSIG]);
  });

  const options = {
    apex: 'test.',
    nameservers: [{ name: 'ns.test', addresses: ['127.0.0.1'] }],
    delegations: [],
    keys: generateZoneKeys(15),
    clock: new TestClock(),
  };
  const nameservers = [{ name: 'ns.a.test', addresses: [] }];
  it.each([
    ['a delegation outside', { delegations: [{ name: 'a.example', nameservers, ds: [] }] }],
    ['a delegation of the apex', { delegations: [{ name: 'test', nameservers, ds: [] }] }],
    ['no name server', { delegations: [{ name: 'a.test', nameservers: [], ds: [] }] }],
    ['a DS that is none', { delegations: [{ name: 'a.test', nameservers, ds: ['1 13 2 xyz'] }] }],
    ['a DS of odd length', { delegations: [{ name: 'a.test', nameservers, ds: ['1 13 2 abc'] }] }],
    [
      'a DS tag over 65535',
      { delegations: [{ name: 'a.test', nameservers, ds: ['65536 13 2 ab'] }] },
    ],
    ['a record outside', { records: [{ name: 'a.example', rdatas: [] }] }],
  ])('refuses %s', (_what, change) => {
    expect(() => createStaticZone({ ...options, ...change })).toThrow(
      expect.objectContaining({ code: 'dns_zone_setting_invalid' }),
    );
  });

  it('takes a DS as a whole line or as RDATA', () => {
    const line = `a.test. 3600 IN DS 1 13 2 ${'AB'.repeat(32)}`;
    for (const ds of [line, line.replace('a.test. 3600 IN DS ', '')]) {
      const zone = createStaticZone({
        ...options,
        delegations: [{ name: 'a.test', nameservers, ds: [ds] }],
      });
      const { answers } = ask(createResponder([zone]), { name: 'a.test', type: DS });
      expect(parseRdata(DS, answers[0]!.rdata)).toMatchObject({ value: { keyTag: 1 } });
    }
  });
});
