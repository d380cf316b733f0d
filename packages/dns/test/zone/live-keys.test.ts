/** Zones whose keys change while they are served: at the next answer, and with the right signatures. */
import { describe, expect, it } from 'vitest';
import { createDirectoryZone, createStaticZone, generateZoneKeys } from '@callbook/dns';
import type { Zone, ZoneKeys, ZoneKeyring, ZoneKeySet } from '@callbook/dns';
import { keyTagOf, encodeRdata, recordTypes } from '@callbook/dns/wire';
import type { Rrset } from '../../src/rrset.ts';
import { dnskeyOf } from '../../src/sign/delegation-signer.ts';
import { parseRrsig, verifyRrset } from '../../src/sign/verify-rrset.ts';
import { fixedKeyring } from '../../src/sign/zone-keyring.ts';
import { directoryApex, enumName, nameOf, TestClock, TestSource } from '../test-zones.ts';

class SwitchedKeyring implements ZoneKeyring {
  keySet: ZoneKeySet;
  constructor(keys: ZoneKeys) {
    this.keySet = fixedKeyring(keys).current();
  }
  current(): ZoneKeySet {
    return this.keySet;
  }
}

const nameservers = [{ name: `ns1.${directoryApex}`, addresses: ['127.0.0.1'] }];
const makers: Readonly<Record<string, (keys: ZoneKeyring) => Zone>> = {
  directory: (keys) => {
    const source = new TestSource();
    source.publish({ identifier: 'tel:+4915123456789' });
    const contact = 'hostmaster@alpha.test';
    const charterHash = (): Uint8Array => new Uint8Array(32);
    const clock = new TestClock();
    return createDirectoryZone({
      apex: directoryApex,
      nameservers,
      contact,
      charterHash,
      source,
      keys,
      clock,
    });
  },
  static: (keys) => {
    const name = enumName('4915123456789');
    const records = [{ name, rdatas: [{ type: 'A' as const, address: '192.0.2.1' }] }];
    const clock = new TestClock();
    return createStaticZone({
      apex: directoryApex,
      nameservers,
      delegations: [],
      records,
      keys,
      clock,
    });
  },
};

function rrsetsAt(zone: Zone, name: string): readonly Rrset[] {
  const node = zone.find(nameOf(name));
  return node.kind === 'data' ? node.rrsets : [];
}

function tags(zone: Zone, rrset: Rrset): readonly number[] {
  return zone.signaturesOf(rrset).map((rdata) => parseRrsig(rdata)!.keyTag);
}

const tagOf = (keys: ZoneKeys, role: 'ksk' | 'zsk'): number =>
  keyTagOf(encodeRdata(dnskeyOf(keys[role], role)));

describe.each(Object.entries(makers))('a %s zone', (_name, make) => {
  const [one, other] = [generateZoneKeys(15), generateZoneKeys(15)];

  it('serves and signs with the keys of the moment', () => {
    const keyring = new SwitchedKeyring(one);
    const zone = make(keyring);
    const [binding] = rrsetsAt(zone, enumName('4915123456789'));
    expect(tags(zone, binding!)).toEqual([tagOf(one, 'zsk')]);
    const kept = zone.signaturesOf(binding!);

    // The other ZSK is published: what is signed stays signed.
    const published = [...keyring.keySet.dnskeys, dnskeyOf(other.zsk, 'zsk')];
    keyring.keySet = { ...keyring.keySet, dnskeys: published };
    const dnskey = rrsetsAt(zone, directoryApex).find(({ type }) => type === recordTypes.DNSKEY)!;
    expect(dnskey.rdatas).toHaveLength(3);
    expect(zone.signaturesOf(binding!)).toBe(kept);

    // It signs: nothing by the old one is sent any more.
    keyring.keySet = { ...keyring.keySet, zskSigner: other.zsk };
    expect(tags(zone, binding!)).toEqual([tagOf(other, 'zsk')]);
    expect(tags(zone, zone.soa)).toEqual([tagOf(other, 'zsk')]);
    expect(tags(zone, dnskey)).toEqual([tagOf(one, 'ksk')]);
  });

  it('has a signature by each KSK while both are there', () => {
    const keyring = new SwitchedKeyring(one);
    const zone = make(keyring);
    const before = rrsetsAt(zone, directoryApex);
    const kskSigners = [one.ksk, other.ksk];
    const dnskeys = kskSigners.map((signer) => dnskeyOf(signer, 'ksk'));
    keyring.keySet = { ...keyring.keySet, dnskeys, delegated: dnskeys.slice(1), kskSigners };
    const apexRrsets = rrsetsAt(zone, directoryApex);
    expect(apexRrsets.map(({ type }) => type)).toEqual(before.map(({ type }) => type));
    for (const type of [recordTypes.DNSKEY, recordTypes.CDS, recordTypes.CDNSKEY]) {
      const rrset = apexRrsets.find((found) => found.type === type)!;
      expect(rrset.rdatas).toHaveLength(type === recordTypes.DNSKEY ? 2 : 1);
      const rrsigs = zone.signaturesOf(rrset).map((rdata) => parseRrsig(rdata)!);
      for (const [index, dnskey] of dnskeys.entries())
        expect(verifyRrset(rrset, rrsigs[index]!, { apex: zone.apex, dnskey })).toBe(true);
    }
  });

  it('gives the signatures of a KSK that is elsewhere as they are', () => {
    const keyring = new SwitchedKeyring(one);
    const zone = make(keyring);
    const presigned = {
      dnskey: [Uint8Array.of(1)],
      cds: [Uint8Array.of(2)],
      cdnskey: [Uint8Array.of(3)],
    };
    keyring.keySet = { ...keyring.keySet, kskSigners: [], presigned };
    const rrsets = rrsetsAt(zone, directoryApex);
    const given = (type: number): readonly Uint8Array[] =>
      zone.signaturesOf(rrsets.find((found) => found.type === type)!);
    expect(given(recordTypes.DNSKEY)).toBe(presigned.dnskey);
    expect(given(recordTypes.CDS)).toBe(presigned.cds);
    expect(given(recordTypes.CDNSKEY)).toBe(presigned.cdnskey);
    expect(tags(zone, zone.soa)).toEqual([tagOf(one, 'zsk')]);
  });
});
