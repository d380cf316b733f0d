/**
 * Judging one part of an answer: an RRset with its signatures, or a denial. Both begin with the name
 * of the signer, which says which zone to walk to; what is unsigned must be proven to be so.
 */
import {
  isAtOrBelow,
  parentName,
  recordTypes,
  sameName,
  type DomainName,
} from '@callbook/dns/wire';
import { chainLink } from './chain-links.ts';
import { gatherDenial, type GatheredDenial } from './denial-records.ts';
import type { DnsAnswer } from './inquiry.ts';
import type { SignedRrset } from './signed-rrset.ts';
import type { Run, TrustWalk } from './trust-walk.ts';
import {
  bogus,
  insecure,
  secure,
  type ChainLink,
  type Judgement,
  type Validation,
} from './validation.ts';
import { isFromWildcard, verifyRrset, type CheckedRrset, type ZoneKeys } from './verify-rrset.ts';

export interface Judged {
  readonly judgement: Judgement;
  readonly links: readonly ChainLink[];
  readonly ttlSeconds: number;
}

/** Judges the RRset that answers, or an alias on the way. */
export async function judgeRrset(
  part: {
    readonly kind: 'records' | 'alias';
    readonly rrset: SignedRrset;
    readonly answer: DnsAnswer;
  },
  walk: TrustWalk,
  run: Run,
): Promise<Judged> {
  const { kind, rrset, answer } = part;
  const { owner, type } = rrset;
  const end = (judgement: Judgement, by?: Zone, checked?: CheckedRrset): Judged => ({
    judgement,
    links: [...(by?.links ?? []), chainLink(kind, owner, { judgement, checked })],
    ttlSeconds: checked?.ttlSeconds ?? rrset.ttlSeconds,
  });
  const zone = await zoneThatSigned({ owner, type, rrsets: [rrset] }, walk, run);
  if (zone.keys === undefined) return end(zone.judgement, zone);
  const checked = await verifyRrset(rrset, zone.keys, run.means);
  if (checked.rrsig === undefined) return end(checked.judgement, zone);
  if (!isFromWildcard(owner, checked.rrsig)) return end(secure, zone, checked);
  // RFC 4035 §5.3.4: an answer made from a wildcard needs the proof "that the exact QNAME does not
  // exist" nor a closer one.
  const denial = await gatherDenial(answer.authorities, zone.keys, run.means);
  const denied = denial.proof?.deniesCloser(owner, checked.rrsig.labelCount);
  if (run.means.budget.exceeded) return end(bogus('work_exceeded'), zone);
  if (denied === 'no_name') return end(secure, zone, checked);
  if (denied === 'opt_out') return end(insecure('delegation_opt_out'), zone, checked);
  const { verdict } = denial.judgement;
  return end(verdict === 'insecure' ? denial.judgement : bogus('wildcard_unproven'), zone);
}

/** Judges an answer without the records that were asked for, nor an alias. */
export async function judgeDenial(
  part: { readonly owner: DomainName; readonly type: number; readonly answer: DnsAnswer },
  walk: TrustWalk,
  run: Run,
): Promise<Judged & { readonly state: Validation['state'] }> {
  const { owner, type, answer } = part;
  const { authorities } = answer;
  const denials = authorities.filter(
    (rrset) => rrset.type === recordTypes.NSEC || rrset.type === recordTypes.NSEC3,
  );
  const zone = await zoneThatSigned({ owner, type, rrsets: denials }, walk, run);
  const end = (judgement: Judgement, state: Validation['state'], used?: GatheredDenial) => ({
    judgement,
    state,
    links: [...zone.links, chainLink('denial', owner, { judgement, checked: used?.shown })],
    ttlSeconds: used?.ttlSeconds ?? 0,
  });
  if (zone.keys === undefined) {
    const { code } = zone.judgement;
    return end(code === 'signature_missing' ? bogus('denial_missing') : zone.judgement, 'no_data');
  }
  const soa = await judgeSoa(authorities, zone.keys, run);
  if (soa.verdict !== 'secure') return end(soa, 'no_data');
  const denial = await gatherDenial(authorities, zone.keys, run.means);
  const denied = denial.proof?.denies({ name: owner, type, isNameError: answer.isNameError });
  if (run.means.budget.exceeded) return end(bogus('work_exceeded'), 'no_data');
  if (denial.proof === undefined) return end(denial.judgement, 'no_data', denial);
  if (denied === undefined) return end(bogus('denial_unproven'), 'no_data');
  if (denied === 'opt_out') return end(insecure('delegation_opt_out'), 'no_data', denial);
  if (denied === 'unsigned') return end(insecure('delegation_unsigned'), 'no_data', denial);
  return end(secure, denied, denial);
}

/** RFC 2308 §5: the SOA says how long a denial lives, so one that is there must hold. */
async function judgeSoa(
  authorities: readonly SignedRrset[],
  by: ZoneKeys,
  run: Run,
): Promise<Judgement> {
  const soa = authorities.find(
    ({ type, owner }) => type === recordTypes.SOA && sameName(owner, by.zone),
  );
  return soa === undefined ? secure : (await verifyRrset(soa, by, run.means)).judgement;
}

interface Zone {
  readonly judgement: Judgement;
  /** Defined when the judgement is `secure`. */
  readonly keys: ZoneKeys | undefined;
  readonly links: readonly ChainLink[];
}

/**
 * Walks to the zone in whose name the RRsets are signed; where nothing is signed that could be, as far
 * as trust leads towards the owner: to a proof that it ends before, or to a signature that is missing.
 */
async function zoneThatSigned(
  about: {
    readonly owner: DomainName;
    readonly type: number;
    readonly rrsets: readonly SignedRrset[];
  },
  walk: TrustWalk,
  run: Run,
): Promise<Zone> {
  // RFC 4035 §2.4: a DS is the parent's; the root has none.
  const lowest = about.type === recordTypes.DS ? parentName(about.owner) : about.owner;
  const above = lowest ?? about.owner;
  const signer = about.rrsets
    .flatMap(({ rrsigs }) => rrsigs.map((rrsig) => rrsig.signer))
    .find((name) => isAtOrBelow(above, name));
  if (signer === undefined) {
    const standing = await walk.standingOf(above, run);
    return standing.keys === undefined
      ? standing
      : { judgement: bogus('signature_missing'), keys: undefined, links: standing.links };
  }
  walk.prefetch(signer, run);
  const standing = await walk.standingOf(signer, run);
  if (standing.keys === undefined || sameName(standing.keys.zone, signer)) return standing;
  return { judgement: bogus('signer_not_zone'), keys: undefined, links: standing.links };
}
