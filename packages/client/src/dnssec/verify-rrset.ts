/**
 * One RRset against the keys of one zone (RFC 4035 §5.3). Says which signature holds, so that the
 * caller can see a wildcard by its label count; whether the zone's keys are trusted was settled before.
 */
import {
  isAtOrBelow,
  sameName,
  signatureInput,
  type DnskeyRdata,
  type DomainName,
  type RrsigRdata,
} from '@callbook/dns/wire';
import { rrsetSignaturesMax } from '../limits.ts';
import type { SignedRrset } from './signed-rrset.ts';
import { bogus, indeterminate, secure, type Judgement } from './validation.ts';
import type { WorkBudget } from './work-budget.ts';
import type { VerifySignature } from './zone-signature.ts';

/** A zone's keys that may sign its records: zone keys of protocol 3, trusted through a DS. */
export interface ZoneKeys {
  readonly zone: DomainName;
  readonly keys: readonly ZoneKey[];
}

export interface ZoneKey {
  readonly tag: number;
  readonly dnskey: DnskeyRdata;
  /** The same as it stands in the record. */
  readonly octets: Uint8Array;
}

/** What checking takes beside the octets. */
export interface CheckingMeans {
  readonly budget: WorkBudget;
  readonly verify: VerifySignature;
  readonly nowSeconds: number;
  readonly clockSkewSeconds: number;
}

export interface CheckedRrset {
  readonly judgement: Judgement;
  /** The signature that holds; undefined unless the judgement is `secure`. */
  readonly rrsig: RrsigRdata | undefined;
  readonly ttlSeconds: number;
}

/** Checks `rrset` under the keys of its zone; secure, bogus, or indeterminate without cryptography. */
export async function verifyRrset(
  rrset: SignedRrset,
  by: ZoneKeys,
  means: CheckingMeans,
): Promise<CheckedRrset> {
  let worst: Judgement = bogus('signature_missing');
  const ours = rrset.rrsigs.filter(({ signer }) => sameName(signer, by.zone));
  let tries = 0;
  for (const rrsig of ours) {
    const unfit = timeProblem(rrsig, means) ?? labelProblem(rrset, rrsig, by.zone);
    worst = unfit ?? (worst.code === 'signature_missing' ? bogus('signature_unfit') : worst);
    if (unfit !== undefined) continue;
    for (const { dnskey } of by.keys.filter((key) => mayHaveMade(key, rrsig))) {
      if ((tries += 1) > rrsetSignaturesMax || !means.budget.mayVerify())
        return failed(bogus('work_exceeded'));
      const verified = await means.verify({
        algorithm: rrsig.algorithm,
        publicKey: dnskey.publicKey,
        message: signatureInput(rrsig, rrset),
        signature: rrsig.signature,
      });
      if (verified === true)
        return { judgement: secure, rrsig, ttlSeconds: ttlOf(rrset, rrsig, means.nowSeconds) };
      worst =
        verified === undefined ? indeterminate('cryptography_missing') : bogus('signature_invalid');
    }
  }
  return failed(worst);
}

function failed(judgement: Judgement): CheckedRrset {
  return { judgement, rrsig: undefined, ttlSeconds: 0 };
}

/** RFC 4035 §5.3.1: Algorithm and Key Tag "MUST match the algorithm, and key tag for some DNSKEY RR". */
function mayHaveMade({ tag, dnskey }: ZoneKey, rrsig: RrsigRdata): boolean {
  return tag === rrsig.keyTag && dnskey.algorithm === rrsig.algorithm;
}

/**
 * RFC 4034 §3.1.5: times are compared by serial number arithmetic, so that 2106 is no end. The skew is
 * for clocks of telephones; who holds an old answer gains that hour and no more.
 */
function timeProblem(rrsig: RrsigRdata, means: CheckingMeans): Judgement | undefined {
  const { nowSeconds, clockSkewSeconds } = means;
  const lifetimeSeconds = (rrsig.expirationSeconds - rrsig.inceptionSeconds) | 0;
  if (lifetimeSeconds < 0) return bogus('signature_expired');
  if (((rrsig.expirationSeconds - nowSeconds) | 0) < -clockSkewSeconds)
    return bogus('signature_expired');
  if (((nowSeconds - rrsig.inceptionSeconds) | 0) < -clockSkewSeconds)
    return bogus('signature_not_yet_valid');
  return undefined;
}

/**
 * RFC 4035 §5.3.1: "The number of labels in the RRset owner name MUST be greater than or equal to the
 * value in the RRSIG RR's Labels field", and the owner lies in the zone.
 */
function labelProblem(
  rrset: SignedRrset,
  rrsig: RrsigRdata,
  zone: DomainName,
): Judgement | undefined {
  const fits =
    rrsig.labelCount <= signedLabelCount(rrset.owner) &&
    rrsig.labelCount >= zone.labelCount &&
    isAtOrBelow(rrset.owner, zone);
  return fits ? undefined : bogus('signature_unfit');
}

/** RFC 4034 §3.1.3: the Labels field "MUST NOT count" the root's label nor a leftmost asterisk. */
function signedLabelCount(owner: DomainName): number {
  const { wire } = owner;
  return owner.labelCount - (wire[0] === 1 && wire[1] === 0x2a ? 1 : 0);
}

/** Tells whether a signature that holds is that of a wildcard, which its owner was made from. */
export function isFromWildcard(owner: DomainName, rrsig: RrsigRdata): boolean {
  return rrsig.labelCount < signedLabelCount(owner);
}

/** RFC 4035 §5.3.3: the least of the TTLs received and signed, and of what the signature still lives. */
function ttlOf(rrset: SignedRrset, rrsig: RrsigRdata, nowSeconds: number): number {
  const leftSeconds = (rrsig.expirationSeconds - nowSeconds) | 0;
  return Math.max(0, Math.min(rrset.ttlSeconds, rrsig.originalTtlSeconds, leftSeconds));
}
