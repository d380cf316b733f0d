/**
 * A member's zone: bindings looked up one at a time, never listed. The RRsets made from a binding are
 * kept and used again while the source gives the same entry, so a changed binding is seen at the next
 * query. A binding that is for the API only is, here, one that does not exist; so is one that its holder
 * has not confirmed for too long.
 */
import { withheldFromMs } from '@callbook/protocol';
import type { Clock, PublishedBinding } from '@callbook/protocol';
import { BoundedCache } from '../bounded-cache.ts';
import { createRrset, createRrsetOfOctets } from '../rrset.ts';
import type { Rrset } from '../rrset.ts';
import { signatureCacheDefaults } from '../sign/rrset-signer.ts';
import type { SignatureCacheLimits } from '../sign/rrset-signer.ts';
import type { ZoneKeyring } from '../sign/zone-keyring.ts';
import type { ZoneKeys } from '../sign/zone-signer.ts';
import { lowerCasedName, rootName } from '../wire/names.ts';
import type { DomainName } from '../wire/names.ts';
import { compareOctets } from '../wire/octets.ts';
import { recordTypes } from '../wire/record-types.ts';
import { encodeServiceBinding } from '../wire/service-binding.ts';
import type { ServiceBinding } from '../wire/service-binding.ts';
import { ApexKeys } from './apex-keys.ts';
import { apexRecords } from './apex-records.ts';
import { bindingRrsets, openpgpkeyRrsets, sipClientRrsets } from './binding-records.ts';
import { hostRrsets } from './host-records.ts';
import type { HostRecords } from './host-records.ts';
import { placeName } from './name-place.ts';
import type { HashPlace, NumberPlace } from './name-place.ts';
import { createNodeMap } from './node-map.ts';
import type { NodeMap } from './node-map.ts';
import { ObliviousKeysNode } from './oblivious-keys-node.ts';
import { absentNode, emptyNode } from './zone.ts';
import type { Zone, ZoneNode } from './zone.ts';
import {
  addressRrsets,
  directoryTtlSeconds,
  nameBelow,
  parseContact,
  parseSettingName,
  zoneTtlDefaults,
} from './zone-settings.ts';
import type { Nameserver } from './zone-settings.ts';

/** The view, as DNS reads it. Synchronous; may throw, which is answered SERVFAIL. */
export interface BindingSource {
  /** The binding of `tel:+<digits>`; 7 to 15 digits, the first not 0. */
  byDigits(digits: string): PublishedBinding | undefined;
  /** The binding whose `ownerHash` this is: 56 lower-case hexadecimal digits. */
  byOwnerHash(ownerHash: string): PublishedBinding | undefined;
}

/** The API host of the member, at `api` below the apex. */
export interface ApiHost {
  readonly addresses: readonly string[];
  /** How it is reached, in an HTTPS record of the host. */
  readonly service?: Pick<ServiceBinding, 'alpn' | 'port' | 'ohttp'>;
}

export interface DirectoryZoneLimits extends SignatureCacheLimits {
  /** Names whose RRsets are kept; about 1.7 KB each. */
  readonly bindingsMax: number;
}

const directoryZoneDefaults: DirectoryZoneLimits = {
  ...signatureCacheDefaults,
  bindingsMax: 32_768,
};

export interface DirectoryZoneOptions {
  readonly apex: string;
  readonly nameservers: readonly Nameserver[];
  /** E-mail address of who runs the zone. */
  readonly contact: string;
  readonly api?: ApiHost;
  /** SHA-256 of the charter in force; asked at each query for the apex. */
  readonly charterHash: () => Uint8Array;
  /**
   * SHA-256 of the key configurations of the member's oblivious gateway, the newest first; asked at each
   * query for their name. The same list says that they are the same.
   */
  readonly obliviousKeyHashes?: (() => readonly Uint8Array[]) | undefined;
  /** Records of the member's hosts; asked at each query outside of the bindings. The same object says that they are the same. */
  readonly hostRecords?: (() => HostRecords) | undefined;
  readonly source: BindingSource;
  readonly keys: ZoneKeys | ZoneKeyring;
  readonly clock: Clock;
  readonly limits?: DirectoryZoneLimits;
  /** Gives the SOA's serial; now unless told. Threads that serve one zone agree on it. */
  readonly madeAtMs?: number;
}

/** The zone of a directory: what it answers may end by itself. */
export interface BindingsZone extends Zone {
  /**
   * When the first of the bindings that were found since the last call ceases to be published, in ms;
   * infinite where none was.
   */
  takeEndMs(): number;
}

/** Makes the zone of a directory. Code: `dns_zone_setting_invalid`. */
export function createDirectoryZone(options: DirectoryZoneOptions): BindingsZone {
  return new DirectoryZone(options);
}

const ascii = new TextEncoder();

/** E.164: 7 to 15 digits as identifiers have them; others are not worth a read of the store. */
const possibleNumber = /^[1-9]\d{6,14}$/;

interface KeptNode {
  readonly entryId: Uint8Array;
  readonly origin: string;
  readonly node: ZoneNode;
}

interface KeptHosts {
  readonly records: HostRecords | undefined;
  readonly nodes: NodeMap;
}

interface KeptApex {
  readonly charterHash: Uint8Array;
  readonly keyRrsets: readonly Rrset[];
  readonly node: ZoneNode;
}

class DirectoryZone implements BindingsZone {
  readonly apex: DomainName;
  readonly soa: Rrset;
  private readonly source: BindingSource;
  private readonly charterHash: () => Uint8Array;
  private readonly obliviousKeys: ObliviousKeysNode;
  private readonly keys: ApexKeys;
  private readonly nameserverAddresses: readonly Rrset[];
  private readonly fixedRrsets: readonly Rrset[];
  private readonly hostRecords: DirectoryZoneOptions['hostRecords'];
  private keptHosts: KeptHosts;
  private readonly keptNodes: BoundedCache<KeptNode>;
  private keptApex: KeptApex | undefined;
  private readonly clock: Clock;
  private endMs: number = Number.POSITIVE_INFINITY;

  constructor(options: DirectoryZoneOptions) {
    const apex = parseSettingName('apex', options.apex);
    const { nameservers, keys, clock, limits = directoryZoneDefaults } = options;
    const ttls = zoneTtlDefaults;
    const contact = parseContact(options.contact);
    const nowMs = options.madeAtMs ?? clock.nowMs();
    const records = apexRecords({ apex, nameservers, contact, nowMs, ttls });
    this.apex = apex;
    this.soa = records.soa;
    this.source = options.source;
    this.charterHash = options.charterHash;
    this.obliviousKeys = new ObliviousKeysNode(apex, options.obliviousKeyHashes);
    this.keys = new ApexKeys({ apex, keys, clock, limits });
    this.nameserverAddresses = records.nameserverAddresses;
    const apiRecords = options.api === undefined ? [] : apiRrsets(apex, options.api);
    this.fixedRrsets = [...records.rrsets, ...records.nameserverAddresses, ...apiRecords];
    this.hostRecords = options.hostRecords;
    this.keptHosts = this.makeHosts(options.hostRecords?.());
    this.keptNodes = new BoundedCache(limits.bindingsMax);
    this.keptApex = undefined;
    this.clock = clock;
  }

  find(name: DomainName): ZoneNode {
    const place = placeName(name, this.apex);
    switch (place.kind) {
      case 'number': {
        const binding = possibleNumber.test(place.digits)
          ? this.source.byDigits(place.digits)
          : undefined;
        return this.bindingNode(name, place, binding);
      }
      case 'hash': {
        const binding = this.source.byOwnerHash(place.hash);
        const scope = binding?.identifier.startsWith('tel:') ? 'number' : 'address';
        return this.bindingNode(name, place, scope === place.scope ? binding : undefined);
      }
      case 'reserved':
        return emptyNode;
      case 'apex':
        return this.apexNode();
      case 'other':
        return this.obliviousKeys.find(name) ?? this.hosts().get(name.lookupKey) ?? absentNode;
    }
  }

  signaturesOf(rrset: Rrset): readonly Uint8Array[] {
    return this.keys.signaturesOf(rrset);
  }

  private bindingNode(
    name: DomainName,
    place: NumberPlace | HashPlace,
    binding: PublishedBinding | undefined,
  ): ZoneNode {
    if (binding === undefined || !this.isPublished(binding)) return emptyNode;
    const kept = this.keptNodes.get(name.lookupKey);
    // The origin is in TXT and can change alone: an earlier leaf of the same entry arrives late.
    if (
      kept !== undefined &&
      kept.origin === binding.origin &&
      compareOctets(kept.entryId, binding.entryId) === 0
    )
      return kept.node;
    const rrsets = rrsetsOf(lowerCasedName(name), place.part, binding);
    const node: ZoneNode = rrsets.length === 0 ? emptyNode : { kind: 'data', rrsets };
    const { entryId, origin } = binding;
    this.keptNodes.set(name.lookupKey, { entryId, origin, node });
    return node;
  }

  takeEndMs(): number {
    const endMs = this.endMs;
    this.endMs = Number.POSITIVE_INFINITY;
    return endMs;
  }

  private isPublished(binding: PublishedBinding): boolean {
    if (binding.visibility !== 'dns') return false;
    const endMs = withheldFromMs(binding);
    if (this.clock.nowMs() >= endMs) return false;
    this.endMs = Math.min(this.endMs, endMs);
    return true;
  }

  /** Names that are known whoever is registered. */
  private hosts(): NodeMap {
    const records = this.hostRecords?.();
    if (this.keptHosts.records !== records) this.keptHosts = this.makeHosts(records);
    return this.keptHosts.nodes;
  }

  private makeHosts(records: HostRecords | undefined): KeptHosts {
    const changing = records === undefined ? [] : hostRrsets(this.apex, records);
    return { records, nodes: createNodeMap(this.apex, [...this.fixedRrsets, ...changing]) };
  }

  private apexNode(): ZoneNode {
    const charterHash = this.charterHash();
    const keyRrsets = this.keys.rrsets();
    const kept = this.keptApex;
    if (
      kept !== undefined &&
      kept.keyRrsets === keyRrsets &&
      compareOctets(kept.charterHash, charterHash) === 0
    )
      return kept.node;
    const node = this.makeApexNode(charterHash, keyRrsets);
    this.keptApex = { charterHash, keyRrsets, node };
    return node;
  }

  private makeApexNode(charterHash: Uint8Array, keyRrsets: readonly Rrset[]): ZoneNode {
    const strings = ['v=callbook1', `charter=${charterHash.toHex()}`].map((text) =>
      ascii.encode(text),
    );
    const txt = createRrset(this.apex, directoryTtlSeconds, [{ type: 'TXT', strings }]);
    const fixed = this.hosts().get(this.apex.lookupKey);
    return {
      kind: 'data',
      rrsets: [...(fixed?.kind === 'data' ? fixed.rrsets : []), ...keyRrsets, txt],
      additionals: this.nameserverAddresses,
    };
  }
}

function rrsetsOf(
  owner: DomainName,
  part: NumberPlace['part'] | HashPlace['part'],
  binding: PublishedBinding,
): Rrset[] {
  if (part === 'binding') return bindingRrsets(owner, binding);
  return part === 'sipClient' ? sipClientRrsets(owner, binding) : openpgpkeyRrsets(owner, binding);
}

function apiRrsets(apex: DomainName, api: ApiHost): Rrset[] {
  const host = nameBelow('api', apex);
  return [
    ...addressRrsets(host, api.addresses, directoryTtlSeconds),
    ...(api.service === undefined ? [] : [httpsRrset(host, api.service)]),
  ];
}

function httpsRrset(owner: DomainName, service: NonNullable<ApiHost['service']>): Rrset {
  const rdata = encodeServiceBinding({ ...service, priority: 1, target: rootName });
  const { HTTPS: type } = recordTypes;
  return createRrsetOfOctets({ owner, type, ttlSeconds: directoryTtlSeconds, rdatas: [rdata] });
}
