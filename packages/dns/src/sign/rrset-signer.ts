/**
 * Online signing with kept signatures. A signature is kept by type and owner together with the RRset
 * it was made for and the keys that made it; another RRset there (a new entry of the binding), or
 * other keys (a roll-over), and it is signed anew, so a kept signature can never go out with other
 * data and never outlives its key. Denials have a cache of their own: a flood of unseen
 * names must not push out the signatures of numbers that exist.
 */
import type { Clock } from '@callbook/protocol';
import { BoundedCache } from '../bounded-cache.ts';
import { signatureInput, keyTagOf } from '../wire/canonical.ts';
import { compareOctets } from '../wire/octets.ts';
import { nameBytesMax } from '../wire/names.ts';
import type { DomainName } from '../wire/names.ts';
import { encodeRdata, encodeRrsig } from '../wire/rdata.ts';
import { recordTypes } from '../wire/record-types.ts';
import type { Rrset } from '../rrset.ts';
import { dnskeyOf } from './delegation-signer.ts';
import type { ZoneKeySet } from './zone-keyring.ts';
import type { ZoneSigner } from './zone-signer.ts';

/** Signatures begin an hour back, for validators whose clocks are late. */
const inceptionLeadSeconds = 3600;
const validitySeconds = 7 * 86_400;
/** Expiry is spread over a day by the owner, so that signatures do not end all at once. */
const expiryJitterSeconds = 86_400;
/** A signature is made again when less than this is left: longer than any TTL we serve. */
const remakeBeforeExpirySeconds = 2 * 86_400;

export interface SignatureCacheLimits {
  readonly signaturesMax: number;
  /** 0 where answers are kept as a whole, and a denial's signature is seldom asked for twice. */
  readonly denialsMax: number;
}

/** About 0.6 KB a signature and 0.9 KB a denial. */
export const signatureCacheDefaults: SignatureCacheLimits = {
  signaturesMax: 65_536,
  denialsMax: 32_768,
};

interface KeptSignatures {
  readonly rrset: Rrset;
  readonly signers: readonly RoleSigner[];
  readonly rrsigRdatas: readonly Uint8Array[];
  /** Before this they are not valid: the clock was ahead when they were made. */
  readonly inceptionSeconds: number;
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
  private keySet: ZoneKeySet | undefined;
  private kskSigners: readonly RoleSigner[] = [];
  private zskSigners: readonly RoleSigner[] = [];
  private readonly signatures: BoundedCache<KeptSignatures>;
  private readonly denials: BoundedCache<KeptSignatures> | undefined;

  /** `apex` is lower-cased. */
  constructor(options: {
    readonly apex: DomainName;
    readonly clock: Clock;
    readonly limits?: SignatureCacheLimits;
  }) {
    const limits = options.limits ?? signatureCacheDefaults;
    this.apex = options.apex;
    this.clock = options.clock;
    this.signatures = new BoundedCache(limits.signaturesMax);
    this.denials = limits.denialsMax === 0 ? undefined : new BoundedCache(limits.denialsMax);
  }

  /**
   * Signs with these keys from now on. What a key that stays has signed is kept: a list of signers is
   * replaced only when its keys are others, and kept signatures are told by that list.
   */
  useKeys(keySet: ZoneKeySet): void {
    if (keySet === this.keySet) return;
    this.keySet = keySet;
    this.kskSigners = updated(this.kskSigners, keySet.kskSigners, 'ksk');
    this.zskSigners = updated(this.zskSigners, [keySet.zskSigner], 'zsk');
  }

  /**
   * Returns the RDATA of the RRSIGs over `rrset`, valid for more than a day to come. Those of a denial that
   * is not kept are good until the next call.
   */
  signaturesOf(rrset: Rrset): readonly Uint8Array[] {
    const presigned = this.keySet?.presigned;
    if (presigned !== undefined) {
      if (rrset.type === recordTypes.DNSKEY) return presigned.dnskey;
      if (rrset.type === recordTypes.CDS) return presigned.cds;
      if (rrset.type === recordTypes.CDNSKEY) return presigned.cdnskey;
    }
    const nowSeconds = Math.floor(this.clock.nowMs() / 1000);
    const signers = signedByKsk.has(rrset.type) ? this.kskSigners : this.zskSigners;
    const cache = rrset.type === recordTypes.NSEC ? this.denials : this.signatures;
    const kept = cache?.get(rrset.cacheKey);
    if (
      kept !== undefined &&
      kept.signers === signers &&
      nowSeconds < kept.remakeAtSeconds &&
      nowSeconds >= kept.inceptionSeconds &&
      sameContent(kept.rrset, rrset)
    )
      return kept.rrsigRdatas;
    const expirySeconds = nowSeconds + validitySeconds + jitterSeconds(rrset.cacheKey);
    const inceptionSeconds = nowSeconds - inceptionLeadSeconds;
    const validity = { inceptionSeconds, expirySeconds };
    const room = cache === undefined && signers.length === 1 ? rrsigRoom : undefined;
    const rrsigRdatas = signers.map(({ signer, keyTag }) =>
      signRrset(rrset, { apex: this.apex, signer, keyTag, ...validity }, room),
    );
    const remakeAtSeconds = expirySeconds - remakeBeforeExpirySeconds;
    cache?.set(rrset.cacheKey, {
      rrset,
      signers,
      rrsigRdatas,
      inceptionSeconds,
      remakeAtSeconds,
    });
    return rrsigRdatas;
  }
}

/** Returns the RDATA of the RRSIG by one key, in `room` if there is some; times are seconds since 1970. */
export function signRrset(
  rrset: Rrset,
  by: {
    readonly apex: DomainName;
    readonly signer: ZoneSigner;
    readonly keyTag: number;
    readonly inceptionSeconds: number;
    readonly expirySeconds: number;
  },
  room?: Uint8Array,
): Uint8Array {
  const head = {
    type: 'RRSIG' as const,
    typeCovered: rrset.type,
    algorithm: by.signer.algorithm,
    labelCount: rrset.owner.labelCount,
    originalTtlSeconds: rrset.ttlSeconds,
    expirationSeconds: by.expirySeconds % 2 ** 32,
    inceptionSeconds: by.inceptionSeconds % 2 ** 32,
    keyTag: by.keyTag,
    signer: by.apex,
  };
  const signature = by.signer.sign(signatureInput(head, rrset, inputRoom));
  return encodeRrsig({ ...head, signature }, room);
}

/** Where input is put together: signing is synchronous, so one room is enough for all signers. */
const inputRoom = new Uint8Array(2048);
/** RFC 4034 §3.1: 18 octets, the signer's name, the signature: 64 octets of both algorithms. */
const rrsigRoom = new Uint8Array(18 + nameBytesMax + 64);

/** RFC 7344 §4.1: CDS and CDNSKEY are signed with a key that the parent's DS names. */
const signedByKsk: ReadonlySet<number> = new Set([
  recordTypes.DNSKEY,
  recordTypes.CDS,
  recordTypes.CDNSKEY,
]);

function updated(
  before: readonly RoleSigner[],
  signers: readonly ZoneSigner[],
  role: 'ksk' | 'zsk',
): readonly RoleSigner[] {
  const keeps =
    before.length === signers.length &&
    before.every(
      ({ signer }, index) => compareOctets(signer.publicKey, signers[index]!.publicKey) === 0,
    );
  if (keeps) return before;
  return signers.map((signer) => ({
    signer,
    keyTag: keyTagOf(encodeRdata(dnskeyOf(signer, role))),
  }));
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
