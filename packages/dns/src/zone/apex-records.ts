/**
 * What every zone has at its apex whatever it is for: SOA, NS, DNSKEY, and for its parent CDS and
 * CDNSKEY; and the addresses of its name servers where their names lie in the zone. What depends on
 * keys is made by itself, since keys change while the zone is served.
 */
import { createRrset } from '../rrset.ts';
import type { Rrset } from '../rrset.ts';
import { dsOf } from '../sign/delegation-signer.ts';
import type { ZoneKeySet } from '../sign/zone-keyring.ts';
import { dnsError } from '../errors.ts';
import { isAtOrBelow } from '../wire/names.ts';
import type { DomainName } from '../wire/names.ts';
import { addressRrsets, parseSettingName } from './zone-settings.ts';
import type { Nameserver, ZoneTtls } from './zone-settings.ts';

export interface ApexOptions {
  readonly apex: DomainName;
  /** 1 or more. */
  readonly nameservers: readonly Nameserver[];
  readonly contact: DomainName;
  /** There are no transfers, so nothing compares serials; the second of the start is enough. */
  readonly nowMs: number;
  readonly ttls: ZoneTtls;
}

export interface ApexRecords {
  readonly soa: Rrset;
  /** SOA first. */
  readonly rrsets: readonly Rrset[];
  readonly nameserverAddresses: readonly Rrset[];
}

/** Makes the RRsets of an apex that do not depend on keys. Code: `dns_zone_setting_invalid`. */
export function apexRecords(options: ApexOptions): ApexRecords {
  const { apex, ttls } = options;
  const hosts = options.nameservers.map(({ name, addresses }) => ({
    name: parseSettingName('nameservers', name),
    addresses,
  }));
  if (hosts.length === 0)
    throw dnsError('dns_zone_setting_invalid', 'nameservers: there are 0, at least 1');
  const soa = createRrset(apex, ttls.denialSeconds, [
    {
      type: 'SOA',
      primary: hosts[0]!.name,
      contact: options.contact,
      serial: Math.floor(options.nowMs / 1000) % 2 ** 32,
      refreshSeconds: 3600,
      retrySeconds: 600,
      expireSeconds: 1_209_600,
      minimumSeconds: ttls.denialSeconds,
    },
  ]);
  const ns = createRrset(
    apex,
    ttls.infrastructureSeconds,
    hosts.map(({ name }) => ({ type: 'NS', nameserver: name })),
  );
  return {
    soa,
    rrsets: [soa, ns],
    nameserverAddresses: hosts
      .filter(({ name }) => isAtOrBelow(name, apex))
      .flatMap(({ name, addresses }) => addressRrsets(name, addresses, ttls.infrastructureSeconds)),
  };
}

/** Makes the RRsets of an apex that follow from its keys: DNSKEY, then CDS and CDNSKEY. */
export function keyRrsets(
  apex: DomainName,
  keySet: Pick<ZoneKeySet, 'dnskeys' | 'delegated' | 'dnskeyTtlSeconds'>,
): readonly Rrset[] {
  const { dnskeys, delegated, dnskeyTtlSeconds } = keySet;
  const dnskey = createRrset(apex, dnskeyTtlSeconds, dnskeys);
  // The root has no parent that could read a wish for its DS.
  if (apex.labelCount === 0) return [dnskey];
  // RFC 7344 §4: CDS and CDNSKEY say what the DS RRset is to be, as a whole, and "the two RRsets
  // MUST match in content".
  const cds = delegated.map((key) => ({ ...dsOf(apex, key), type: 'CDS' as const }));
  const cdnskeys = delegated.map((key) => ({ ...key, type: 'CDNSKEY' as const }));
  return [
    dnskey,
    createRrset(apex, dnskeyTtlSeconds, cds),
    createRrset(apex, dnskeyTtlSeconds, cdnskeys),
  ];
}
