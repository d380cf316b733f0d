/**
 * Denial by NSEC3 (RFC 5155 §8). Pure but for the counting of hash rounds. The caller leaves to this
 * file only records whose signatures hold, of one zone, hash algorithm 1, with one salt and one number
 * of iterations, which is within the limit.
 */
import {
  lowerCasedName,
  parentName,
  recordTypes,
  type DomainName,
  type Nsec3Rdata,
} from '@callbook/dns/wire';
import { bytesEqual, compareBytes, concatBytes } from '@callbook/protocol';
import type { CutDenial, Denial, DenialProof, DenialQuestion } from './denial-proof.ts';
import { wildcardAt } from './nsec-proof.ts';
import { sha1 } from './sha1.ts';
import type { WorkBudget } from './work-budget.ts';

export interface ZoneNsec3 {
  /** From the owner's first label, 20 octets. */
  readonly ownerHash: Uint8Array;
  readonly rdata: Nsec3Rdata;
}

/** RFC 5155 §3.1.2.1. */
const optOutFlag = 1;

/** RFC 5155 §7.2.1: the closest name that exists, and the record over the name one label longer. */
interface ClosestEncloser {
  readonly name: DomainName;
  readonly nextCloserCover: ZoneNsec3;
}

export class Nsec3Proof implements DenialProof {
  private readonly zone: DomainName;
  private readonly nsec3s: readonly ZoneNsec3[];
  private readonly budget: WorkBudget;
  private readonly hashes: Map<string, Uint8Array | undefined>;

  constructor(zone: DomainName, nsec3s: readonly ZoneNsec3[], budget: WorkBudget) {
    this.zone = zone;
    this.nsec3s = nsec3s;
    this.budget = budget;
    this.hashes = new Map();
  }

  denies({ name, type, isNameError }: DenialQuestion): Denial {
    const matching = this.matching(name);
    if (matching !== undefined && isUnsigned(matching) && type !== recordTypes.DS)
      return 'unsigned';
    if (matching !== undefined)
      return isNameError ? undefined : deniedByMatch(matching, { name, type });
    const closest = this.closestEncloser(name);
    if (closest === 'unsigned' || closest === undefined) return closest;
    const wildcard = wildcardAt(closest.name);
    const matchingWildcard = wildcard && this.matching(wildcard);
    const isWildcardCovered = wildcard === undefined || this.covering(wildcard) !== undefined;
    // RFC 5155 §12.2: under opt-out there may be an unsigned delegation at the name all the same, or
    // an empty non-terminal that has no record of its own (§7.1).
    const isOpen = isOptOut(closest.nextCloserCover);
    if (isNameError) return isWildcardCovered ? (isOpen ? 'opt_out' : 'no_name') : undefined;
    if (wildcard !== undefined && matchingWildcard !== undefined) {
      const denied = deniedByMatch(matchingWildcard, { name: wildcard, type });
      return isOpen && denied !== undefined ? 'opt_out' : denied;
    }
    return isOpen ? 'opt_out' : undefined;
  }

  deniesCut(name: DomainName): CutDenial {
    const matching = this.matching(name);
    if (matching !== undefined) {
      const { types } = matching.rdata;
      const childSide = types.includes(recordTypes.SOA) && name.labelCount > 0;
      if (types.includes(recordTypes.DS) || childSide) return undefined;
      return types.includes(recordTypes.NS) ? 'unsigned' : 'no_cut';
    }
    const closest = this.closestEncloser(name);
    if (closest === 'unsigned' || closest === undefined) return closest;
    return isOptOut(closest.nextCloserCover) ? 'opt_out' : 'no_name';
  }

  deniesCloser(name: DomainName, closestLabelCount: number): 'no_name' | 'opt_out' | undefined {
    // RFC 5155 §8.8: the signature shows the closest encloser; only the next closer name is denied.
    let nextCloser = name;
    while (nextCloser.labelCount > closestLabelCount + 1) nextCloser = parentName(nextCloser)!;
    const cover = this.covering(nextCloser);
    if (cover === undefined) return undefined;
    return isOptOut(cover) ? 'opt_out' : 'no_name';
  }

  /** RFC 5155 §8.3, from the name upwards; undefined when there is no whole proof. */
  private closestEncloser(name: DomainName): ClosestEncloser | 'unsigned' | undefined {
    let nextCloser = name;
    for (;;) {
      if (nextCloser.labelCount <= this.zone.labelCount) return undefined;
      const candidate = parentName(nextCloser)!;
      const matching = this.matching(candidate);
      if (matching !== undefined) {
        // RFC 5155 §8.3: "DNAME type bit must not be set and the NS type bit may only be set if the
        // SOA type bit is set".
        if (endsAt(matching)) return isUnsigned(matching) ? 'unsigned' : undefined;
        const nextCloserCover = this.covering(nextCloser);
        return nextCloserCover && { name: candidate, nextCloserCover };
      }
      nextCloser = candidate;
    }
  }

  private matching(name: DomainName): ZoneNsec3 | undefined {
    const hash = this.hashOf(name);
    return hash && this.nsec3s.find(({ ownerHash }) => bytesEqual(ownerHash, hash));
  }

  private covering(name: DomainName): ZoneNsec3 | undefined {
    const hash = this.hashOf(name);
    return hash && this.nsec3s.find((nsec3) => isInRange(nsec3, hash));
  }

  /** RFC 5155 §5; undefined when the budget is spent. */
  private hashOf(name: DomainName): Uint8Array | undefined {
    const known = this.hashes.get(name.lookupKey);
    if (known !== undefined) return known;
    const { iterations, salt } = this.nsec3s[0]!.rdata;
    if (!this.budget.mayHash(iterations + 1)) return undefined;
    let hash = sha1(concatBytes(lowerCasedName(name).wire, salt));
    for (let round = 0; round < iterations; round += 1) hash = sha1(concatBytes(hash, salt));
    this.hashes.set(name.lookupKey, hash);
    return hash;
  }
}

function isInRange({ ownerHash, rdata: { nextHash } }: ZoneNsec3, hash: Uint8Array): boolean {
  const afterOwner = compareBytes(ownerHash, hash) < 0;
  const beforeNext = compareBytes(hash, nextHash) < 0;
  // RFC 5155 §3.1.7: the last record's next hash is the first's owner; alone, its own.
  return compareBytes(ownerHash, nextHash) < 0
    ? afterOwner && beforeNext
    : (afterOwner || beforeNext) && !bytesEqual(ownerHash, hash);
}

function deniedByMatch(
  { rdata: { types } }: ZoneNsec3,
  { name, type }: Pick<DenialQuestion, 'name' | 'type'>,
): Denial {
  if (types.includes(type) || types.includes(recordTypes.CNAME)) return undefined;
  const atApex = types.includes(recordTypes.SOA);
  // RFC 5155 §8.5, §8.6; RFC 6840 §4.1: DS is the parent's to deny, everything else the child's.
  if (type === recordTypes.DS ? atApex && name.labelCount > 0 : isDelegation(types, atApex))
    return undefined;
  return 'no_data';
}

function endsAt({ rdata: { types } }: ZoneNsec3): boolean {
  return isDelegation(types, types.includes(recordTypes.SOA)) || types.includes(recordTypes.DNAME);
}

/** A delegation that has no DS: nothing below it is signed. */
function isUnsigned({ rdata: { types } }: ZoneNsec3): boolean {
  const atApex = types.includes(recordTypes.SOA);
  return isDelegation(types, atApex) && !types.includes(recordTypes.DS);
}

function isDelegation(types: readonly number[], atApex: boolean): boolean {
  return types.includes(recordTypes.NS) && !atApex;
}

function isOptOut({ rdata: { flags } }: ZoneNsec3): boolean {
  return (flags & optOutFlag) !== 0;
}
