/**
 * The two halves of signing with an offline KSK, neither of which needs the other's private keys. The
 * member plans its ZSKs ahead and asks for the DNSKEY RRset of each period; the offline machine adds
 * its KSKs and signs. What is asked is the schedule itself, run ahead of time with more slack.
 */
import { dnsError } from '../errors.ts';
import { dnskeyOf } from '../sign/delegation-signer.ts';
import { signRrset } from '../sign/rrset-signer.ts';
import type { PresignedSignatures } from '../sign/zone-keyring.ts';
import type { ZoneSigner } from '../sign/zone-signer.ts';
import { keyTagOf } from '../wire/canonical.ts';
import { formatName, lowerCasedName, parseName } from '../wire/names.ts';
import type { DomainName } from '../wire/names.ts';
import { compareOctets } from '../wire/octets.ts';
import { encodeRdata } from '../wire/rdata.ts';
import type { DnskeyRdata } from '../wire/rdata.ts';
import { scheduleKeys } from './key-schedule.ts';
import type { KeyPlan } from './key-schedule.ts';
import {
  delegatedKeys,
  dnskeyOfEntry,
  keyPhases,
  keysIn,
  keyTagOfEntry,
  servedPhases,
} from './key-state.ts';
import type { KeyEntry, KeyPhase, KeyState } from './key-state.ts';
import { publicationLeadMs } from './key-timings.ts';
import type { KeyTimings } from './key-timings.ts';
import { signedRrsetsOf } from './presigned-keys.ts';
import type { PresignedKeys, PresignedPeriod } from './presigned-keys.ts';
import {
  base64OfKey,
  keysOf,
  listOf,
  objectOf,
  parseJsonObject,
  presignedMalformed,
  textOf,
  timeOf,
  ttlOf,
} from './signing-json.ts';

export interface SigningRequest {
  /** Absolute, lower case. */
  readonly apex: string;
  readonly dnskeyTtlSeconds: number;
  /** The signer needs the delays of publication and of the parent. */
  readonly timings: KeyTimings;
  /** KSKs that the member serves or has served, as the member knows them. */
  readonly ksks: readonly RequestedKsk[];
  readonly periods: readonly RequestedPeriod[];
}

interface RequestedKsk {
  readonly dnskey: DnskeyRdata;
  readonly phase: KeyPhase;
  readonly sinceMs: number;
}

interface RequestedPeriod {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly zsks: readonly DnskeyRdata[];
}

export interface RequestSpan {
  readonly fromMs: number;
  readonly untilMs: number;
  /** No period is longer, so that no signature is good for much longer than that. */
  readonly periodMsMax: number;
}

/** Signatures begin so long before their period: clocks of validators, and of the signer. */
const inceptionLeadMs = 3_600_000;

/**
 * With a plan that is carried to another machine and back, a key stays longer on both sides of its
 * active time, so that a member that was stopped meanwhile still finds its keys in DNSKEY.
 */
export function plannedTimings(timings: KeyTimings, slackMs: number): KeyTimings {
  return { ...timings, propagationMs: timings.propagationMs + slackMs };
}

/** Returns the ZSKs that are still to be made for the span, in order. */
export function missingZsks(
  state: KeyState,
  span: RequestSpan,
  timings: KeyTimings,
): readonly KeyPlan[] {
  const chain = keysIn(state, 'zsk', ['generated', 'published', 'ready', 'active']);
  const active = chain.find(({ phase }) => phase === 'active');
  if (active === undefined) throw dnsError('dns_key_missing', 'there is no active ZSK');
  const last = chain.at(-1)!;
  const startMs = last === active ? active.sinceMs : last.activateAtMs;
  const plans: KeyPlan[] = [];
  let endMs = Math.max(startMs + timings.zskLifetimeMs, span.fromMs + publicationLeadMs(timings));
  while (endMs - publicationLeadMs(timings) < span.untilMs) {
    const publishAtMs = endMs - publicationLeadMs(timings);
    plans.push({ role: 'zsk', algorithm: active.algorithm, publishAtMs, activateAtMs: endMs });
    endMs += timings.zskLifetimeMs;
  }
  return plans;
}

/** Makes the request for a span whose ZSKs are all in the state. `timings` are planned ones. */
export function createSigningRequest(
  state: KeyState,
  span: RequestSpan,
  zone: { readonly apex: DomainName; readonly timings: KeyTimings },
): SigningRequest {
  const { timings } = zone;
  const ksks = keysIn(state, 'ksk', [...servedPhases, 'generated']).map((entry) => ({
    dnskey: dnskeyOfEntry(entry),
    phase: entry.phase,
    sinceMs: entry.sinceMs,
  }));
  const dnskeyTtlSeconds = Math.floor(timings.dnskeyTtlMs / 1000);
  const periods = plannedPeriods(state, span, timings);
  return { apex: formatName(zone.apex), dnskeyTtlSeconds, timings, ksks, periods };
}

/** Runs the schedule ahead; a period ends when the set of ZSKs in DNSKEY changes, or is long enough. */
function plannedPeriods(
  state: KeyState,
  span: RequestSpan,
  timings: KeyTimings,
): readonly RequestedPeriod[] {
  const zsksOnly = { ...state, keys: state.keys.filter(({ role }) => role === 'zsk') };
  const periods: RequestedPeriod[] = [];
  let step = scheduleKeys(zsksOnly, { nowMs: span.fromMs, timings });
  for (let nowMs = span.fromMs; nowMs < span.untilMs;) {
    const zsks = keysIn(step.state, 'zsk', servedPhases).map(dnskeyOfEntry);
    const untilMs = Math.min(step.dueAtMs, nowMs + span.periodMsMax, span.untilMs);
    const last = periods.at(-1);
    const isSame = last !== undefined && sameKeys(last.zsks, zsks);
    if (isSame && untilMs - last.fromMs <= span.periodMsMax)
      periods.splice(-1, 1, { ...last, untilMs });
    else periods.push({ fromMs: nowMs, untilMs, zsks });
    nowMs = untilMs;
    step = scheduleKeys(step.state, { nowMs, timings });
  }
  return periods;
}

function sameKeys(left: readonly DnskeyRdata[], right: readonly DnskeyRdata[]): boolean {
  return (
    left.length === right.length &&
    left.every((key, index) => compareOctets(key.publicKey, right[index]!.publicKey) === 0)
  );
}

/**
 * Signs a request with the KSKs of the offline machine. A KSK that the member does not know yet is
 * introduced by Double-KSK: into DNSKEY with the first period, into CDS when every cache has it. A
 * KSK that the member says the parent has dropped leaves DNSKEY in time. Code: `dns_key_missing`.
 */
export function signRequest(request: SigningRequest, ksks: readonly ZoneSigner[]): PresignedKeys {
  const apex = apexNameOf(request.apex);
  const { dnskeyTtlSeconds, timings } = request;
  let state = kskStateOf(request, ksks);
  const periods = request.periods.map(({ fromMs, untilMs, zsks }): PresignedPeriod => {
    state = settle(state, fromMs, timings);
    const served = keysIn(state, 'ksk', servedPhases);
    const dnskeys = [...served.map(dnskeyOfEntry), ...zsks];
    const delegated = delegatedKeys(state).map(dnskeyOfEntry);
    const signers = served.map((entry) => signerOf(entry, ksks));
    const unsigned = { fromMs, untilMs, dnskeys, delegated };
    const [dnskey, cds, cdnskey] = signedRrsetsOf(unsigned, { apex, dnskeyTtlSeconds }).map(
      ([rrset]) =>
        signers.map((signer) =>
          signRrset(rrset, {
            apex,
            signer,
            keyTag: keyTagOf(encodeRdata(dnskeyOf(signer, 'ksk'))),
            inceptionSeconds: Math.floor((fromMs - inceptionLeadMs) / 1000),
            expirySeconds: Math.ceil((untilMs + expiryLagMs(request)) / 1000),
          }),
        ),
    );
    const signatures: PresignedSignatures = {
      dnskey: dnskey!,
      cds: cds ?? [],
      cdnskey: cdnskey ?? [],
    };
    return { ...unsigned, signatures };
  });
  return { apex: request.apex, dnskeyTtlSeconds, periods };
}

/** What was answered at the end of a period is in caches for a TTL, and the next may come late. */
function expiryLagMs(request: Pick<SigningRequest, 'timings'>): number {
  return request.timings.dnskeyTtlMs + request.timings.propagationMs;
}

/** Removed keys are gone at once: nothing of them is kept here. */
function settle(state: KeyState, nowMs: number, timings: KeyTimings): KeyState {
  const { kskLifetimeMs: _, ...byHand } = timings;
  return scheduleKeys(state, { nowMs, timings: byHand }).state;
}

function kskStateOf(request: SigningRequest, ksks: readonly ZoneSigner[]): KeyState {
  const known = request.ksks.map(({ dnskey, phase, sinceMs }, index) =>
    kskEntry(dnskey, { id: `ksk-${index + 1}`, phase, sinceMs }),
  );
  const added = ksks
    .map((signer) => dnskeyOf(signer, 'ksk'))
    .filter(
      (dnskey) => !known.some((entry) => compareOctets(entry.publicKey, dnskey.publicKey) === 0),
    )
    .map((dnskey, index) =>
      // The first KSK of a zone that has none waits for nobody's cache.
      kskEntry(dnskey, {
        id: `ksk-${known.length + index + 1}`,
        phase: known.length === 0 && index === 0 ? 'active' : 'generated',
        sinceMs: 0,
      }),
    );
  const keys = [...known, ...added];
  if (keys.length === 0) throw dnsError('dns_key_missing', 'there is no KSK to sign with');
  return { nextNumber: keys.length + 1, keys };
}

function kskEntry(
  dnskey: DnskeyRdata,
  at: { readonly id: string; readonly phase: KeyPhase; readonly sinceMs: number },
): KeyEntry {
  const algorithm = dnskey.algorithm as KeyEntry['algorithm'];
  const { publicKey } = dnskey;
  return { ...at, role: 'ksk', algorithm, publicKey, publishAtMs: 0, activateAtMs: 0 };
}

function signerOf(entry: KeyEntry, ksks: readonly ZoneSigner[]): ZoneSigner {
  const found = ksks.find(
    (signer) =>
      signer.algorithm === entry.algorithm &&
      compareOctets(signer.publicKey, entry.publicKey) === 0,
  );
  if (found === undefined) {
    throw dnsError(
      'dns_key_missing',
      `the KSK with tag ${keyTagOfEntry(entry)} is not in this folder`,
    );
  }
  return found;
}

/** Parses the absolute name of a zone, lower-cased. Code: `dns_presigned_malformed`. */
export function apexNameOf(text: string): DomainName {
  const name = parseName(text);
  if (name.verdict !== 'accept') throw presignedMalformed('apex is not a name');
  return lowerCasedName(name.value);
}

const format = 'callbook-signing-request/1';

/** Encodes a request as JSON. */
export function encodeSigningRequest(request: SigningRequest): string {
  const ksks = request.ksks.map((ksk) => ({ ...ksk, dnskey: base64OfKey(ksk.dnskey) }));
  const periods = request.periods.map((period) => ({
    ...period,
    zsks: period.zsks.map(base64OfKey),
  }));
  return `${JSON.stringify({ format, ...request, ksks, periods }, undefined, 2)}\n`;
}

/** Parses what `encodeSigningRequest` writes. Code: `dns_presigned_malformed`. */
export function parseSigningRequest(text: string): SigningRequest {
  const root = parseJsonObject(text, format);
  const timings = objectOf(root['timings'], 'timings');
  const timing = (name: keyof KeyTimings): number => timeOf(timings[name], `timings.${name}`);
  return {
    apex: textOf(root['apex'], 'apex'),
    dnskeyTtlSeconds: ttlOf(root['dnskeyTtlSeconds']),
    timings: {
      dnskeyTtlMs: timing('dnskeyTtlMs'),
      zoneTtlMsMax: timing('zoneTtlMsMax'),
      parentDsTtlMs: timing('parentDsTtlMs'),
      propagationMs: timing('propagationMs'),
      zskLifetimeMs: timing('zskLifetimeMs'),
    },
    ksks: listOf(root['ksks'], 'ksks').map((value) => {
      const ksk = objectOf(value, 'a KSK');
      const phase = keyPhases.find((known) => known === ksk['phase']);
      if (phase === undefined) throw presignedMalformed('the phase of a KSK is unknown');
      return {
        dnskey: keysOf([ksk['dnskey']], 'dnskey')[0]!,
        phase,
        sinceMs: timeOf(ksk['sinceMs'], 'sinceMs'),
      };
    }),
    periods: listOf(root['periods'], 'periods').map((value) => {
      const period = objectOf(value, 'a period');
      return {
        fromMs: timeOf(period['fromMs'], 'fromMs'),
        untilMs: timeOf(period['untilMs'], 'untilMs'),
        zsks: keysOf(period['zsks'], 'zsks'),
      };
    }),
  };
}
