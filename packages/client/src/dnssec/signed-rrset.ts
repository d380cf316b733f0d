/**
 * A section's records as RRsets with the signatures that came with them. What cannot be read is left
 * out, so that it proves nothing: an RRset without its malformed RRSIG is an unsigned one.
 */
import {
  internetClass,
  parseRdata,
  recordTypes,
  type DomainName,
  type ResourceRecord,
  type RrsigRdata,
} from '@callbook/dns/wire';

export interface SignedRrset {
  /** As the answer spells it. */
  readonly owner: DomainName;
  readonly type: number;
  /** The lowest among its records. */
  readonly ttlSeconds: number;
  /** Uncompressed, in the order of the answer. */
  readonly rdatas: readonly Uint8Array[];
  /** In the order of the answer. */
  readonly rrsigs: readonly RrsigRdata[];
}

interface OpenRrset {
  readonly owner: DomainName;
  readonly type: number;
  ttlSeconds: number;
  readonly rdatas: Uint8Array[];
  readonly rrsigs: RrsigRdata[];
  readonly seen: Set<string>;
}

/** Groups the records of one section; order of first appearance. */
export function signedRrsetsOf(records: readonly ResourceRecord[]): SignedRrset[] {
  const rrsets = new Map<string, OpenRrset>();
  for (const record of records) {
    if (record.class !== internetClass || record.type === recordTypes.RRSIG) continue;
    const rrset = rrsetOf(rrsets, record, record.type);
    // RFC 2181 §5: records that are alike in everything but TTL are one.
    const octets = record.rdata.toHex();
    if (!rrset.seen.has(octets)) rrset.rdatas.push(record.rdata);
    rrset.seen.add(octets);
    rrset.ttlSeconds = Math.min(rrset.ttlSeconds, record.ttlSeconds);
  }
  for (const record of records) {
    if (record.class !== internetClass || record.type !== recordTypes.RRSIG) continue;
    const rrsig = parseRdata(recordTypes.RRSIG, record.rdata);
    if (rrsig.verdict !== 'accept' || rrsig.value.type !== 'RRSIG') continue;
    rrsets.get(rowKey(record.owner, rrsig.value.typeCovered))?.rrsigs.push(rrsig.value);
  }
  return [...rrsets.values()];
}

function rrsetOf(rrsets: Map<string, OpenRrset>, record: ResourceRecord, type: number): OpenRrset {
  const key = rowKey(record.owner, type);
  const found = rrsets.get(key);
  if (found !== undefined) return found;
  const { owner, ttlSeconds } = record;
  const made: OpenRrset = { owner, type, ttlSeconds, rdatas: [], rrsigs: [], seen: new Set() };
  rrsets.set(key, made);
  return made;
}

function rowKey(owner: DomainName, type: number): string {
  return String.fromCharCode(type) + owner.lookupKey;
}
