/**
 * Numbers of the IANA DNS registries that this package uses, by their mnemonics. A type that is not
 * listed is served and parsed all the same, as its number and opaque RDATA (RFC 3597).
 */

/** RR types, "Resource Record (RR) TYPEs" registry. */
export const recordTypes = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  NAPTR: 35,
  DNAME: 39,
  OPT: 41,
  DS: 43,
  RRSIG: 46,
  NSEC: 47,
  DNSKEY: 48,
  NSEC3: 50,
  NSEC3PARAM: 51,
  TLSA: 52,
  CDS: 59,
  CDNSKEY: 60,
  OPENPGPKEY: 61,
  SVCB: 64,
  HTTPS: 65,
  /** RFC 9824 §3: not a type anybody has, only a bit that says that the name does not exist. */
  NXNAME: 128,
  TKEY: 249,
  TSIG: 250,
  IXFR: 251,
  AXFR: 252,
  MAILB: 253,
  MAILA: 254,
  ANY: 255,
} as const;

/** The only class served. */
export const internetClass = 1;
/** QCLASS `*`, and the class of TSIG (RFC 8945 §4.2). */
export const anyClass = 255;

/** OPCODEs; others are answered NOTIMP. */
export const opcodes = { QUERY: 0 } as const;

/** RCODEs, the extended ones (RFC 6891) included. */
export const responseCodes = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  NOTAUTH: 9,
  BADVERS: 16,
  BADCOOKIE: 23,
} as const;

/** EDNS option codes. */
export const ednsOptionCodes = {
  nsid: 3,
  cookie: 10,
  tcpKeepalive: 11,
  padding: 12,
  extendedError: 15,
} as const;

/** INFO-CODEs of extended DNS errors (RFC 8914, RFC 9824). */
export const extendedErrorCodes = {
  other: 0,
  prohibited: 18,
  notAuthoritative: 20,
  notSupported: 21,
  invalidQueryType: 30,
} as const;

/** DNSSEC algorithm numbers. */
export const zoneAlgorithms = { ecdsaP256Sha256: 13, ed25519: 15 } as const;

/** DS digest type SHA-256 (RFC 4509). */
export const dsDigestSha256 = 2;
