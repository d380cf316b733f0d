/**
 * Denial by NSEC (RFC 4035 §5.4), compact denial included (RFC 9824). Pure: the records' signatures
 * have been checked, and that all are of one zone. Where a record could be the parent's, of a
 * delegation, it proves nothing about what is below (RFC 6840 §4.1): that is the child's to say.
 */
import {
  compareNames,
  isAtOrBelow,
  joinLabels,
  parentName,
  recordTypes,
  sameName,
  type DomainName,
} from '@callbook/dns/wire';
import type { CutDenial, Denial, DenialProof, DenialQuestion } from './denial-proof.ts';

export interface ZoneNsec {
  readonly owner: DomainName;
  readonly next: DomainName;
  readonly types: readonly number[];
}

export class NsecProof implements DenialProof {
  private readonly zone: DomainName;
  private readonly nsecs: readonly ZoneNsec[];

  constructor(zone: DomainName, nsecs: readonly ZoneNsec[]) {
    this.zone = zone;
    this.nsecs = nsecs;
  }

  denies({ name, type, isNameError }: DenialQuestion): Denial {
    const matching = this.matching(name);
    // RFC 9824 §3.1: NXNAME in the bitmap says that the name does not exist, with either RCODE.
    if (matching?.types.includes(recordTypes.NXNAME) === true) return 'no_name';
    if (type !== recordTypes.DS && this.isBelowUnsigned(name)) return 'unsigned';
    if (matching !== undefined) return isNameError ? undefined : deniedByMatch(matching, type);
    const covering = this.covering(name);
    if (covering === undefined) return undefined;
    if (isEmptyNonTerminal(covering, name)) return isNameError ? undefined : 'no_data';
    const wildcard = wildcardAt(this.closestEncloser(covering, name));
    const denied = wildcard === undefined ? 'no_name' : this.deniesWildcard(wildcard, type);
    return (denied === 'no_name') === isNameError ? denied : undefined;
  }

  private deniesWildcard(wildcard: DomainName, type: number): Denial {
    const matching = this.matching(wildcard);
    if (matching !== undefined) return deniedByMatch(matching, type);
    const covering = this.covering(wildcard);
    if (covering === undefined) return undefined;
    // An asterisk that is an empty non-terminal exists, and has no data.
    return isEmptyNonTerminal(covering, wildcard) ? 'no_data' : 'no_name';
  }

  deniesCut(name: DomainName): CutDenial {
    const matching = this.matching(name);
    if (matching !== undefined) {
      const { types } = matching;
      if (types.includes(recordTypes.DS) || isChildSide(matching)) return undefined;
      if (types.includes(recordTypes.NS)) return 'unsigned';
      return types.includes(recordTypes.NXNAME) ? 'no_name' : 'no_cut';
    }
    const covering = this.covering(name);
    if (covering === undefined) return undefined;
    return isEmptyNonTerminal(covering, name) ? 'no_cut' : 'no_name';
  }

  deniesCloser(name: DomainName, closestLabelCount: number): 'no_name' | undefined {
    const covering = this.covering(name);
    if (covering === undefined || isEmptyNonTerminal(covering, name)) return undefined;
    // Another closest encloser than the wildcard's parent: a closer name exists.
    const closest = this.closestEncloser(covering, name);
    return closest.labelCount === closestLabelCount ? 'no_name' : undefined;
  }

  /** Whether a record stands at a delegation without DS that the name is at or below. */
  private isBelowUnsigned(name: DomainName): boolean {
    return this.nsecs.some(
      (nsec) =>
        isParentSide(nsec) && !nsec.types.includes(recordTypes.DS) && isAtOrBelow(name, nsec.owner),
    );
  }

  private matching(name: DomainName): ZoneNsec | undefined {
    return this.nsecs.find(({ owner }) => sameName(owner, name));
  }

  /** The record in whose range `name` falls, unless it stands at a cut or a DNAME above it. */
  private covering(name: DomainName): ZoneNsec | undefined {
    return this.nsecs.find(
      (nsec) => this.isInRange(nsec, name) && !(isAtOrBelow(name, nsec.owner) && endsAt(nsec)),
    );
  }

  private isInRange({ owner, next }: ZoneNsec, name: DomainName): boolean {
    if (compareNames(owner, name) >= 0) return false;
    // RFC 4034 §4.1.1: "the value of the Next Domain Name field in the last NSEC record in the zone
    // is the name of the zone apex".
    return sameName(next, this.zone) || compareNames(name, next) < 0;
  }

  /** The longest name that the ends of the range prove to exist above `name`. */
  private closestEncloser({ owner, next }: ZoneNsec, name: DomainName): DomainName {
    const byOwner = sharedAncestor(name, owner);
    const byNext = sharedAncestor(name, next);
    return byOwner.labelCount >= byNext.labelCount ? byOwner : byNext;
  }
}

function deniedByMatch(nsec: ZoneNsec, type: number): Denial {
  const { types } = nsec;
  if (types.includes(type) || types.includes(recordTypes.CNAME)) return undefined;
  // RFC 4035 §5.4: DS is the parent's to deny, everything else the child's.
  if (type === recordTypes.DS ? isChildSide(nsec) : isParentSide(nsec)) return undefined;
  return 'no_data';
}

function isParentSide({ types }: ZoneNsec): boolean {
  return types.includes(recordTypes.NS) && !types.includes(recordTypes.SOA);
}

/** The root has no parent, so its own record denies its DS. */
function isChildSide({ owner, types }: ZoneNsec): boolean {
  return types.includes(recordTypes.SOA) && owner.labelCount > 0;
}

/** Whether names below the owner are somebody else's: a delegation, or renamed by a DNAME. */
function endsAt(nsec: ZoneNsec): boolean {
  return isParentSide(nsec) || nsec.types.includes(recordTypes.DNAME);
}

/** RFC 4592 §2.2.2: a name without records exists when there is one below it. */
function isEmptyNonTerminal({ next }: ZoneNsec, name: DomainName): boolean {
  return next.labelCount > name.labelCount && isAtOrBelow(next, name);
}

function sharedAncestor(name: DomainName, other: DomainName): DomainName {
  let ancestor = other;
  while (!isAtOrBelow(name, ancestor)) ancestor = parentName(ancestor)!;
  return ancestor;
}

const asterisk = Uint8Array.of(0x2a);

/** `*` below a name; undefined when that would be too long to exist. */
export function wildcardAt(name: DomainName): DomainName | undefined {
  return joinLabels([asterisk], name);
}
