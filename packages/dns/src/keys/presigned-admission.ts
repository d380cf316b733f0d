/**
 * Judges pre-signed keys before they are taken: every signature is verified, and the schedule is run
 * through all periods with the key sets that they would give. What comes back from an offline machine
 * can be old, of another zone, or made from a plan that has changed meanwhile; here is where that is
 * found, rather than by resolvers months later.
 */
import { dnsError } from '../errors.ts';
import { parseRrsig, verifyRrset } from '../sign/verify-rrset.ts';
import { sameName } from '../wire/names.ts';
import type { DomainName } from '../wire/names.ts';
import { compareOctets } from '../wire/octets.ts';
import type { DnskeyRdata } from '../wire/rdata.ts';
import { zoneAlgorithms } from '../wire/record-types.ts';
import { scheduleKeys } from './key-schedule.ts';
import { keysIn, servedPhases } from './key-state.ts';
import type { KeyEntry, KeyState } from './key-state.ts';
import type { KeyTimings } from './key-timings.ts';
import { periodAt, signedRrsetsOf } from './presigned-keys.ts';
import type { PresignedKeys, PresignedPeriod } from './presigned-keys.ts';
import { apexNameOf } from './signing-request.ts';

export interface PresignedAdmission {
  readonly apex: DomainName;
  readonly nowMs: number;
  /** Those that the member runs with. */
  readonly timings: KeyTimings;
}

/**
 * Returns the state with the KSKs of pre-signed keys that it did not know. Code:
 * `dns_presigned_unfit`, with the period and what is wrong with it.
 */
export function admitPresignedKeys(
  state: KeyState,
  presigned: PresignedKeys,
  zone: PresignedAdmission,
): KeyState {
  if (!sameName(apexNameOf(presigned.apex), zone.apex)) throw unfit('they are of another zone');
  if (presigned.dnskeyTtlSeconds * 1000 !== zone.timings.dnskeyTtlMs)
    throw unfit(`the TTL of DNSKEY is ${presigned.dnskeyTtlSeconds} s, not that of this member`);
  if (periodAt(presigned, zone.nowMs) === undefined) throw unfit('no period covers now');
  for (const [index, period] of presigned.periods.entries()) {
    const before = presigned.periods[index - 1];
    if (period.untilMs <= period.fromMs || (before && before.untilMs !== period.fromMs))
      throw unfit('it does not follow the one before it', index);
    verifyPeriod(period, index, { ...zone, dnskeyTtlSeconds: presigned.dnskeyTtlSeconds });
  }
  const admitted = withKsks(state, presigned, zone.nowMs);
  rehearse(admitted, presigned, zone);
  return admitted;
}

function unfit(what: string, periodIndex?: number): Error {
  const where = periodIndex === undefined ? '' : `period ${periodIndex + 1}: `;
  return dnsError('dns_presigned_unfit', `the pre-signed keys cannot be used: ${where}${what}`, {
    details: { period: periodIndex === undefined ? 0 : periodIndex + 1 },
  });
}

/** Every RRset must be signed by every KSK in it, for the whole period and a TTL more. */
function verifyPeriod(
  period: PresignedPeriod,
  index: number,
  zone: { readonly apex: DomainName; readonly dnskeyTtlSeconds: number },
): void {
  const ksks = period.dnskeys.filter(isKsk);
  if (period.delegated.some((key) => !ksks.some((ksk) => isSameKey(ksk, key))))
    throw unfit('CDS names a key that is not a KSK in DNSKEY', index);
  for (const [rrset, signatures] of signedRrsetsOf(period, zone)) {
    const rrsigs = signatures.flatMap((rdata) => parseRrsig(rdata) ?? []);
    for (const dnskey of ksks) {
      const rrsig = rrsigs.find((found) => verifyRrset(rrset, found, { apex: zone.apex, dnskey }));
      if (rrsig === undefined) throw unfit('a signature is missing, or does not verify', index);
      const lastMs = period.untilMs + zone.dnskeyTtlSeconds * 1000;
      if (rrsig.inceptionSeconds * 1000 > period.fromMs || rrsig.expirationSeconds * 1000 < lastMs)
        throw unfit('a signature does not cover it', index);
    }
  }
}

/** RFC 4034 §2.1.1: the Secure Entry Point flag tells a KSK. */
function isKsk({ flags }: DnskeyRdata): boolean {
  return (flags & 1) === 1;
}

function isSameKey(
  left: Pick<DnskeyRdata, 'algorithm' | 'publicKey'>,
  right: Pick<DnskeyRdata, 'algorithm' | 'publicKey'>,
): boolean {
  return left.algorithm === right.algorithm && compareOctets(left.publicKey, right.publicKey) === 0;
}

function withKsks(state: KeyState, presigned: PresignedKeys, nowMs: number): KeyState {
  let { nextNumber } = state;
  const keys = [...state.keys];
  for (const dnskey of presigned.periods.flatMap(({ dnskeys }) => dnskeys.filter(isKsk))) {
    if (keys.some((entry) => entry.role === 'ksk' && isSameKey(entry, dnskey))) continue;
    const { algorithm, publicKey } = dnskey;
    if (algorithm !== zoneAlgorithms.ecdsaP256Sha256 && algorithm !== zoneAlgorithms.ed25519)
      throw unfit('a KSK has an algorithm other than 13 and 15');
    // The first KSK of a zone that has had none: nobody's cache has another.
    const phase = keys.some(({ role }) => role === 'ksk') ? 'generated' : 'active';
    const times = { sinceMs: nowMs, publishAtMs: nowMs, activateAtMs: nowMs };
    keys.push({ id: `ksk-${nextNumber}`, role: 'ksk', algorithm, publicKey, phase, ...times });
    nextNumber += 1;
  }
  return { ...state, nextNumber, keys };
}

/** Runs the schedule from now to the end of the last period. */
function rehearse(state: KeyState, presigned: PresignedKeys, zone: PresignedAdmission): void {
  const { timings } = zone;
  const endMs = presigned.periods.at(-1)!.untilMs;
  let current = state;
  for (let nowMs = zone.nowMs; nowMs < endMs;) {
    const period = periodAt(presigned, nowMs)!;
    const isServed = (entry: KeyEntry): boolean =>
      period.dnskeys.some(
        (dnskey) => isKsk(dnskey) === (entry.role === 'ksk') && isSameKey(dnskey, entry),
      );
    const ids = current.keys.filter(isServed).map(({ id }) => id);
    const step = scheduleKeys(current, { nowMs, timings, evidence: { presigned: new Set(ids) } });
    current = step.state;
    assertServed(current, { period, index: presigned.periods.indexOf(period), isServed });
    nowMs = Math.min(step.dueAtMs, period.untilMs);
  }
}

function assertServed(
  state: KeyState,
  at: {
    readonly period: PresignedPeriod;
    readonly index: number;
    readonly isServed: (entry: KeyEntry) => boolean;
  },
): void {
  const needed = [...keysIn(state, 'zsk', servedPhases), ...keysIn(state, 'ksk', servedPhases)];
  const missing = needed.find((entry) => !at.isServed(entry));
  if (missing !== undefined)
    throw unfit(`${missing.id} is ${missing.phase} then, and not in DNSKEY`, at.index);
  const able = keysIn(state, 'ksk', ['ready', 'active']);
  if (at.period.delegated.some((key) => !able.some((entry) => isSameKey(entry, key))))
    throw unfit('CDS names a KSK that caches may not have yet', at.index);
}
