/**
 * A small zone written down in settings, with delegations: the private root and `test.` of a testnet,
 * or a parent that several members share. Signed online like any other, denials included.
 */
import type { Clock } from '@callbook/protocol';
import { dnsError } from '../errors.ts';
import { asGlue, createRrset } from '../rrset.ts';
import type { Rrset } from '../rrset.ts';
import { parseDsRecord } from '../sign/delegation-signer.ts';
import type { ZoneKeyring } from '../sign/zone-keyring.ts';
import type { ZoneKeys } from '../sign/zone-signer.ts';
import { isAtOrBelow, joinLabels, parentName, sameName } from '../wire/names.ts';
import type { DomainName } from '../wire/names.ts';
import type { Rdata } from '../wire/rdata.ts';
import { ApexKeys } from './apex-keys.ts';
import { apexRecords } from './apex-records.ts';
import { createNodeMap } from './node-map.ts';
import { absentNode } from './zone.ts';
import type { DelegationNode, Zone } from './zone.ts';
import { addressRrsets, parseContact, parseSettingName, zoneTtlDefaults } from './zone-settings.ts';
import type { Nameserver, ZoneTtls } from './zone-settings.ts';

export interface Delegation {
  /** The child's apex. */
  readonly name: string;
  readonly nameservers: readonly Nameserver[];
  /** DS records in presentation form (`dsRecord`); none for an unsigned child. */
  readonly ds: readonly string[];
}

export interface StaticRecord {
  readonly name: string;
  /** `infrastructureSeconds` of the zone unless told. */
  readonly ttlSeconds?: number;
  /** All of one type; one RRset a name and type. */
  readonly rdatas: readonly Exclude<Rdata, { type: 'opaque' }>[];
}

export interface StaticZoneOptions {
  readonly apex: string;
  readonly nameservers: readonly Nameserver[];
  /** E-mail address; `hostmaster` at the apex unless told. */
  readonly contact?: string;
  readonly delegations: readonly Delegation[];
  readonly records?: readonly StaticRecord[];
  readonly keys: ZoneKeys | ZoneKeyring;
  readonly clock: Clock;
  /** 3600 and 300 unless told. */
  readonly ttls?: ZoneTtls;
}

/** Makes a zone of fixed records and delegations. Code: `dns_zone_setting_invalid`. */
export function createStaticZone(options: StaticZoneOptions): Zone {
  const apex = parseSettingName('apex', options.apex);
  const contact =
    options.contact === undefined
      ? joinLabels([new TextEncoder().encode('hostmaster')], apex)!
      : parseContact(options.contact);
  const { nameservers, clock, ttls = zoneTtlDefaults } = options;
  const infrastructure = apexRecords({ apex, nameservers, contact, nowMs: clock.nowMs(), ttls });
  const cuts = new Map(
    options.delegations.map((delegation) => {
      const node = delegationNode(delegation, apex, ttls.infrastructureSeconds);
      return [node.ns.owner.lookupKey, node];
    }),
  );
  const nodes = createNodeMap(apex, [
    ...infrastructure.rrsets,
    ...infrastructure.nameserverAddresses,
    ...(options.records ?? []).map((record) =>
      staticRrset(record, apex, ttls.infrastructureSeconds),
    ),
    ...[...cuts.values()].map((cut) => cut.ns),
  ]);
  const fixed = nodes.get(apex.lookupKey);
  const fixedRrsets = fixed?.kind === 'data' ? fixed.rrsets : [];
  // A name server's name may lie below a cut; what we know of it is then only glue.
  const additionals = infrastructure.nameserverAddresses.map((rrset) =>
    findCut(cuts, rrset.owner, apex) === undefined ? rrset : asGlue(rrset),
  );
  const keys = new ApexKeys({ apex, keys: options.keys, clock });
  return {
    apex,
    soa: infrastructure.soa,
    find: (name) => {
      if (sameName(name, apex))
        return { kind: 'data', rrsets: [...fixedRrsets, ...keys.rrsets()], additionals };
      return findCut(cuts, name, apex) ?? nodes.get(name.lookupKey) ?? absentNode;
    },
    signaturesOf: (rrset) => keys.signaturesOf(rrset),
  };
}

/** The cut nearest to the apex hides whatever lies below it. */
function findCut(
  cuts: ReadonlyMap<string, DelegationNode>,
  name: DomainName,
  apex: DomainName,
): DelegationNode | undefined {
  let found: DelegationNode | undefined;
  for (let at = name; at.wire.length > apex.wire.length; at = parentName(at)!)
    found = cuts.get(at.lookupKey) ?? found;
  return found;
}

function delegationNode(
  delegation: Delegation,
  apex: DomainName,
  ttlSeconds: number,
): DelegationNode {
  const owner = parseSettingName('delegations', delegation.name);
  if (sameName(owner, apex) || !isAtOrBelow(owner, apex))
    throw dnsError('dns_zone_setting_invalid', 'delegations: a name is not below the apex');
  if (delegation.nameservers.length === 0)
    throw dnsError('dns_zone_setting_invalid', 'delegations: there are 0 nameservers, at least 1');
  const hosts = delegation.nameservers.map(({ name, addresses }) => ({
    name: parseSettingName('delegations', name),
    addresses,
  }));
  const ds = delegation.ds.map(parseDsRecord);
  return {
    kind: 'delegation',
    ns: asGlue(
      createRrset(
        owner,
        ttlSeconds,
        hosts.map(({ name }) => ({ type: 'NS', nameserver: name })),
      ),
    ),
    ds: ds.length === 0 ? undefined : createRrset(owner, ttlSeconds, ds),
    glue: hosts
      .filter(({ name }) => isAtOrBelow(name, apex))
      .flatMap(({ name, addresses }) => addressRrsets(name, addresses, ttlSeconds))
      .map(asGlue),
  };
}

function staticRrset(record: StaticRecord, apex: DomainName, ttlSeconds: number): Rrset {
  const owner = parseSettingName('records', record.name);
  if (!isAtOrBelow(owner, apex) || record.rdatas.length === 0)
    throw dnsError(
      'dns_zone_setting_invalid',
      'records: a name is outside the zone, or has no data',
    );
  return createRrset(owner, record.ttlSeconds ?? ttlSeconds, record.rdatas);
}
