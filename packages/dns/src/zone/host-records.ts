/**
 * Records of the member's own hosts that change while the zone is served: TLSA of the keys that the API's
 * server has or will have, and what an ACME server is to find (RFC 8555 §8.4). The list that is given
 * is compared by identity: another one is another state of the zone.
 */
import { createRrset } from '../rrset.ts';
import type { Rrset } from '../rrset.ts';
import type { DomainName } from '../wire/names.ts';
import { directoryTtlSeconds, nameBelow, parseSettingName } from './zone-settings.ts';

export interface HostRecords {
  /**
   * SHA-256 of the SubjectPublicKeyInfo of each key that a client of the API may meet, at
   * `_443._tcp.api` below the apex.
   */
  readonly apiKeyHashes: readonly Uint8Array[];
  readonly challenges: readonly AcmeChallenge[];
}

export interface AcmeChallenge {
  /** Name in the zone, without `_acme-challenge`. */
  readonly host: string;
  /** Digest of the key authorization, base64url. */
  readonly value: string;
}

/** TTL of the TLSA records: how long a client may hold those of before. */
export const tlsaTtlSeconds: number = directoryTtlSeconds;
/** The next order has other values, and perhaps soon. */
const challengeTtlSeconds = 60;
const ascii = new TextEncoder();

/** Returns the RRsets of these records. Code: `dns_zone_setting_invalid`. */
export function hostRrsets(apex: DomainName, records: HostRecords): Rrset[] {
  return [...tlsaRrsets(apex, records), ...challengeRrsets(records)];
}

function tlsaRrsets(apex: DomainName, { apiKeyHashes }: HostRecords): Rrset[] {
  if (apiKeyHashes.length === 0) return [];
  const owner = nameBelow('_443._tcp.api', apex);
  // RFC 7671 §5.1: DANE-EE(3), SPKI(1), SHA-256(1): a renewal with the same key changes nothing.
  const fixed = { type: 'TLSA', usage: 3, selector: 1, matchingType: 1 } as const;
  const rdatas = apiKeyHashes.map((association) => ({ ...fixed, association }));
  return [createRrset(owner, tlsaTtlSeconds, rdatas)];
}

/** RFC 8555 §8.4: a name may have several values at once, for several orders. */
function challengeRrsets({ challenges }: HostRecords): Rrset[] {
  const hosts = new Set(challenges.map(({ host }) => host));
  return Array.from(hosts, (host) => {
    const owner = nameBelow('_acme-challenge', parseSettingName('host', host));
    const values = challenges.filter((challenge) => challenge.host === host);
    const rdatas = values.map(({ value }) => ({
      type: 'TXT' as const,
      strings: [ascii.encode(value)],
    }));
    return createRrset(owner, challengeTtlSeconds, rdatas);
  });
}
