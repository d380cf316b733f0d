/**
 * What a zone has signed, as evidence carries it: the octets under the signature (RFC 4034 §3.1.8.1:
 * RRSIG without its signature, then the RRs in canonical form) and the signature. Here they are taken
 * apart, and the way from a DS record to an answer is verified: DS → key-signing key → DNSKEY → key →
 * RRset. Nothing is normalised: what is read is exactly what was signed.
 *
 * Knows algorithms 13 and 15 and DS of SHA-256, as a member's zone has them. Does not resolve, and
 * looks at no clock.
 */
import { bytesEqual, concatBytes, utf8 } from '../bytes.ts';
import type { Cryptography } from '../crypto/cryptography.ts';

/** Records as they are signed, and the signature. */
export interface SignedRrset {
  /** RRSIG RDATA without the signature, and the RRs. */
  readonly signed: Uint8Array;
  /** 64 bytes, of both algorithms. */
  readonly signature: Uint8Array;
}

export interface ParsedRrset {
  readonly type: number;
  readonly algorithm: number;
  readonly keyTag: number;
  /** Seconds since 1970. */
  readonly inceptionSeconds: number;
  readonly expirationSeconds: number;
  /** Uncompressed, lower case. */
  readonly signer: Uint8Array;
  readonly owner: Uint8Array;
  readonly rdatas: readonly Uint8Array[];
}

export interface ChainOfTrust {
  /** Uncompressed name of the zone, lower case. */
  readonly apex: Uint8Array;
  /** RDATA of the DS records in presentation form. */
  readonly zoneDs: readonly string[];
  readonly dnskey: SignedRrset;
  readonly answer: SignedRrset;
}

export const txtType = 16;
const dnskeyType = 48;
/** RFC 4034 §3.1: type, algorithm, labels, TTL, expiration, inception, key tag. */
const headBytes = 18;

/** Takes signed octets apart; undefined where they are not one RRset of one owner, class IN. */
function parseSignedRrset(signed: Uint8Array): ParsedRrset | undefined {
  const signerEnd = nameEnd(signed, headBytes);
  if (signerEnd === undefined) return undefined;
  const view = new DataView(signed.buffer, signed.byteOffset, signed.length);
  const ownerEnd = nameEnd(signed, signerEnd);
  if (ownerEnd === undefined) return undefined;
  const owner = signed.subarray(signerEnd, ownerEnd);
  // RFC 4035 §5.3.2: with fewer labels in RRSIG than the owner has, it is a wildcard's.
  if (labelsOf(owner) !== signed[3]) return undefined;
  const type = view.getUint16(0);
  // RFC 1035 §4.1.3: type, class (IN) and TTL of each record. Not by `slice`: of a Buffer it is no copy.
  const fixed = Uint8Array.of(signed[0]!, signed[1]!, 0, 1, ...signed.subarray(4, 8));
  const frame = concatBytes(owner, fixed);
  const rdatas: Uint8Array[] = [];
  for (let at = signerEnd; at < signed.length;) {
    const lengthAt = at + frame.length;
    if (lengthAt + 2 > signed.length) return undefined;
    if (!bytesEqual(signed.subarray(at, lengthAt), frame)) return undefined;
    at = lengthAt + 2 + view.getUint16(lengthAt);
    if (at > signed.length) return undefined;
    rdatas.push(signed.subarray(lengthAt + 2, at));
  }
  return {
    type,
    algorithm: signed[2]!,
    keyTag: view.getUint16(16),
    inceptionSeconds: view.getUint32(12),
    expirationSeconds: view.getUint32(8),
    signer: signed.subarray(headBytes, signerEnd),
    owner,
    rdatas,
  };
}

/** Verifies the way from the DS to the answer: the answer, or undefined where a step fails. */
export function verifyChainOfTrust(
  { apex, zoneDs, dnskey, answer }: ChainOfTrust,
  crypto: Cryptography,
): ParsedRrset | undefined {
  const keys = parseSignedRrset(dnskey.signed);
  const parsed = parseSignedRrset(answer.signed);
  if (keys?.type !== dnskeyType || parsed === undefined) return undefined;
  const ofZone = [keys.signer, keys.owner, parsed.signer].every((name) => bytesEqual(name, apex));
  if (!ofZone || !isBelow(parsed.owner, apex)) return undefined;
  const bySecureEntry = keys.rdatas.some(
    (key) =>
      isDelegated(key, { apex, zoneDs }, crypto) &&
      isSignedBy(key, { parsed: keys, ...dnskey }, crypto),
  );
  const byZone = keys.rdatas.some((key) => isSignedBy(key, { parsed, ...answer }, crypto));
  // The signatures were good at one time at least.
  const overlap =
    keys.inceptionSeconds <= parsed.expirationSeconds &&
    parsed.inceptionSeconds <= keys.expirationSeconds;
  return bySecureEntry && byZone && overlap ? parsed : undefined;
}

/** RFC 4034 §5.1.4: `digest = digest_algorithm( DNSKEY owner name | DNSKEY RDATA )`. */
function isDelegated(
  key: Uint8Array,
  { apex, zoneDs }: Pick<ChainOfTrust, 'apex' | 'zoneDs'>,
  crypto: Cryptography,
): boolean {
  const digest = crypto.sha256(apex, key).toHex();
  const wanted = `${keyTagOf(key)} ${key[3]} 2 ${digest}`;
  return zoneDs.some((ds) => ds.toLowerCase() === wanted);
}

function isSignedBy(
  key: Uint8Array,
  rrset: SignedRrset & { readonly parsed: ParsedRrset },
  crypto: Cryptography,
): boolean {
  const { signed, signature, parsed: by } = rrset;
  if (key.length < 4 || key[3] !== by.algorithm || keyTagOf(key) !== by.keyTag) return false;
  // RFC 4034 §2.1: bit 7 is Zone Key, RFC 5011 §3: bit 8 is REVOKE; §2.1.2: the protocol is 3.
  if ((key[0]! & 1) === 0 || (key[1]! & 0x80) !== 0 || key[2] !== 3) return false;
  const publicKey = key.subarray(4);
  if (by.algorithm === 13) return crypto.p256Verify(signed, signature, publicKey);
  return by.algorithm === 15 && crypto.ed25519Verify(signed, signature, publicKey);
}

/** RFC 4034 appendix B. */
function keyTagOf(key: Uint8Array): number {
  let sum = 0;
  for (const [index, octet] of key.entries()) sum += index % 2 === 0 ? octet << 8 : octet;
  return (sum + (sum >> 16)) & 0xffff;
}

/** Returns the uncompressed form of a name without escapes. */
export function encodeName(text: string): Uint8Array {
  const labels = text.split('.').map(utf8);
  return concatBytes(
    ...labels.flatMap((label) => [Uint8Array.of(label.length), label]),
    Uint8Array.of(0),
  );
}

/** Returns the strings of a TXT record's RDATA; undefined where it is malformed. */
export function textStrings(rdata: Uint8Array): string[] | undefined {
  const strings: string[] = [];
  for (let at = 0; at < rdata.length; at += rdata[at]! + 1) {
    const end = at + 1 + rdata[at]!;
    if (end > rdata.length) return undefined;
    strings.push(String.fromCharCode(...rdata.subarray(at + 1, end)));
  }
  return strings;
}

/** Where a name ends, the root's zero included; undefined without one, and for capital letters. */
function nameEnd(octets: Uint8Array, start: number): number | undefined {
  let at = start;
  for (;;) {
    const size = octets[at];
    if (size === undefined || size > 63 || at - start > 254) return undefined;
    if (size === 0) return at + 1;
    for (let letter = at + 1; letter <= at + size; letter++) {
      // RFC 4034 §6.2: in the canonical form all letters are lower case.
      if (octets[letter]! >= 0x41 && octets[letter]! <= 0x5a) return undefined;
    }
    at += size + 1;
  }
}

function labelsOf(name: Uint8Array): number {
  let count = 0;
  for (let at = 0; name[at]! > 0; at += name[at]! + 1) count++;
  return count;
}

function isBelow(name: Uint8Array, apex: Uint8Array): boolean {
  let at = 0;
  while (name.length - at > apex.length) at += name[at]! + 1;
  return at > 0 && bytesEqual(name.subarray(at), apex);
}
