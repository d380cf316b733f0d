/**
 * What the zones of all members publish of a number, validated from the DS in the charter: as each
 * member gives its own over HTTPS, and as a resolver gives it to the public.
 */
import { describePublished, dohTransport } from '@callbook/client';
import type { Directory, DnsTransport, Fetch, Holding, Member, ZoneAnswer } from '@callbook/client';
import { bytesEqual, parseLeaf } from '@callbook/protocol';
import type { Identifier, Payload } from '@callbook/protocol';
import type { EvidenceContext } from '../evidence-files.ts';
import type { Findings, NewFinding } from '../findings.ts';
import { resolverStaleMsMax } from '../limits.ts';

/** A number to look at. */
export interface WatchedNumber {
  readonly identifier: Identifier;
  /** What the auditor has published itself, where the number is a canary. */
  readonly holding?: Holding | undefined;
}

export interface NumbersContext extends EvidenceContext {
  readonly directory: Directory;
  /** Opens the same directory with another server of DNS. */
  readonly openBy: (dns: DnsTransport) => Directory;
  /** A resolver, as the public asks one; none is asked when left out. */
  readonly resolver?: DnsTransport | undefined;
  readonly fetch?: Fetch | undefined;
  readonly findings: Findings;
  readonly nowMs: () => number;
  /** How long what differs is asked for again. */
  readonly settleMs?: number | undefined;
}

/** What differs, as a finding. */
export interface Difference extends NewFinding {
  /** Where it is the zone that the member itself gives. */
  readonly zoneOf?: Member;
}

/** What everybody should say. */
export interface Expected {
  readonly entryId: Uint8Array;
  readonly payload: Pick<Payload, 'visibility' | 'routes' | 'keys'>;
}

export interface Shown {
  /** Of the number, for findings. */
  readonly name: string;
  /** Undefined where nothing is published for everybody. */
  readonly shown: Expected | undefined;
  /** Nobody has confirmed it for long: such a binding leaves DNS. */
  readonly isDormant: boolean;
}

interface ZoneViews {
  /** Members whose zones say what they should. */
  readonly agreeing: number;
  /** The same by the resolver; null where there is none. */
  readonly resolved: number | null;
  readonly differences: readonly Difference[];
}

/** Asks about every member's zone. */
export async function askZones(
  { identifier, holding }: WatchedNumber,
  shown: Shown,
  context: NumbersContext,
): Promise<ZoneViews> {
  const { directory, openBy, resolver } = context;
  const byResolver = resolver === undefined ? undefined : openBy(resolver);
  await byResolver?.walk();
  const mayBeKept = context.nowMs() - publishedAtMs(holding) < resolverStaleMsMax;
  const differences: Difference[] = [];
  let [agreeing, resolved] = [0, 0];
  for (const member of directory.members) {
    const differs = { code: 'dns_differs', member: member.name } as const;
    const own = openBy(memberTransport(member, context));
    await own.walk();
    const said = judgeZone(await own.lookupZone(identifier, member.zone), shown);
    if (said === 'agrees') agreeing += 1;
    else if (said !== 'unanswered') {
      differences.push({ ...differs, kind: `${shown.name}_${said}`, zoneOf: member });
    }
    if (byResolver === undefined) continue;
    const kept = judgeZone(await byResolver.lookupZone(identifier, member.zone), shown);
    if (kept === 'agrees') resolved += 1;
    else if (kept === 'bogus' || (kept !== 'unanswered' && !mayBeKept)) {
      differences.push({ ...differs, kind: `${shown.name}_resolver_${kept}` });
    }
  }
  return { agreeing, resolved: byResolver === undefined ? null : resolved, differences };
}

/** The member's own server of DNS. */
export function memberTransport(
  { api }: Member,
  { fetch }: Pick<NumbersContext, 'fetch'>,
): DnsTransport {
  const url = `${api}/dns-query`;
  return dohTransport(fetch === undefined ? { url } : { url, fetch });
}

/** When a canary was logged last; what is no canary may have changed just now. */
function publishedAtMs(holding: Holding | undefined): number {
  const times = (holding?.receipts ?? []).flatMap(({ leaf: bytes }) => {
    const leaf = parseLeaf(bytes);
    return leaf.verdict === 'accept' ? [leaf.value.at] : [];
  });
  return times.length === 0 ? Infinity : Math.max(...times);
}

function judgeZone(
  { verdict, state, binding }: ZoneAnswer,
  { shown, isDormant }: Shown,
): 'agrees' | 'unanswered' | 'bogus' | 'insecure' | 'absent' | 'other_entry' | 'other_content' {
  if (verdict === 'indeterminate') return 'unanswered';
  if (verdict !== 'secure') return verdict;
  if (state === 'absent') return shown === undefined || isDormant ? 'agrees' : 'absent';
  const { logged } = binding;
  if (shown === undefined || logged === null) return 'other_entry';
  if (!bytesEqual(logged.entryId, shown.entryId)) return 'other_entry';
  return saysSame({ visibility: 'dns', ...binding }, shown.payload) ? 'agrees' : 'other_content';
}

/** Whether two payloads publish the same. */
export function saysSame(a: Expected['payload'], b: Expected['payload']): boolean {
  return describePublished(a) === describePublished(b);
}
