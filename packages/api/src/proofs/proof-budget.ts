/**
 * How many proofs are made: each costs a VRF proof and a way through the index, and tells somebody
 * the label of a number. Two token buckets, one for everybody together and one for each network
 * (IPv4 /24, IPv6 /56); asking for a number that nobody has costs as much as for any other.
 *
 * The table holds no address: rows stand under an HMAC with a key that is drawn at start and never
 * leaves memory, and a row is forgotten as soon as its bucket is full again. Loopback is a proxy or
 * a page on this machine, so it has no bucket of its own: it would be that of everybody behind it.
 */
import { utf8 } from '@callbook/protocol';
import type { Cryptography, Random } from '@callbook/protocol';
import { isLoopback, networkOf } from '../client-network.ts';
import type { ApiLimits } from '../limits.ts';

export type ProofBudgetLimits = Pick<
  ApiLimits,
  'proofsPerSecondMax' | 'proofsBurstMax' | 'networkProofsPerSecondMax' | 'networkProofsBurstMax'
>;

interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
}

interface Refill {
  readonly perSecond: number;
  readonly burst: number;
}

export class ProofBudget {
  /** Row key → bucket; rows by their latest proof. */
  readonly #rows = new Map<string, Bucket>();
  readonly #rowHmacKey: Uint8Array;
  readonly #crypto: Cryptography;
  readonly #all: Refill;
  readonly #network: Refill;
  #total: Bucket;

  constructor(
    limits: ProofBudgetLimits,
    ports: { readonly crypto: Cryptography; readonly random: Random },
  ) {
    this.#all = { perSecond: limits.proofsPerSecondMax, burst: limits.proofsBurstMax };
    this.#network = {
      perSecond: limits.networkProofsPerSecondMax,
      burst: limits.networkProofsBurstMax,
    };
    this.#crypto = ports.crypto;
    this.#rowHmacKey = ports.random.bytes(32);
    this.#total = { tokens: limits.proofsBurstMax, atMs: Number.NEGATIVE_INFINITY };
  }

  /**
   * Takes `count` proofs out of both buckets: 0, or how long to wait until both have as many. Who asks
   * obliviously has no address, and shares the one bucket of everybody.
   */
  spend(address: string | undefined, nowMs: number, count = 1): number {
    this.forget(nowMs);
    const total = filled(this.#total, this.#all, nowMs);
    // Refused or not: what was left while the clock was ahead fills from the time that is right.
    this.#total = total;
    const isNobodys = address === undefined || isLoopback(address);
    const rowKey = isNobodys ? undefined : this.#rowKey(address);
    const row = filled(
      rowKey === undefined ? undefined : this.#rows.get(rowKey),
      this.#network,
      nowMs,
    );
    const waitMs = Math.max(waitMsOf(total, this.#all, count), waitMsOf(row, this.#network, count));
    if (waitMs > 0) return waitMs;
    this.#total = { ...total, tokens: total.tokens - count };
    if (rowKey === undefined) return 0;
    // Deleted first, so that the map stays in order of the latest proof.
    this.#rows.delete(rowKey);
    this.#rows.set(rowKey, { ...row, tokens: row.tokens - count });
    return 0;
  }

  /** Drops the rows whose bucket is full again. */
  forget(nowMs: number): void {
    const fullAfterMs = (this.#network.burst / this.#network.perSecond) * 1000;
    for (const [rowKey, { atMs }] of this.#rows) {
      if (atMs > nowMs - fullAfterMs && atMs <= nowMs) break;
      this.#rows.delete(rowKey);
    }
  }

  /** Rows held: at most the proofs of the time in which a network's bucket fills. */
  get rowCount(): number {
    return this.#rows.size;
  }

  #rowKey(address: string): string {
    return this.#crypto.hmacSha256(this.#rowHmacKey, utf8(networkOf(address))).toBase64();
  }
}

/** A bucket that is not there is full; a clock that was set back fills nothing. */
function filled(bucket: Bucket | undefined, refill: Refill, nowMs: number): Bucket {
  if (bucket === undefined) return { tokens: refill.burst, atMs: nowMs };
  const passedMs = Math.max(0, nowMs - bucket.atMs);
  const tokens = Math.min(refill.burst, bucket.tokens + (passedMs / 1000) * refill.perSecond);
  return { tokens, atMs: nowMs };
}

function waitMsOf({ tokens }: Bucket, { perSecond }: Refill, count: number): number {
  return tokens >= count ? 0 : Math.ceil(((count - tokens) / perSecond) * 1000);
}
