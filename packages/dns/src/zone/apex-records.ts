/**
 * What every zone has at its apex whatever it is for: SOA, NS, DNSKEY, and for its parent CDS and
 * CDNSKEY; and the addresses of its name servers where their names lie in the zone.
 */
import { createRrset } from '../rrset.ts';
import type { Rrset } from '../rrset.ts';
import { dnskeyOf, dsOf } from '../sign/delegation-signer.ts';
import type { ZoneKeys } from '../sign/zone-signer.ts';
import { dnsError } from '../errors.ts';
import { isAtOrBelow } from '../wire/names.ts';
import type { DomainName } from '../wire/names.ts';
import {
  addressRrsets,
  directoryTtlSeconds,
  infrastructureTtlSeconds,
  parseSettingName,
} from './zone-settings.ts';
import type { Nameserver } from './zone-settings.ts';

export interface ApexOptions {
  readonly apex: DomainName;
  /** 1 or more. */
  readonly nameservers: readonly Nameserver[];
  readonly contact: DomainName;
  readonly keys: ZoneKeys;
  /** There are no transfers, so nothing compares serials; the second of the start is enough. */
  readonly nowMs: number;
}

export interface ApexRecords {
  readonly soa: Rrset;
  /** SOA first. */
  readonly rrsets: readonly Rrset[];
  readonly nameserverAddresses: readonly Rrset[];
}

/** Makes the RRsets of an apex. Code: `dns_zone_setting_invalid`. */
export function apexRecords(options: ApexOptions): ApexRecords {
  const { apex, keys } = options;
  const hosts = options.nameservers.map(({ name, addresses }) => ({
    name: parseSettingName('nameservers', name),
    addresses,
  }));
  if (hosts.length === 0)
    throw dnsError('dns_zone_setting_invalid', 'nameservers: there are 0, at least 1');
  const soa = createRrset(apex, directoryTtlSeconds, [
    {
      type: 'SOA',
      primary: hosts[0]!.name,
      contact: options.contact,
      serial: Math.floor(options.nowMs / 1000) % 2 ** 32,
      refreshSeconds: 3600,
      retrySeconds: 600,
      expireSeconds: 1_209_600,
      minimumSeconds: directoryTtlSeconds,
    },
  ]);
  const ns = createRrset(
    apex,
    infrastructureTtlSeconds,
    hosts.map(({ name }) => ({ type: 'NS', nameserver: name })),
  );
  return {
    soa,
    rrsets: [soa, ns, ...keyRrsets(apex, keys)],
    nameserverAddresses: hosts
      .filter(({ name }) => isAtOrBelow(name, apex))
      .flatMap(({ name, addresses }) => addressRrsets(name, addresses, infrastructureTtlSeconds)),
  };
}

function keyRrsets(apex: DomainName, keys: ZoneKeys): Rrset[] {
  const ksk = dnskeyOf(keys.ksk, 'ksk');
  const dnskey = createRrset(apex, infrastructureTtlSeconds, [ksk, dnskeyOf(keys.zsk, 'zsk')]);
  // The root has no parent that could read a wish for its DS.
  if (apex.labelCount === 0) return [dnskey];
  return [
    dnskey,
    createRrset(apex, infrastructureTtlSeconds, [{ ...dsOf(apex, ksk), type: 'CDS' }]),
    createRrset(apex, infrastructureTtlSeconds, [{ ...ksk, type: 'CDNSKEY' }]),
  ];
}
