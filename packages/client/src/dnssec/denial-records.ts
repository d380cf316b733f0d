/**
 * From a section of an answer to a proof: the NSEC or NSEC3 records that the zone has signed. What is
 * malformed, unsigned or of another zone is left out, so that it proves nothing.
 */
import {
  isAtOrBelow,
  parentName,
  parseNsec3,
  parseRdata,
  recordTypes,
  sameName,
  type DomainName,
} from '@callbook/dns/wire';
import { denialRecordsMax, nsec3IterationsMax } from '../limits.ts';
import { parseBase32Hex } from './base32-hex.ts';
import type { DenialProof } from './denial-proof.ts';
import type { ZoneNsec3 } from './nsec3-proof.ts';
import { NsecProof, type ZoneNsec } from './nsec-proof.ts';
import type { SignedRrset } from './signed-rrset.ts';
import { bogus, indeterminate, insecure, secure, type Judgement } from './validation.ts';
import {
  isFromWildcard,
  verifyRrset,
  type CheckedRrset,
  type CheckingMeans,
  type ZoneKeys,
} from './verify-rrset.ts';

/** The proof that an answer carries, or why there is none. */
export interface GatheredDenial {
  readonly proof: DenialProof | undefined;
  /** Why there is none: `denial_missing`, or what is wrong with a record's signature. */
  readonly judgement: Judgement;
  /** The first record that was used, to be shown. */
  readonly shown: CheckedRrset | undefined;
  /** The least TTL among those used. */
  readonly ttlSeconds: number;
}

/** Gathers the denial records among `authorities` that `by` has signed. */
export async function gatherDenial(
  authorities: readonly SignedRrset[],
  by: ZoneKeys,
  means: CheckingMeans,
): Promise<GatheredDenial> {
  const nsecs: ZoneNsec[] = [];
  const nsec3s: ZoneNsec3[] = [];
  const used: CheckedRrset[] = [];
  for (const rrset of authorities.filter(isDenial).slice(0, denialRecordsMax)) {
    const checked = await verifyRrset(rrset, by, means);
    // One that is broken spoils the proof, even where the others would do: what was left out of an
    // answer on its way should not be for those on its way to choose.
    if (checked.rrsig === undefined) return unproven(checked.judgement);
    // A denial record is never made from a wildcard: its owner is one end of its range.
    if (isFromWildcard(rrset.owner, checked.rrsig)) return unproven(bogus('denial_unproven'));
    used.push(checked);
    const [nsec, nsec3] =
      rrset.type === recordTypes.NSEC
        ? [nsecsOf(rrset, by.zone), []]
        : [[], nsec3sOf(rrset, by.zone)];
    if (nsec === undefined || nsec3 === undefined) return unproven(bogus('denial_unproven'));
    nsecs.push(...nsec);
    nsec3s.push(...nsec3);
  }
  // RFC 9276 §3.2: "Validating resolvers MAY return an insecure response to their clients when
  // processing NSEC3 records with iterations larger than 0".
  const isTooCostly = nsec3s.some(({ rdata }) => rdata.iterations > nsec3IterationsMax);
  const shown = {
    shown: used[0],
    ttlSeconds: Math.min(...used.map((checked) => checked.ttlSeconds)),
  };
  if (isTooCostly) return { ...unproven(insecure('nsec3_iterations_exceeded')), ...shown };
  if (nsecs.length > 0)
    return { proof: new NsecProof(by.zone, nsecs), judgement: secure, ...shown };
  if (nsec3s.length === 0) return unproven(bogus('denial_missing'));
  // Members' zones have NSEC, so that pages load this only for the zones of others.
  const loaded = await import('./nsec3-proof.ts').catch(() => undefined);
  if (loaded === undefined) return unproven(indeterminate('transport_failed'));
  const proof = new loaded.Nsec3Proof(by.zone, largestChain(nsec3s), means.budget);
  return { proof, judgement: secure, ...shown };
}

function unproven(judgement: Judgement): GatheredDenial {
  return { proof: undefined, judgement, shown: undefined, ttlSeconds: 0 };
}

function isDenial({ type }: SignedRrset): boolean {
  return type === recordTypes.NSEC || type === recordTypes.NSEC3;
}

/** Undefined when the record is malformed. */
function nsecsOf({ owner, rdatas }: SignedRrset, zone: DomainName): ZoneNsec[] | undefined {
  // RFC 4034 §4: a name has one NSEC; of two, neither says where the range ends.
  const rdata = rdatas.length === 1 ? parseRdata(recordTypes.NSEC, rdatas[0]!) : undefined;
  if (rdata?.verdict !== 'accept' || rdata.value.type !== 'NSEC') return undefined;
  const { next, types } = rdata.value;
  return isAtOrBelow(next, zone) ? [{ owner, next, types }] : undefined;
}

/**
 * RFC 5155 §8.1, §8.2: records of unknown hash types or with unknown flags "MUST be ignored". Undefined
 * when a record is malformed.
 */
function nsec3sOf({ owner, rdatas }: SignedRrset, zone: DomainName): ZoneNsec3[] | undefined {
  const parent = parentName(owner);
  const ownerHash = parent && parseBase32Hex(owner.labels[0]!);
  if (ownerHash === undefined || !sameName(parent!, zone)) return undefined;
  const nsec3s: ZoneNsec3[] = [];
  for (const octets of rdatas) {
    const parsed = parseNsec3(octets);
    if (parsed.verdict !== 'accept') return undefined;
    const rdata = parsed.value;
    if (rdata.hashAlgorithm !== sha1HashAlgorithm || rdata.flags > optOutFlag) continue;
    if (ownerHash.length !== sha1Bytes || rdata.nextHash.length !== sha1Bytes) return undefined;
    nsec3s.push({ ownerHash, rdata });
  }
  return nsec3s;
}

/** RFC 5155 §3.1.2.1: the only flag there is. */
const optOutFlag = 1;
const sha1HashAlgorithm = 1;
const sha1Bytes = 20;

/** RFC 5155 §8.2: those of one proof have "the same hash algorithm, iterations and salt values". */
function largestChain(nsec3s: readonly ZoneNsec3[]): ZoneNsec3[] {
  const chains = Map.groupBy(nsec3s, ({ rdata }) => `${rdata.iterations} ${rdata.salt.toHex()}`);
  return [...chains.values()].sort((a, b) => b.length - a.length)[0]!;
}
