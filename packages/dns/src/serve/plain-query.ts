/**
 * The query that nearly everybody sends, read without making an object: one question of class IN and
 * at most an OPT record of version 0, with no option or a COOKIE alone. Used again and again; the
 * fields are those of the last query that `read` took. Anything else is `parseMessage`'s, also what is
 * malformed.
 */
import { ednsFlags, headerBytes } from '../wire/message.ts';
import { labelBytesMax, nameBytesMax } from '../wire/names.ts';
import { ednsOptionCodes, internetClass, recordTypes } from '../wire/record-types.ts';

/** What of a query's EDNS changes its answer, beside the size. */
export const flagsClasses = { plain: 0, edns: 1, dnssecOk: 2, compactOk: 3 } as const;

/** RFC 6891 §6.1.2: a root name, type, size, extended RCODE, version, flags and length. */
export const bareOptBytes = 11;
/** RFC 6891 §6.1.2: code and length, before the data of an option. */
export const optionHeadBytes = 4;
/** QR and opcode. */
const notAPlainQuestion = 0xf8;

export class PlainQuery {
  /** Where the question's name ends, which begins after the header. */
  nameEnd = 0;
  type = 0;
  /** One of `flagsClasses`. */
  flagsClass = 0;
  /** As OPT says; 0 without it. */
  udpPayloadBytes = 0;
  /** Of the data of a COOKIE option, which ends the query; 0 without one. */
  cookieBytes = 0;

  /** Tells whether `query` is one; the fields mean nothing when it is not. */
  read(query: Uint8Array): boolean {
    const nameEnd = endOfName(query);
    // ANCOUNT, NSCOUNT, and the high octets of QDCOUNT and ARCOUNT must be 0.
    if (
      nameEnd === 0 ||
      (query[2]! & notAPlainQuestion) !== 0 ||
      query[5] !== 1 ||
      (query[4]! | query[6]! | query[7]! | query[8]! | query[9]! | query[10]!) !== 0
    )
      return false;
    this.nameEnd = nameEnd;
    this.type = (query[nameEnd]! << 8) | query[nameEnd + 1]!;
    if (query[nameEnd + 2] !== 0 || query[nameEnd + 3] !== internetClass) return false;
    const questionEnd = nameEnd + 4;
    this.flagsClass = flagsClasses.plain;
    this.udpPayloadBytes = 0;
    this.cookieBytes = 0;
    if (query[11] === 0) return query.length === questionEnd;
    return query[11] === 1 && query.length >= questionEnd + bareOptBytes
      ? this.readOpt(query, questionEnd)
      : false;
  }

  private readOpt(query: Uint8Array, at: number): boolean {
    // The version is the third of these octets; extended RCODE says nothing in a query.
    const isOpt =
      query[at] === 0 &&
      query[at + 1] === 0 &&
      query[at + 2] === recordTypes.OPT &&
      query[at + 6] === 0;
    if (!isOpt || !this.readOptions(query, at + bareOptBytes)) return false;
    this.udpPayloadBytes = (query[at + 3]! << 8) | query[at + 4]!;
    const flags = query[at + 7]! << 8;
    const dnssecOk = (flags & ednsFlags.dnssecOk) !== 0;
    const compactOk = (flags & ednsFlags.compactOk) !== 0;
    // CO without DO asks for nothing that makes sense.
    if (compactOk && !dnssecOk) return false;
    this.flagsClass = !dnssecOk
      ? flagsClasses.edns
      : compactOk
        ? flagsClasses.compactOk
        : flagsClasses.dnssecOk;
    return true;
  }

  /** Takes none, or a COOKIE alone, up to the end of the query. */
  private readOptions(query: Uint8Array, at: number): boolean {
    const optionsBytes = (query[at - 2]! << 8) | query[at - 1]!;
    if (optionsBytes !== query.length - at) return false;
    if (optionsBytes === 0) return true;
    this.cookieBytes = optionsBytes - optionHeadBytes;
    return (
      this.cookieBytes > 0 &&
      query[at] === 0 &&
      query[at + 1] === ednsOptionCodes.cookie &&
      ((query[at + 2]! << 8) | query[at + 3]!) === this.cookieBytes
    );
  }
}

/** Returns 0 unless an uncompressed name and four octets more follow the header. */
function endOfName(query: Uint8Array): number {
  let at = headerBytes;
  while (at < query.length) {
    const label = query[at]!;
    if (label === 0) {
      const end = at + 1;
      return end - headerBytes <= nameBytesMax && end + 4 <= query.length ? end : 0;
    }
    if (label > labelBytesMax) return 0;
    at += label + 1;
  }
  return 0;
}
