/**
 * A resolver's view of a zone while its keys change: remembers for how long each answer may be in a
 * cache, and says when two of them do not fit together.
 */
import type { ZoneKeySet } from '@callbook/dns';
import type { KeyTimings } from '../../src/keys/key-timings.ts';

/** Ipub = 60, lead = 70; Iret = 120; IretP = 210. */
export const testTimings: KeyTimings = {
  dnskeyTtlMs: 50_000,
  zoneTtlMsMax: 100_000,
  parentDsTtlMs: 200_000,
  propagationMs: 10_000,
  zskLifetimeMs: 1_000_000,
};

export class RollOverObserver {
  /** What caches may hold, and until when; DNSKEY RRsets as their keys in hexadecimal. */
  private readonly dnskeySets: Map<string, number> = new Map();
  private readonly signers: Map<string, number> = new Map();
  private readonly delegated: Map<string, number> = new Map();

  /** Looks at what is served at a time, with the key that the parent's DS names; throws when it breaks. */
  look(keySet: ZoneKeySet, parentDs: string, nowMs: number): void {
    const keys = keySet.dnskeys.map(({ publicKey }) => publicKey.toHex()).join();
    const signer = keySet.zskSigner.publicKey.toHex();
    const kskSigners = keySet.kskSigners.map(({ publicKey }) => publicKey.toHex()).join();
    this.dnskeySets.set(keys, nowMs + testTimings.dnskeyTtlMs);
    this.signers.set(signer, nowMs + testTimings.zoneTtlMsMax);
    this.delegated.set(parentDs, nowMs + testTimings.parentDsTtlMs);
    for (const set of inCaches(this.dnskeySets, nowMs))
      if (!set.includes(signer)) throw new Error('a cached DNSKEY RRset lacks the key that signs');
    for (const key of inCaches(this.signers, nowMs))
      if (!keys.includes(key)) throw new Error('DNSKEY lacks the key of a cached signature');
    for (const key of inCaches(this.delegated, nowMs))
      if (!kskSigners.includes(key)) throw new Error('the KSK of a cached DS does not sign');
  }
}

function inCaches(answers: Map<string, number>, nowMs: number): readonly string[] {
  for (const [answer, untilMs] of answers) if (untilMs <= nowMs) answers.delete(answer);
  return [...answers.keys()];
}
