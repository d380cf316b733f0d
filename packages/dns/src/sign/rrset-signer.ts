/**
 * Online signing with kept signatures. A signature is kept by type and owner together with the RRset
 * it was made for; another RRset there (a new entry of the binding) is signed anew, so a cached
 * signature can never go out with other data. Denials have a cache of their own: a flood of unseen
 * names must not push out the signatures of numbers that exist.
 */
import type { Clock } from '@callbook/protocol';
import { BoundedCache } from '../bounded-cache.ts';
import { signatureInput, keyTagOf } from '../wire/canonical.ts';
import { compareOctets } from '../wire/octets.ts';
import type { DomainName } from '../wire/names.ts';
import { encodeRdata } from '../wire/rdata.ts';
import { recordTypes } from '../wire/record-types.ts';
import type { Rrset } from '../rrset.ts';
import { dnskeyOf } from './delegation-signer.ts';
import type { ZoneKeys, ZoneSigner } from './zone-signer.ts';

/** Signatures begin an hour back, for validators whose clocks are late. */
const inceptionLeadSeconds = 3600;
const validitySeconds = 7 * 86_400;
/** Expiry is spread over a day by the owner, so that signatures do not end all at once. */
const expiryJitterSeconds = 86_400;
/** A signature is made again when less than this is left: longer than any TTL we serve. */
const remakeBeforeExpirySeconds = 2 * 86_400;

export interface SignatureCacheLimits {
  readonly signaturesMax: number;
  readonly denialsMax: number;
}

/** About 0.6 KB a signature and 0.9 KB a denial. */
export const signatureCacheDefaults: SignatureCacheLimits = {
  signaturesMax: 65_536,
  denialsMax: 32_768,
};

interface KeptSignature {
  readonly rrset: Rrset;
  readonly rrsigRdata: Uint8Array;
  readonly remakeAtSeconds: number;
}

interface RoleSigner {
  readonly signer: ZoneSigner;
  readonly keyTag: number;
}

/** Signs the RRsets of one zone. */
export class RrsetSigner {
  private readonly apex: DomainName;
  private readonly clock: Clock;
  private readonly ksk: RoleSigner;
  private readonly zsk: RoleSigner;
  private readonly signatures: BoundedCache<KeptSignature>;
  private readonly denials: BoundedCache<KeptSignature>;

  /** `apex` is lower-cased. */
  constructor(options: {
    readonly apex: DomainName;
    readonly keys: ZoneKeys;
    readonly clock: Clock;
    readonly limits?: SignatureCacheLimits;
  }) {
    const limits = options.limits ?? signatureCacheDefaults;
    this.apex = options.apex;
    this.clock = options.clock;
    this.ksk = roleSigner(options.keys.ksk, 'ksk');
    this.zsk = roleSigner(options.keys.zsk, 'zsk');
    this.signatures = new BoundedCache(limits.signaturesMax);
    this.denials = new BoundedCache(limits.denialsMax);
  }

  /** Returns the RDATA of an RRSIG over `rrset` that is valid for more than a day to come. */
  signatureOf(rrset: Rrset): Uint8Array {
    const nowSeconds = Math.floor(this.clock.nowMs() / 1000);
    const cache = rrset.type === recordTypes.NSEC ? this.denials : this.signatures;
    const kept = cache.get(rrset.cacheKey);
    if (kept !== undefined && nowSeconds < kept.remakeAtSeconds && sameContent(kept.rrset, rrset))
      return kept.rrsigRdata;
    const made = this.sign(rrset, nowSeconds);
    cache.set(rrset.cacheKey, made);
    return made.rrsigRdata;
  }

  private sign(rrset: Rrset, nowSeconds: number): KeptSignature {
    const { signer, keyTag } = signedByKsk.has(rrset.type) ? this.ksk : this.zsk;
    const expirySeconds = nowSeconds + validitySeconds + jitterSeconds(rrset.cacheKey);
    const head = {
      type: 'RRSIG' as const,
      typeCovered: rrset.type,
      algorithm: signer.algorithm,
      labelCount: rrset.owner.labelCount,
      originalTtlSeconds: rrset.ttlSeconds,
      expirationSeconds: expirySeconds % 2 ** 32,
      inceptionSeconds: (nowSeconds - inceptionLeadSeconds) % 2 ** 32,
      keyTag,
      signer: this.apex,
    };
    const signature = signer.sign(signatureInput(head, rrset));
    return {
      rrset,
      rrsigRdata: encodeRdata({ ...head, signature }),
      remakeAtSeconds: expirySeconds - remakeBeforeExpirySeconds,
    };
  }
}

/** RFC 7344 §4.1: CDS and CDNSKEY are signed with a key that the parent's DS names. */
const signedByKsk: ReadonlySet<number> = new Set([
  recordTypes.DNSKEY,
  recordTypes.CDS,
  recordTypes.CDNSKEY,
]);

function roleSigner(signer: ZoneSigner, role: 'ksk' | 'zsk'): RoleSigner {
  return { signer, keyTag: keyTagOf(encodeRdata(dnskeyOf(signer, role))) };
}

function sameContent(left: Rrset, right: Rrset): boolean {
  if (left === right) return true;
  return (
    left.ttlSeconds === right.ttlSeconds &&
    left.rdatas.length === right.rdatas.length &&
    left.rdatas.every((rdata, index) => compareOctets(rdata, right.rdatas[index]!) === 0)
  );
}

/** FNV-1a over the key: spread evenly, and the same for every worker of a member. */
function jitterSeconds(cacheKey: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < cacheKey.length; index += 1)
    hash = Math.imul(hash ^ cacheKey.charCodeAt(index), 0x01000193);
  return (hash >>> 0) % expiryJitterSeconds;
}
