/**
 * Settings of a zone, as an operator writes them, turned into names and records. Everything unusable
 * ends in `dns_zone_setting_invalid`, which names the setting and never repeats its value.
 */
import { dnsError } from '../errors.ts';
import { createRrset } from '../rrset.ts';
import type { Rrset } from '../rrset.ts';
import { parseIpAddress } from '../wire/ip-address.ts';
import { joinLabels, lowerCasedName, parseName } from '../wire/names.ts';
import type { DomainName } from '../wire/names.ts';
import type { AddressRdata } from '../wire/rdata.ts';

export interface Nameserver {
  /** Host name, absolute with or without its final dot. */
  readonly name: string;
  /** IPv4 and IPv6 addresses; published where the name lies in the zone, as glue at a delegation. */
  readonly addresses: readonly string[];
}

/** TTL of records that seldom change: NS, DS, addresses of name servers. */
const infrastructureTtlSeconds = 3600;
/** TTL of bindings, and of denials through the SOA's TTL and minimum. */
export const directoryTtlSeconds = 300;

/** TTLs of a small zone, as its settings may have them. */
export interface ZoneTtls {
  /** NS, DS, addresses of name servers, and records that name no TTL of their own. */
  readonly infrastructureSeconds: number;
  /** SOA, its minimum, and hence denials. */
  readonly denialSeconds: number;
}

export const zoneTtlDefaults: ZoneTtls = {
  infrastructureSeconds: infrastructureTtlSeconds,
  denialSeconds: directoryTtlSeconds,
};

/** Parses a name of the settings; lower-cased. */
export function parseSettingName(setting: string, text: string): DomainName {
  const name = parseName(text);
  if (name.verdict !== 'accept')
    throw dnsError('dns_zone_setting_invalid', `${setting}: ${name.message}`);
  return lowerCasedName(name.value);
}

/** Parses an e-mail address into the form of SOA's RNAME (RFC 1035 §8): local part, then domain. */
export function parseContact(address: string): DomainName {
  const [local, domain, ...more] = address.split('@');
  const parent = domain === undefined ? undefined : parseSettingName('contact', domain);
  const name = parent && joinLabels([new TextEncoder().encode(local)], parent);
  if (name === undefined || more.length > 0)
    throw dnsError('dns_zone_setting_invalid', 'contact: not an e-mail address');
  return name;
}

/** Returns the A and AAAA RRsets of addresses at `owner`; none for no addresses. */
export function addressRrsets(
  owner: DomainName,
  addresses: readonly string[],
  ttlSeconds: number,
): Rrset[] {
  const records = addresses.map(addressRdata);
  return (['A', 'AAAA'] as const)
    .map((type) => records.filter((record) => record.type === type))
    .filter((ofType) => ofType.length > 0)
    .map((ofType) => createRrset(owner, ttlSeconds, ofType));
}

function addressRdata(address: string): AddressRdata {
  const octets = parseIpAddress(address);
  if (octets.verdict !== 'accept')
    throw dnsError('dns_zone_setting_invalid', `addresses: ${octets.message}`);
  return { type: octets.value.length === 4 ? 'A' : 'AAAA', address };
}

/** Returns the name of these labels below another. Code: `dns_zone_setting_invalid`. */
export function nameBelow(labels: string, parent: DomainName): DomainName {
  const relative = parseName(labels);
  const name =
    relative.verdict === 'accept' ? joinLabels(relative.value.labels, parent) : undefined;
  if (name === undefined) throw dnsError('dns_zone_setting_invalid', 'apex: name is too long');
  return name;
}
