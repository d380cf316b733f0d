/**
 * How long keys stay in their phases, after RFC 7583. Its parameters come from TTLs and from one time
 * of our own, `propagationMs`, which stands for each of its delays: of publication (Dprp), since
 * several servers do not change at one instant, and of signing (Dsgn), since answers made before a
 * change may be kept by a server for a while.
 */

export interface KeyTimings {
  /** TTLkey: of DNSKEY, CDS and CDNSKEY. */
  readonly dnskeyTtlMs: number;
  /** TTLsig: the largest TTL in the zone. */
  readonly zoneTtlMsMax: number;
  /** TTLds: of the DS RRset at the parent. */
  readonly parentDsTtlMs: number;
  /** Until every answer that leaves is made with the change, the parent's servers included. */
  readonly propagationMs: number;
  /** Lzsk: a ZSK signs for so long. */
  readonly zskLifetimeMs: number;
  /** After so long a KSK is replaced; without it, only when somebody asks. */
  readonly kskLifetimeMs?: number;
}

const secondMs = 1000;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** What a member uses unless it is configured. */
export const keyTimingsDefault: KeyTimings = {
  dnskeyTtlMs: 3600 * secondMs,
  zoneTtlMsMax: 3600 * secondMs,
  // TLDs give DS up to a day.
  parentDsTtlMs: dayMs,
  // Answers are kept for at most an hour; the other hour is for clocks and slow hands.
  propagationMs: 2 * hourMs,
  zskLifetimeMs: 90 * dayMs,
};

/** RFC 7583 §3.2.1 and §3.3.1: `Ipub = Dprp + TTLkey`, from published to ready. */
export function publicationMs(timings: KeyTimings): number {
  return timings.propagationMs + timings.dnskeyTtlMs;
}

/** RFC 7583 §3.2.1: `Iret = Dsgn + Dprp + TTLsig`, from the last use of a ZSK to its removal. */
export function zskRetirementMs(timings: KeyTimings): number {
  return 2 * timings.propagationMs + timings.zoneTtlMsMax;
}

/** RFC 7583 §3.3.1: `IretP = DprpP + TTLds`, from the new DS to the removal of the old KSK. */
export function kskRetirementMs(timings: KeyTimings): number {
  return timings.propagationMs + timings.parentDsTtlMs;
}

/** A successor is published before its time by Ipub and one delay more, so that it is never late. */
export function publicationLeadMs(timings: KeyTimings): number {
  return publicationMs(timings) + timings.propagationMs;
}
