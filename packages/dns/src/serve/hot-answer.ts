/**
 * Which answers may be kept in the table of hot answers, and for how long. Kept are only answers of
 * our own zones that any client would get for the same question: no errors, nothing cut short, no
 * EDNS option. Denials are not among them, since each holds a name that somebody has asked for and that
 * stands nowhere else.
 */
import { keptSecondsMax } from '../datagram/answer-table.ts';
import { headerBytes } from '../wire/message.ts';
import { labelBytesMax } from '../wire/names.ts';
import { recordTypes, responseCodes } from '../wire/record-types.ts';
import { bareOptBytes, flagsClasses } from './plain-query.ts';

/** docs/spec/dns.md: a signature with less left is not sent. */
const signatureSecondsLeftMin = 2 * 86_400;

const { A, NS, SOA, TXT, AAAA, NAPTR, DS, DNSKEY, TLSA, CDS, CDNSKEY, OPENPGPKEY, SVCB, HTTPS } =
  recordTypes;

/** Those that names of ours have. */
const keptTypes: Uint8Array = Uint8Array.from({ length: HTTPS + 1 }, () => 0);
for (const type of [A, NS, SOA, TXT, AAAA, NAPTR, DS, DNSKEY, TLSA, CDS, CDNSKEY])
  keptTypes[type] = 1;
for (const type of [OPENPGPKEY, SVCB, HTTPS]) keptTypes[type] = 1;

/** Tells whether answers to questions of a type are kept, and so worth looking for. */
export function isKeptType(type: number): boolean {
  return type < keptTypes.length && keptTypes[type] === 1;
}

/** Tells whether an answer to a plain query of this class would be the same for anybody. */
export function isKeptAnswer(answer: Uint8Array, flagsClass: number): boolean {
  const responseCode = answer[3]! & 15;
  // QR, opcode 0, AA, no TC; RD aside, which is patched.
  if ((answer[2]! & 0xfe) !== 0x84) return false;
  if (responseCode !== responseCodes.NOERROR || !hasAnswer(answer)) return false;
  return flagsClass === flagsClasses.plain || endsInBareOpt(answer);
}

/** ANCOUNT; RFC 1035 §4.1.1. */
function hasAnswer(answer: Uint8Array): boolean {
  return (answer[6]! | answer[7]!) !== 0;
}

/** OPT is always the last record that the responder writes. */
function endsInBareOpt(answer: Uint8Array): boolean {
  const at = answer.length - bareOptBytes;
  return (
    at > headerBytes &&
    answer[at] === 0 &&
    answer[at + 1] === 0 &&
    answer[at + 2] === recordTypes.OPT &&
    (answer[at + 5]! | answer[at + 9]! | answer[at + 10]!) === 0
  );
}

/**
 * Returns when a kept answer ends: while every signature in it may still be sent. Not with the TTL, which an
 * authoritative server does not count down.
 */
export function keptUntilSeconds(answer: Uint8Array, nowSeconds: number): number {
  return Math.min(
    nowSeconds + keptSecondsMax,
    earliestExpirySeconds(answer) - signatureSecondsLeftMin,
  );
}

/** RFC 1035 §4.1.3: type, class, TTL and length, between a record's name and its RDATA. */
const recordHeadBytes = 10;
/** Of the expiration in the RDATA of an RRSIG (RFC 4034 §3.1). */
const expirationAt = 8;

/** Reads an answer of our own, whose form is known to be right; infinite without signatures. */
function earliestExpirySeconds(answer: Uint8Array): number {
  let earliest = Number.POSITIVE_INFINITY;
  let at = endOfName(answer, headerBytes) + 4;
  while (at < answer.length) {
    at = endOfName(answer, at);
    const type = (answer[at]! << 8) | answer[at + 1]!;
    at += recordHeadBytes;
    if (type === recordTypes.RRSIG)
      earliest = Math.min(earliest, uint32(answer, at + expirationAt));
    at += (answer[at - 2]! << 8) | answer[at - 1]!;
  }
  return earliest;
}

/** The name ends with the root or a pointer, which is what follows its labels. */
function endOfName(answer: Uint8Array, start: number): number {
  let at = start;
  while (answer[at]! > 0 && answer[at]! <= labelBytesMax) at += answer[at]! + 1;
  return answer[at] === 0 ? at + 1 : at + 2;
}

function uint32(octets: Uint8Array, at: number): number {
  return (
    octets[at]! * 2 ** 24 + ((octets[at + 1]! << 16) | (octets[at + 2]! << 8) | octets[at + 3]!)
  );
}
