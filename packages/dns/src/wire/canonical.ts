/**
 * What a DNSSEC signature covers (RFC 4034 §3.1.8.1 and §6), and the digest input of a DS: the same
 * octets for the server that signs and for the validator that checks. No cryptography here.
 */
import { compareOctets, joinOctets, writeUint16, writeUint32 } from './octets.ts';
import { DomainName, lowerCasedName } from './names.ts';
import { canonicalRdata } from './rdata-layout.ts';
import { rrsigHeadBytes, writeRrsigHead } from './rdata.ts';
import type { RrsigRdata } from './rdata.ts';
import { internetClass } from './record-types.ts';

/** RRs of one owner, type and class (IN). */
export interface RrsetContent {
  readonly owner: DomainName;
  readonly type: number;
  /** Uncompressed. */
  readonly rdatas: readonly Uint8Array[];
}

/**
 * Returns `RRSIG_RDATA | RR(1) | RR(2)…`: RRs in canonical form and order, duplicates once, the TTL
 * that of the RRSIG, the owner shortened to its wildcard when RRSIG says it had fewer labels. Where it
 * fits into `room` it is a part of that, good until the next call.
 */
export function signatureInput(
  rrsig: Omit<RrsigRdata, 'signature'>,
  rrset: RrsetContent,
  room?: Uint8Array,
): Uint8Array {
  const head = { ...rrsig, signer: lowerCasedName(rrsig.signer) };
  const owner = signedOwner(rrset.owner, rrsig.labelCount).wire;
  const rdatas = canonicalOrder(rrset.rdatas.map((rdata) => canonicalRdata(rrset.type, rdata)));
  const recordBytes = owner.length + recordFixedBytes;
  let at = rrsigHeadBytes(head);
  // One array, written field by field: this is made for every answer that is signed when it is asked for.
  const size = rdatas.reduce((sum, rdata) => sum + recordBytes + rdata.length, at);
  const fits = room !== undefined && size <= room.length;
  const octets = fits ? room.subarray(0, size) : new Uint8Array(size);
  writeRrsigHead(octets, 0, head);
  for (const rdata of rdatas) {
    octets.set(owner, at);
    at += owner.length;
    writeUint16(octets, at, rrset.type);
    writeUint16(octets, at + 2, internetClass);
    writeUint32(octets, at + 4, rrsig.originalTtlSeconds);
    writeUint16(octets, at + 8, rdata.length);
    at += recordFixedBytes;
    octets.set(rdata, at);
    at += rdata.length;
  }
  return octets;
}

/** RFC 1035 §4.1.3: type, class, TTL and length. */
const recordFixedBytes = 10;

/**
 * RFC 4034 §6.3: "RRs with the same owner name, class, and type are sorted by treating the RDATA
 * portion of the canonical form of each RR as a left-justified unsigned octet sequence"; duplicates
 * are one RR.
 */
export function canonicalOrder(rdatas: readonly Uint8Array[]): Uint8Array[] {
  if (rdatas.length === 1) return [...rdatas];
  return [...rdatas]
    .sort(compareOctets)
    .filter((rdata, index, all) => index === 0 || compareOctets(rdata, all[index - 1]!) !== 0);
}

/** RFC 4035 §5.3.2: with fewer labels in RRSIG, the name is `*.` before the rightmost of them. */
function signedOwner(owner: DomainName, labelCount: number): DomainName {
  let surplus = owner.labelCount - labelCount;
  const name = lowerCasedName(owner);
  if (surplus <= 0) return name;
  let at = 0;
  for (; surplus > 0; surplus -= 1) at += name.wire[at]! + 1;
  return new DomainName(joinOctets(Uint8Array.of(1, 0x2a), name.wire.subarray(at)));
}

/** RFC 4034 §5.1.4: `digest = digest_algorithm( DNSKEY owner name | DNSKEY RDATA )`. */
export function dsDigestInput(owner: DomainName, dnskeyRdata: Uint8Array): Uint8Array {
  return joinOctets(lowerCasedName(owner).wire, dnskeyRdata);
}

/** Key tag of a DNSKEY (RFC 4034 appendix B; algorithm 1 is not known here). */
export function keyTagOf(dnskeyRdata: Uint8Array): number {
  let sum = 0;
  for (let index = 0; index < dnskeyRdata.length; index += 1)
    sum += index % 2 === 0 ? dnskeyRdata[index]! << 8 : dnskeyRdata[index]!;
  return (sum + (sum >> 16)) & 0xffff;
}
