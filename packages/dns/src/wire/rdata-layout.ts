/**
 * Where names stand inside RDATA. Three rules differ by type and all need this one table: which
 * names a receiver must expand, which a sender may compress, and which are lower-cased in the
 * canonical form that is signed. Types that are not listed have no names, or are opaque to us.
 */
import { lowerCaseOctets } from './names.ts';
import { recordTypes } from './record-types.ts';

/** A field before the opaque rest: so many octets, a character-string, or a name. */
type Field = number | 'string' | 'name';

interface RdataLayout {
  readonly fields: readonly Field[];
  /** RFC 3597 §4: senders compress only names in the types of RFC 1035. */
  readonly compressible: boolean;
  /** RFC 4034 §6.2 (3), corrected by RFC 6840 §5.1: NSEC is not lower-cased, RRSIG is. */
  readonly lowerCased: boolean;
}

const layouts: ReadonlyMap<number, RdataLayout> = new Map([
  [recordTypes.NS, { fields: ['name'], compressible: true, lowerCased: true }],
  [recordTypes.CNAME, { fields: ['name'], compressible: true, lowerCased: true }],
  [recordTypes.PTR, { fields: ['name'], compressible: true, lowerCased: true }],
  [recordTypes.SOA, { fields: ['name', 'name', 20], compressible: true, lowerCased: true }],
  [recordTypes.MX, { fields: [2, 'name'], compressible: true, lowerCased: true }],
  [recordTypes.SRV, { fields: [6, 'name'], compressible: false, lowerCased: true }],
  [
    recordTypes.NAPTR,
    {
      fields: [4, 'string', 'string', 'string', 'name'],
      compressible: false,
      lowerCased: true,
    },
  ],
  [recordTypes.RRSIG, { fields: [18, 'name'], compressible: false, lowerCased: true }],
  [recordTypes.NSEC, { fields: ['name'], compressible: false, lowerCased: false }],
  [recordTypes.SVCB, { fields: [2, 'name'], compressible: false, lowerCased: false }],
  [recordTypes.HTTPS, { fields: [2, 'name'], compressible: false, lowerCased: false }],
] as const);

/** Returns where names stand in RDATA of a type, or undefined when it has none that we know. */
export function rdataLayout(type: number): RdataLayout | undefined {
  return layouts.get(type);
}

/** Returns RDATA (uncompressed) in the canonical form of RFC 4034 §6.2; the same bytes if it is. */
export function canonicalRdata(type: number, rdata: Uint8Array): Uint8Array {
  const layout = layouts.get(type);
  if (layout === undefined || !layout.lowerCased) return rdata;
  const canonical = rdata.slice();
  let at = 0;
  for (const field of layout.fields) {
    if (field === 'name') {
      const start = at;
      while (canonical[at]! > 0) at += canonical[at]! + 1;
      at += 1;
      for (let index = start; index < at; index += 1)
        canonical[index] = lowerCaseOctets[canonical[index]!]!;
    } else {
      at += field === 'string' ? canonical[at]! + 1 : field;
    }
  }
  return canonical;
}
