/**
 * The way from the anchor down to a zone: at each label either a delegation whose DS leads to the next
 * keys, or a proof that there is no zone cut, or that trust ends here. What was found is remembered for
 * as long as its records live, and shared by validations that run at the same time.
 */
import {
  isAtOrBelow,
  parentName,
  recordTypes,
  sameName,
  type DomainName,
  type DsRdata,
} from '@callbook/dns/wire';
import { knownZoneSecondsMax, knownZonesMax } from '../limits.ts';
import { delegationLink, keysLink } from './chain-links.ts';
import { parseDsRecords, usableDs, verifyDelegatedKeys } from './delegated-keys.ts';
import { gatherDenial } from './denial-records.ts';
import type { DnsAnswer, Inquiry } from './inquiry.ts';
import type { SignedRrset } from './signed-rrset.ts';
import type { TrustAnchor } from './trust-anchor.ts';
import {
  bogus,
  indeterminate,
  insecure,
  secure,
  type ChainLink,
  type Judgement,
} from './validation.ts';
import { isFromWildcard, verifyRrset, type CheckingMeans, type ZoneKeys } from './verify-rrset.ts';

/** One validation's means: what it asks through and checks with. */
export interface Run {
  readonly inquiry: Inquiry;
  readonly means: CheckingMeans;
}

/** Where a name stands: in a zone whose keys are trusted, or beyond where trust ends. */
export interface Standing {
  readonly judgement: Judgement;
  /** Defined when the judgement is `secure`. */
  readonly keys: ZoneKeys | undefined;
  readonly links: readonly ChainLink[];
}

/** What one label adds. */
interface Step {
  readonly kind: 'zone' | 'no_cut' | 'no_name' | 'end';
  readonly judgement: Judgement;
  /** Defined for `zone`. */
  readonly keys?: ZoneKeys;
  readonly links: readonly ChainLink[];
  readonly ttlSeconds: number;
}

interface KnownStep {
  readonly step: Promise<Step>;
  /** Undefined until it is made. */
  expiresAtSeconds: number | undefined;
}

/** Zones below the anchor whose DS and keys are asked for before it is known that they are zones. */
const speculativeZonesMax = 6;

export class TrustWalk {
  private readonly anchors: readonly TrustAnchor[];
  private readonly known: Map<string, KnownStep>;

  constructor(anchors: readonly TrustAnchor[]) {
    this.anchors = anchors;
    this.known = new Map();
  }

  /** Walks to the zone that `name` is in, or to `name` itself when it is a zone. */
  async standingOf(name: DomainName, run: Run): Promise<Standing> {
    const anchor = this.anchorOver(name);
    if (anchor === undefined) return ending(indeterminate('anchor_missing'), []);
    const first = await this.remember({ name: anchor.zone, anchor }, run, () =>
      anchorStep(anchor, run),
    );
    const links = [...first.links];
    if (first.keys === undefined) return ending(first.judgement, links);
    let keys = first.keys;
    for (const child of namesBetween(anchor.zone, name)) {
      const parent = keys;
      const step = await this.remember({ name: child, anchor }, run, () =>
        cutStep(parent, child, run),
      );
      links.push(...step.links);
      if (step.kind === 'end') return ending(step.judgement, links);
      if (step.kind === 'no_name') break;
      keys = step.keys ?? keys;
    }
    return { judgement: secure, keys, links };
  }

  /**
   * Sends the questions that a walk to the zone `name` will ask, all at once: a cold chain then takes
   * two round trips and not two for each label.
   */
  prefetch(name: DomainName, run: Run): void {
    const anchor = this.anchorOver(name);
    if (anchor === undefined) return;
    const unknown = [anchor.zone, ...namesBetween(anchor.zone, name)].filter(
      (zone) => !this.isKnown(zone, anchor, run),
    );
    for (const zone of unknown.slice(0, speculativeZonesMax)) {
      void run.inquiry.ask(zone, recordTypes.DNSKEY);
      if (zone !== anchor.zone) void run.inquiry.ask(zone, recordTypes.DS);
    }
  }

  /** The anchor that is closest above the name. */
  private anchorOver(name: DomainName): TrustAnchor | undefined {
    return this.anchors
      .filter(({ zone }) => isAtOrBelow(name, zone))
      .sort((a, b) => b.zone.labelCount - a.zone.labelCount)[0];
  }

  private isKnown(name: DomainName, anchor: TrustAnchor, run: Run): boolean {
    const found = this.known.get(rowKey(name, anchor));
    const { expiresAtSeconds } = found ?? { expiresAtSeconds: 0 };
    return expiresAtSeconds === undefined || expiresAtSeconds > run.means.nowSeconds;
  }

  private async remember(
    { name, anchor }: { readonly name: DomainName; readonly anchor: TrustAnchor },
    run: Run,
    make: () => Promise<Step>,
  ): Promise<Step> {
    const key = rowKey(name, anchor);
    if (this.isKnown(name, anchor, run)) return await this.known.get(key)!.step;
    const making: KnownStep = { step: make(), expiresAtSeconds: undefined };
    // The oldest goes first; deleting moves a name that is asked for again to the end.
    this.known.delete(key);
    if (this.known.size >= knownZonesMax) this.known.delete(this.known.keys().next().value!);
    this.known.set(key, making);
    const step = await making.step;
    making.expiresAtSeconds = run.means.nowSeconds + Math.min(step.ttlSeconds, knownZoneSecondsMax);
    return step;
  }
}

function rowKey(name: DomainName, anchor: TrustAnchor): string {
  return `${anchor.zone.labelCount} ${name.lookupKey}`;
}

function ending(judgement: Judgement, links: readonly ChainLink[]): Standing {
  return { judgement, keys: undefined, links };
}

/** Names below `zone` down to `name`, which is the last. */
function namesBetween(zone: DomainName, name: DomainName): DomainName[] {
  const names: DomainName[] = [];
  let at = name;
  while (at.labelCount > zone.labelCount) {
    names.push(at);
    at = parentName(at)!;
  }
  return names.reverse();
}

async function anchorStep(anchor: TrustAnchor, run: Run): Promise<Step> {
  const ds = usableDs(anchor.ds);
  if (ds.length === 0) return endStep(anchor.zone, insecure('algorithm_unsupported'));
  return await keysStep(anchor.zone, { ds, links: [], ttlSeconds: knownZoneSecondsMax }, run);
}

/** What stands at `child`, a name in the zone of `parent`'s keys: a zone of its own, or not. */
async function cutStep(parent: ZoneKeys, child: DomainName, run: Run): Promise<Step> {
  const asked = await run.inquiry.ask(child, recordTypes.DS);
  if ('verdict' in asked) return endStep(child, asked);
  const ds = asked.answers.find((rrset) => isAt(rrset, child, recordTypes.DS));
  if (ds !== undefined) return await delegationStep(parent, ds, run);
  const renamed = asked.answers.find((rrset) => isRenaming(rrset, child));
  if (renamed !== undefined) return await renamedStep(parent, { child, renamed, asked }, run);
  const denial = await gatherDenial(asked.authorities, parent, run.means);
  const { proof, ttlSeconds } = denial;
  const denied = proof?.deniesCut(child);
  if (run.means.budget.exceeded) return endStep(child, bogus('work_exceeded'));
  if (denied === 'no_cut' || denied === 'no_name')
    return { kind: denied, judgement: secure, links: [], ttlSeconds };
  const judgement =
    denied === undefined
      ? proof === undefined && denial.judgement.code !== 'denial_missing'
        ? denial.judgement
        : bogus('delegation_unproven')
      : insecure(denied === 'unsigned' ? 'delegation_unsigned' : 'delegation_opt_out');
  return endStep(child, judgement, { checked: denial.shown, ttlSeconds });
}

async function delegationStep(parent: ZoneKeys, ds: SignedRrset, run: Run): Promise<Step> {
  const child = ds.owner;
  const checked = await verifyRrset(ds, parent, run.means);
  if (checked.rrsig === undefined) return endStep(child, checked.judgement);
  const records = parseDsRecords(ds);
  // A DS that a wildcard made would delegate every name to one key.
  if (records === undefined || isFromWildcard(child, checked.rrsig))
    return endStep(child, bogus('delegation_unproven'), { checked, ttlSeconds: 0 });
  const { ttlSeconds } = checked;
  const usable = usableDs(records);
  // RFC 4035 §5.2: "If the validator does not support any of the algorithms listed in an authenticated
  // DS RRset, then the resolver has no supported authentication path (…) and SHOULD treat it as (…)
  // an authenticated NSEC RRset proving that no DS RRset exists".
  if (usable.length === 0)
    return endStep(child, insecure('algorithm_unsupported'), { checked, ttlSeconds });
  const links = [delegationLink(child, secure, checked)];
  return await keysStep(child, { ds: usable, links, ttlSeconds }, run);
}

interface GivenDelegation {
  readonly ds: readonly DsRdata[];
  readonly links: readonly ChainLink[];
  readonly ttlSeconds: number;
}

async function keysStep(zone: DomainName, given: GivenDelegation, run: Run): Promise<Step> {
  const asked = await run.inquiry.ask(zone, recordTypes.DNSKEY);
  const failing = (judgement: Judgement): Step => ({
    kind: 'end',
    judgement,
    links: [...given.links, keysLink(zone, judgement)],
    ttlSeconds: 0,
  });
  if ('verdict' in asked) return failing(asked);
  const dnskeys = asked.answers.find((rrset) => isAt(rrset, zone, recordTypes.DNSKEY));
  if (dnskeys === undefined) return failing(bogus('dnskey_missing'));
  const delegated = await verifyDelegatedKeys(zone, { ds: given.ds, dnskeys }, run.means);
  if (delegated.checked === undefined) return failing(delegated.judgement);
  return {
    kind: 'zone',
    judgement: secure,
    keys: { zone, keys: delegated.keys },
    links: [...given.links, keysLink(zone, secure, delegated.checked)],
    ttlSeconds: Math.min(given.ttlSeconds, delegated.checked.ttlSeconds),
  };
}

/** A CNAME at the name, or a DNAME above it: neither stands at a delegation (RFC 2181, RFC 6672). */
async function renamedStep(
  parent: ZoneKeys,
  { child, renamed, asked }: { child: DomainName; renamed: SignedRrset; asked: DnsAnswer },
  run: Run,
): Promise<Step> {
  const checked = await verifyRrset(renamed, parent, run.means);
  if (checked.rrsig === undefined) return endStep(child, checked.judgement);
  const { ttlSeconds, rrsig } = checked;
  if (isFromWildcard(renamed.owner, rrsig)) {
    const { proof } = await gatherDenial(asked.authorities, parent, run.means);
    if (proof?.deniesCloser(child, rrsig.labelCount) === undefined)
      return endStep(child, bogus('wildcard_unproven'));
  }
  const kind = renamed.type === recordTypes.DNAME ? 'no_name' : 'no_cut';
  return { kind, judgement: secure, links: [], ttlSeconds };
}

function isAt({ owner, type }: SignedRrset, name: DomainName, wanted: number): boolean {
  return type === wanted && sameName(owner, name);
}

function isRenaming(rrset: SignedRrset, name: DomainName): boolean {
  const { owner, type } = rrset;
  if (type === recordTypes.DNAME) return isAtOrBelow(name, owner) && !sameName(name, owner);
  return isAt(rrset, name, recordTypes.CNAME);
}

function endStep(
  name: DomainName,
  judgement: Judgement,
  shown: Pick<Step, 'ttlSeconds'> & { checked?: Parameters<typeof delegationLink>[2] } = {
    ttlSeconds: 0,
  },
): Step {
  const links = [delegationLink(name, judgement, shown.checked)];
  // What is broken is asked for anew by the next validation.
  const ttlSeconds = judgement.verdict === 'insecure' ? shown.ttlSeconds : 0;
  return { kind: 'end', judgement, links, ttlSeconds };
}
