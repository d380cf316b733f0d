/**
 * Where names stand inside RDATA. Three rules differ by type and all need this one table: which
 * names a receiver must expand, which a sender may compress, and which are lower-cased in the
 * canonical form that is signed. Types that are not listed have no names, or are opaque to us.
 */
import { lowerCaseOctets } from './names.ts';
import { recordTypes } from './record-types.ts';

/** A field: so many octets, a character-string, or a name. */
type Field = number | 'string' | 'name';

interface RdataLayout {
  readonly fields: readonly Field[];
  /** Whether octets without names may follow the fields. */
  readonly openEnded: boolean;
  /** RFC 3597 §4: senders compress only names in the types of RFC 1035. */
  readonly compressible: boolean;
  /** RFC 4034 §6.2 (3), corrected by RFC 6840 §5.1: NSEC is not lower-cased, RRSIG is. */
  readonly lowerCased: boolean;
}

/** Types of RFC 1035. */
const original = { openEnded: false, compressible: true, lowerCased: true };
/** Later types that RFC 4034 §6.2 lists. */
const listed = { openEnded: false, compressible: false, lowerCased: true };
/** Types after RFC 4034, and NSEC. */
const unlisted = { openEnded: true, compressible: false, lowerCased: false };

const layouts: ReadonlyMap<number, RdataLayout> = new Map<number, RdataLayout>([
  [recordTypes.NS, { fields: ['name'], ...original }],
  [recordTypes.CNAME, { fields: ['name'], ...original }],
  [recordTypes.PTR, { fields: ['name'], ...original }],
  [recordTypes.SOA, { fields: ['name', 'name', 20], ...original }],
  [recordTypes.MX, { fields: [2, 'name'], ...original }],
  [recordTypes.SRV, { fields: [6, 'name'], ...listed }],
  // By number, since nothing else here knows them: MINFO, RP, AFSDB, RT, PX, KX.
  [14, { fields: ['name', 'name'], ...original }],
  [17, { fields: ['name', 'name'], ...listed }],
  [18, { fields: [2, 'name'], ...listed }],
  [21, { fields: [2, 'name'], ...listed }],
  [26, { fields: [2, 'name', 'name'], ...listed }],
  [36, { fields: [2, 'name'], ...listed }],
  [recordTypes.NAPTR, { fields: [4, 'string', 'string', 'string', 'name'], ...listed }],
  [recordTypes.DNAME, { fields: ['name'], ...listed }],
  [recordTypes.RRSIG, { fields: [18, 'name'], ...listed, openEnded: true }],
  [recordTypes.NSEC, { fields: ['name'], ...unlisted }],
  [recordTypes.SVCB, { fields: [2, 'name'], ...unlisted }],
  [recordTypes.HTTPS, { fields: [2, 'name'], ...unlisted }],
]);

/** Returns where names stand in RDATA of a type, or undefined when it has none that we know. */
export function rdataLayout(type: number): RdataLayout | undefined {
  return layouts.get(type);
}

/** Returns RDATA (uncompressed) in the canonical form of RFC 4034 §6.2; the same bytes if it is. */
export function canonicalRdata(type: number, rdata: Uint8Array): Uint8Array {
  const layout = layouts.get(type);
  if (layout === undefined || !layout.lowerCased) return rdata;
  let canonical = rdata;
  let at = 0;
  for (const field of layout.fields) {
    if (field === 'name') {
      const start = at;
      while (rdata[at]! > 0) at += rdata[at]! + 1;
      at += 1;
      for (let index = start; index < at; index += 1) {
        const lowerCase = lowerCaseOctets[rdata[index]!]!;
        if (lowerCase === rdata[index]) continue;
        if (canonical === rdata) canonical = rdata.slice();
        canonical[index] = lowerCase;
      }
    } else {
      at += field === 'string' ? rdata[at]! + 1 : field;
    }
  }
  return canonical;
}
