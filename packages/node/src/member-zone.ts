/** This member's zone on its DNS sockets: bindings from the replica, keys as the charter has them. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import {
  createDirectoryZone,
  createResponder,
  dsRecord,
  loadZoneKeys,
  startDnsServer,
} from '@callbook/dns';
import type { ApiHost, DnsServer, ZoneKeys } from '@callbook/dns';
import { DirectoryError } from '@callbook/protocol';
import type { CharterMember, Cryptography } from '@callbook/protocol';
import type { Replica } from '@callbook/replication';
import type { NodeConfig } from './config.ts';
import type { NodeErrorCode } from './errors.ts';
import { systemClock } from './system-ports.ts';

/** Serves the zone that the charter names for this member until disposed of. */
export async function startMemberZone(
  config: NodeConfig,
  replica: Replica,
  crypto: Cryptography,
): Promise<DnsServer> {
  const member = replica.membership.byName(replica.memberName)!.member;
  const keys = await loadZoneKeys(config.keys.zone);
  assertCharterNames(member, keys);
  const zone = createDirectoryZone({
    apex: member.zone,
    nameservers: config.dns.nameservers,
    contact: config.dns.contact,
    api: await apiHost(config, crypto),
    charterHash: () => replica.membership.charters.current.hash,
    source: replica.bindings,
    keys,
    clock: systemClock,
  });
  return await startDnsServer({ listen: config.dns.listen, respond: createResponder([zone]) });
}

/** A zone signed by keys that nobody delegates to would be bogus everywhere; better not to start. */
function assertCharterNames({ zone, zoneDs }: CharterMember, keys: ZoneKeys): void {
  const ds = dsRecord(zone, keys)
    .split(/\sDS\s/)[1]!
    .trim();
  if (zoneDs.some((named) => named.toUpperCase() === ds.toUpperCase())) return;
  throw new DirectoryError<NodeErrorCode>(
    'member_key_mismatch',
    'the zone keys are not those whose DS the charter names for this member',
  );
}

/** `api` below the apex, with the TLSA of the certificate that is served there. */
async function apiHost({ api }: NodeConfig, crypto: Cryptography): Promise<ApiHost> {
  const certificate = new X509Certificate(await readFile(api.certificate));
  const spki = new Uint8Array(certificate.publicKey.export({ format: 'der', type: 'spki' }));
  return {
    addresses: [api.listen.address],
    // RFC 7671 §5.1: DANE-EE(3), SPKI(1), SHA-256(1): a renewal with the same key changes nothing.
    tlsa: [{ usage: 3, selector: 1, matchingType: 1, association: crypto.sha256(spki) }],
  };
}
