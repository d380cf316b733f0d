/**
 * RRsets as zones make them: owner lower-cased (that is how they are signed; the answer's owner is a
 * pointer to the question, which keeps its case), RDATA in canonical order without duplicates. They
 * never change once made, so a signature may be kept for as long as its RRset.
 */
import { canonicalOrder } from './wire/canonical.ts';
import { lowerCasedName } from './wire/names.ts';
import type { DomainName } from './wire/names.ts';
import { canonicalRdata } from './wire/rdata-layout.ts';
import { encodeRdata } from './wire/rdata.ts';
import type { Rdata } from './wire/rdata.ts';
import { recordTypes } from './wire/record-types.ts';

export interface Rrset {
  readonly owner: DomainName;
  readonly type: number;
  readonly ttlSeconds: number;
  readonly rdatas: readonly Uint8Array[];
  /** False for what stands at or below a zone cut (RFC 4035 §2.2): NS and glue are not signed. */
  readonly authoritative: boolean;
  /** Type and owner; RRsets that differ in either have other keys. */
  readonly cacheKey: string;
}

/** Makes an RRset of typed RDATA; its type is that of the values, which are all of one. */
export function createRrset(
  owner: DomainName,
  ttlSeconds: number,
  records: readonly Exclude<Rdata, { type: 'opaque' }>[],
): Rrset {
  const type = recordTypes[records[0]!.type];
  return createRrsetOfOctets({ owner, type, ttlSeconds, rdatas: records.map(encodeRdata) });
}

/**
 * Makes an RRset of one type whose RDATA is made when it is first asked for: most questions are about
 * another type of the name, which needs to know of this one only that it is there.
 */
export function createLazyRrset(
  owner: DomainName,
  kind: { readonly type: number; readonly ttlSeconds: number },
  records: () => readonly Exclude<Rdata, { type: 'opaque' }>[],
): Rrset {
  return new LazyRrset(owner, kind, records);
}

/** A class, because each object literal with a getter has a hidden class of its own, made for it alone. */
class LazyRrset implements Rrset {
  readonly owner: DomainName;
  readonly type: number;
  readonly ttlSeconds: number;
  readonly authoritative = true;
  private records: (() => readonly Exclude<Rdata, { type: 'opaque' }>[]) | undefined;
  private made: readonly Uint8Array[] | undefined;

  constructor(
    owner: DomainName,
    kind: { readonly type: number; readonly ttlSeconds: number },
    records: () => readonly Exclude<Rdata, { type: 'opaque' }>[],
  ) {
    this.owner = owner;
    this.type = kind.type;
    this.ttlSeconds = kind.ttlSeconds;
    this.records = records;
    this.made = undefined;
  }

  get cacheKey(): string {
    return String.fromCharCode(this.type) + this.owner.lookupKey;
  }

  get rdatas(): readonly Uint8Array[] {
    if (this.made === undefined) {
      this.made = createRrset(this.owner, this.ttlSeconds, this.records!()).rdatas;
      this.records = undefined;
    }
    return this.made;
  }
}

/** Makes an RRset of RDATA octets, uncompressed. */
export function createRrsetOfOctets(content: {
  readonly owner: DomainName;
  readonly type: number;
  readonly ttlSeconds: number;
  readonly rdatas: readonly Uint8Array[];
  readonly authoritative?: boolean;
}): Rrset {
  const owner = lowerCasedName(content.owner);
  return {
    owner,
    type: content.type,
    ttlSeconds: content.ttlSeconds,
    rdatas: canonicalOrder(content.rdatas.map((rdata) => canonicalRdata(content.type, rdata))),
    authoritative: content.authoritative ?? true,
    cacheKey: String.fromCharCode(content.type) + owner.lookupKey,
  };
}

/** Returns the same RRset as one below a zone cut. */
export function asGlue(rrset: Rrset): Rrset {
  // Not a spread, which leaves out what a class computes.
  const { owner, type, ttlSeconds, rdatas, cacheKey } = rrset;
  return { owner, type, ttlSeconds, rdatas, cacheKey, authoritative: false };
}
