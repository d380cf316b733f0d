/**
 * RDATA as values, for the types that the directory publishes or a validator needs; every other type
 * (HTTPS among them) is opaque octets. Messages carry RDATA as uncompressed octets: parsing here is
 * a second, separate step, so that an unknown or unwanted record costs nothing.
 */
import { accept, reject } from '@callbook/protocol';
import type { Verdict } from '@callbook/protocol';
import { ByteReader } from './byte-reader.ts';
import { formatIpAddress, parseIpAddress } from './ip-address.ts';
import type { DomainName } from './names.ts';
import { joinOctets, uint16Octets, uint32Octets, writeUint16, writeUint32 } from './octets.ts';
import { recordTypes } from './record-types.ts';
import { encodeTypeBitmap, parseTypeBitmap } from './type-bitmap.ts';

export interface AddressRdata {
  readonly type: 'A' | 'AAAA';
  readonly address: string;
}
export interface NsRdata {
  readonly type: 'NS';
  readonly nameserver: DomainName;
}
export interface SoaRdata {
  readonly type: 'SOA';
  readonly primary: DomainName;
  readonly contact: DomainName;
  readonly serial: number;
  readonly refreshSeconds: number;
  readonly retrySeconds: number;
  readonly expireSeconds: number;
  /** TTL of denials (RFC 2308, RFC 9077). */
  readonly minimumSeconds: number;
}
export interface TxtRdata {
  readonly type: 'TXT';
  /** 1 or more, each up to 255 octets. */
  readonly strings: readonly Uint8Array[];
}
/** RFC 3403 §4.1. Text is UTF-8. */
export interface NaptrRdata {
  readonly type: 'NAPTR';
  readonly order: number;
  readonly preference: number;
  readonly flags: string;
  readonly services: string;
  readonly regexp: string;
  readonly replacement: DomainName;
}
/** RFC 6698 §2.1. */
export interface TlsaRdata {
  readonly type: 'TLSA';
  readonly usage: number;
  readonly selector: number;
  readonly matchingType: number;
  readonly association: Uint8Array;
}
/** RFC 7929 §2: a transferable public key in binary. */
export interface OpenpgpkeyRdata {
  readonly type: 'OPENPGPKEY';
  readonly certificate: Uint8Array;
}
/** RFC 4034 §2.1; `publicKey` in the form of its algorithm, 64 octets (13) or 32 (15). */
export interface DnskeyRdata {
  readonly type: 'DNSKEY' | 'CDNSKEY';
  readonly flags: number;
  readonly protocol: number;
  readonly algorithm: number;
  readonly publicKey: Uint8Array;
}
/** RFC 4034 §5.1. */
export interface DsRdata {
  readonly type: 'DS' | 'CDS';
  readonly keyTag: number;
  readonly algorithm: number;
  readonly digestType: number;
  readonly digest: Uint8Array;
}
/** RFC 4034 §3.1. Times are seconds since 1970 modulo 2^32. */
export interface RrsigRdata {
  readonly type: 'RRSIG';
  readonly typeCovered: number;
  readonly algorithm: number;
  readonly labelCount: number;
  readonly originalTtlSeconds: number;
  readonly expirationSeconds: number;
  readonly inceptionSeconds: number;
  readonly keyTag: number;
  readonly signer: DomainName;
  readonly signature: Uint8Array;
}
/** RFC 4034 §4.1; `types` ascending. */
export interface NsecRdata {
  readonly type: 'NSEC';
  readonly next: DomainName;
  readonly types: readonly number[];
}
export interface OpaqueRdata {
  readonly type: 'opaque';
  readonly octets: Uint8Array;
}

export type Rdata =
  | AddressRdata
  | NsRdata
  | SoaRdata
  | TxtRdata
  | NaptrRdata
  | TlsaRdata
  | OpenpgpkeyRdata
  | DnskeyRdata
  | DsRdata
  | RrsigRdata
  | NsecRdata
  | OpaqueRdata;

const utf8Strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const utf8 = new TextEncoder();

/**
 * Parses RDATA (uncompressed, as messages carry it) of an RR type; an unknown type is opaque.
 * Code: `dns_rdata_malformed`.
 */
export function parseRdata(type: number, octets: Uint8Array): Verdict<Rdata> {
  const reader = new ByteReader(octets);
  const parse = parsers.get(type);
  const rdata: Rdata = parse === undefined ? { type: 'opaque', octets } : parse(reader);
  if (parse !== undefined && reader.remaining > 0)
    reader.fail('RDATA is longer than its type allows');
  return reader.problem === undefined
    ? accept(rdata)
    : reject('dns_rdata_malformed', reader.problem);
}

const parsers: ReadonlyMap<number, (reader: ByteReader) => Rdata> = new Map<
  number,
  (reader: ByteReader) => Rdata
>([
  [recordTypes.A, (r) => ({ type: 'A', address: formatIpAddress(fixed(r, 4)) })],
  [recordTypes.AAAA, (r) => ({ type: 'AAAA', address: formatIpAddress(fixed(r, 16)) })],
  [recordTypes.NS, (r) => ({ type: 'NS', nameserver: r.name() })],
  [recordTypes.SOA, parseSoa],
  [recordTypes.TXT, (r) => ({ type: 'TXT', strings: parseStrings(r) })],
  [recordTypes.NAPTR, parseNaptr],
  [recordTypes.TLSA, parseTlsa],
  [recordTypes.OPENPGPKEY, (r) => ({ type: 'OPENPGPKEY', certificate: r.rest() })],
  [recordTypes.DNSKEY, (r) => parseDnskey(r, 'DNSKEY')],
  [recordTypes.CDNSKEY, (r) => parseDnskey(r, 'CDNSKEY')],
  [recordTypes.DS, (r) => parseDs(r, 'DS')],
  [recordTypes.CDS, (r) => parseDs(r, 'CDS')],
  [recordTypes.RRSIG, parseRrsig],
  [recordTypes.NSEC, parseNsec],
]);

/** Reads exactly `size` octets; zeros when they are not there, the reader keeps the problem. */
function fixed(reader: ByteReader, size: number): Uint8Array {
  const octets = reader.octets(size);
  return octets.length === size ? octets : new Uint8Array(size);
}

function parseSoa(reader: ByteReader): SoaRdata {
  return {
    type: 'SOA',
    primary: reader.name(),
    contact: reader.name(),
    serial: reader.uint32(),
    refreshSeconds: reader.uint32(),
    retrySeconds: reader.uint32(),
    expireSeconds: reader.uint32(),
    minimumSeconds: reader.uint32(),
  };
}

function parseStrings(reader: ByteReader): Uint8Array[] {
  const strings = [reader.characterString()];
  while (reader.remaining > 0) strings.push(reader.characterString());
  return strings;
}

function parseNaptr(reader: ByteReader): NaptrRdata {
  return {
    type: 'NAPTR',
    order: reader.uint16(),
    preference: reader.uint16(),
    flags: parseText(reader),
    services: parseText(reader),
    regexp: parseText(reader),
    replacement: reader.name(),
  };
}

function parseText(reader: ByteReader): string {
  try {
    return utf8Strict.decode(reader.characterString());
  } catch {
    reader.fail('a NAPTR field is not UTF-8');
    return '';
  }
}

function parseTlsa(reader: ByteReader): TlsaRdata {
  return {
    type: 'TLSA',
    usage: reader.uint8(),
    selector: reader.uint8(),
    matchingType: reader.uint8(),
    association: reader.rest(),
  };
}

function parseDnskey(reader: ByteReader, type: DnskeyRdata['type']): DnskeyRdata {
  return {
    type,
    flags: reader.uint16(),
    protocol: reader.uint8(),
    algorithm: reader.uint8(),
    publicKey: reader.rest(),
  };
}

function parseDs(reader: ByteReader, type: DsRdata['type']): DsRdata {
  return {
    type,
    keyTag: reader.uint16(),
    algorithm: reader.uint8(),
    digestType: reader.uint8(),
    digest: reader.rest(),
  };
}

function parseRrsig(reader: ByteReader): RrsigRdata {
  return {
    type: 'RRSIG',
    typeCovered: reader.uint16(),
    algorithm: reader.uint8(),
    labelCount: reader.uint8(),
    originalTtlSeconds: reader.uint32(),
    expirationSeconds: reader.uint32(),
    inceptionSeconds: reader.uint32(),
    keyTag: reader.uint16(),
    signer: reader.name(),
    signature: reader.rest(),
  };
}

function parseNsec(reader: ByteReader): NsecRdata {
  const next = reader.name();
  const types = parseTypeBitmap(reader.rest());
  if (types.verdict !== 'accept') reader.fail(types.message);
  return { type: 'NSEC', next, types: types.verdict === 'accept' ? types.value : [] };
}

/**
 * Encodes RDATA without compression. Preconditions: numbers fit their fields, character-strings have
 * at most 255 octets, addresses are of their type; a `RangeError` otherwise.
 */
export function encodeRdata(rdata: Rdata): Uint8Array {
  switch (rdata.type) {
    case 'A':
    case 'AAAA':
      return encodeAddress(rdata);
    case 'NS':
      return rdata.nameserver.wire;
    case 'SOA':
      return encodeSoa(rdata);
    case 'TXT':
      return encodeTxt(rdata);
    case 'NAPTR':
      return encodeNaptr(rdata);
    case 'TLSA':
      return joinOctets(
        Uint8Array.of(rdata.usage, rdata.selector, rdata.matchingType),
        rdata.association,
      );
    case 'OPENPGPKEY':
      return rdata.certificate;
    case 'DNSKEY':
    case 'CDNSKEY':
      return joinOctets(
        uint16Octets(rdata.flags),
        Uint8Array.of(rdata.protocol, rdata.algorithm),
        rdata.publicKey,
      );
    case 'DS':
    case 'CDS':
      return joinOctets(
        uint16Octets(rdata.keyTag),
        Uint8Array.of(rdata.algorithm, rdata.digestType),
        rdata.digest,
      );
    case 'RRSIG':
      return encodeRrsig(rdata);
    case 'NSEC':
      return joinOctets(rdata.next.wire, encodeTypeBitmap(rdata.types));
    case 'opaque':
      return rdata.octets;
  }
}

/** RFC 4034 §3.1: octets before the signer's name. */
const rrsigFixedBytes = 18;

/** Octets of the RDATA of an RRSIG up to its signature, which is what the signature covers first. */
export function rrsigHeadBytes(rrsig: Omit<RrsigRdata, 'signature'>): number {
  return rrsigFixedBytes + rrsig.signer.wire.length;
}

/** Writes that head from `start` on. Field by field, since it is written for every signature that is made. */
export function writeRrsigHead(
  octets: Uint8Array,
  start: number,
  rrsig: Omit<RrsigRdata, 'signature'>,
): void {
  writeUint16(octets, start, rrsig.typeCovered);
  octets[start + 2] = rrsig.algorithm;
  octets[start + 3] = rrsig.labelCount;
  writeUint32(octets, start + 4, rrsig.originalTtlSeconds);
  writeUint32(octets, start + 8, rrsig.expirationSeconds);
  writeUint32(octets, start + 12, rrsig.inceptionSeconds);
  writeUint16(octets, start + 16, rrsig.keyTag);
  octets.set(rrsig.signer.wire, start + rrsigFixedBytes);
}

/** Encodes RDATA of an RRSIG, in the first octets of `room` if there is some, which is large enough. */
export function encodeRrsig(rrsig: RrsigRdata, room?: Uint8Array): Uint8Array {
  const headBytes = rrsigHeadBytes(rrsig);
  const size = headBytes + rrsig.signature.length;
  const octets = room?.subarray(0, size) ?? new Uint8Array(size);
  writeRrsigHead(octets, 0, rrsig);
  octets.set(rrsig.signature, headBytes);
  return octets;
}

function encodeNaptr(naptr: NaptrRdata): Uint8Array {
  const texts = [naptr.flags, naptr.services, naptr.regexp].map(textOctets);
  const replacement = naptr.replacement.wire;
  const size = texts.reduce((sum, text) => sum + 1 + text.length, 4 + replacement.length);
  const octets = new Uint8Array(size);
  writeUint16(octets, 0, naptr.order);
  writeUint16(octets, 2, naptr.preference);
  let at = 4;
  for (const text of texts) at = writeCharacterString(octets, at, text);
  octets.set(replacement, at);
  return octets;
}

function encodeTxt({ strings }: TxtRdata): Uint8Array {
  const octets = new Uint8Array(strings.reduce((sum, text) => sum + 1 + text.length, 0));
  let at = 0;
  for (const text of strings) at = writeCharacterString(octets, at, text);
  return octets;
}

function encodeAddress(rdata: AddressRdata): Uint8Array {
  const octets = parseIpAddress(rdata.address);
  if (octets.verdict !== 'accept' || octets.value.length !== (rdata.type === 'A' ? 4 : 16))
    throw new RangeError(`address does not fit ${rdata.type}`);
  return octets.value;
}

function encodeSoa(rdata: SoaRdata): Uint8Array {
  return joinOctets(
    rdata.primary.wire,
    rdata.contact.wire,
    uint32Octets(rdata.serial),
    uint32Octets(rdata.refreshSeconds),
    uint32Octets(rdata.retrySeconds),
    uint32Octets(rdata.expireSeconds),
    uint32Octets(rdata.minimumSeconds),
  );
}

/** Returns where it ends. */
function writeCharacterString(octets: Uint8Array, start: number, text: Uint8Array): number {
  if (text.length > 255)
    throw new RangeError(`character-string is ${text.length} octets, at most 255`);
  octets[start] = text.length;
  octets.set(text, start + 1);
  return start + 1 + text.length;
}

/** As UTF-8; what is ASCII, as nearly all is, without the detour through an encoder. */
function textOctets(text: string): Uint8Array {
  const octets = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code > 0x7f) return utf8.encode(text);
    octets[index] = code;
  }
  return octets;
}
