/**
 * Compact denial of existence (RFC 9824): one NSEC, made for the name asked, that covers nothing but
 * it. Its bitmap is always the truth about that name; that is what keeps a resolver's aggressive use
 * of cached denials (RFC 8198) from denying a type that exists.
 */
import { createRrsetOfOctets } from '../rrset.ts';
import type { Rrset } from '../rrset.ts';
import { DomainName, labelBytesMax, lowerCasedName, nameBytesMax } from '../wire/names.ts';
import { joinOctets } from '../wire/octets.ts';
import { recordTypes } from '../wire/record-types.ts';
import { encodeTypeBitmap } from '../wire/type-bitmap.ts';
import type { ZoneNode } from './zone.ts';

const { NS, DS, RRSIG, NSEC, NXNAME } = recordTypes;
const emptyBitmap = encodeTypeBitmap([RRSIG, NSEC]);
/** RFC 9824 §3.1: a name that does not exist has the bits "RRSIG, NSEC, and NXNAME". */
const absentBitmap = encodeTypeBitmap([RRSIG, NSEC, NXNAME]);

/** Returns the NSEC of a name with what stands there. RFC 9077: the TTL is the SOA's minimum. */
export function nsecOf(name: DomainName, node: ZoneNode, ttlSeconds: number): Rrset {
  const owner = lowerCasedName(name);
  const rdata = joinOctets(successorOf(owner).wire, bitmapOf(node));
  return createRrsetOfOctets({ owner, type: NSEC, ttlSeconds, rdatas: [rdata] });
}

function bitmapOf(node: ZoneNode): Uint8Array {
  switch (node.kind) {
    case 'empty':
      return emptyBitmap;
    case 'absent':
      return absentBitmap;
    case 'data':
      return encodeTypeBitmap([...node.rrsets.map(({ type }) => type), RRSIG, NSEC]);
    case 'delegation':
      // RFC 4035 §2.3: at a cut, NS, DS when there is one, RRSIG and NSEC; never glue.
      return encodeTypeBitmap([NS, ...(node.ds === undefined ? [] : [DS]), RRSIG, NSEC]);
  }
}

/**
 * Returns the next name in canonical order that can exist (RFC 4471 §3.1.2): `\000.` before the name;
 * in a name with no room for it, a zero octet after the first label, or that label's last octet plus
 * one. `name` is lower-cased and not the root of a zone of maximal names.
 */
export function successorOf(name: DomainName): DomainName {
  const { wire } = name;
  if (wire.length + 2 <= nameBytesMax) return new DomainName(joinOctets(Uint8Array.of(1, 0), wire));
  return new DomainName(afterAllBelow(wire));
}

/** The first name after `wire` and everything below it. */
function afterAllBelow(wire: Uint8Array): Uint8Array {
  const size = wire[0]!;
  const label = wire.subarray(1, size + 1);
  const rest = wire.subarray(size + 1);
  if (wire.length < nameBytesMax && size < labelBytesMax)
    return joinOctets(Uint8Array.of(size + 1), label, Uint8Array.of(0), rest);
  // Trailing 0xff octets go; the octet before them grows by one, past the upper-case letters.
  let last = size;
  while (last > 0 && wire[last] === 0xff) last -= 1;
  if (last === 0) return afterAllBelow(rest);
  const octet = wire[last] === 0x40 ? 0x5b : wire[last]! + 1;
  return joinOctets(Uint8Array.of(last), wire.subarray(1, last), Uint8Array.of(octet), rest);
}
