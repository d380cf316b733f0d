/**
 * The octets of one query for a validator, by themselves: whoever only asks needs nothing of what
 * writes answers, such as compression, and a page does not load it.
 */
import { ednsFlags, headerBytes, headerFlags } from './message.ts';
import type { Question } from './message.ts';
import { joinOctets, uint16Octets } from './octets.ts';
import { internetClass, recordTypes } from './record-types.ts';

/**
 * Encodes a question of class IN with RD, CD and DO, id 0, and an OPT record (RFC 6891 §6.1.2) that
 * allows answers of `udpPayloadBytes`.
 */
export function encodeQuery(
  { name, type }: Pick<Question, 'name' | 'type'>,
  udpPayloadBytes: number,
): Uint8Array {
  const header = new Uint8Array(headerBytes);
  header.set(uint16Octets(headerFlags.recursionDesired | headerFlags.checkingDisabled), 2);
  // One question, and one record in the additional section.
  header[5] = 1;
  header[11] = 1;
  return joinOctets(
    header,
    name.wire,
    uint16Octets(type),
    uint16Octets(internetClass),
    // Owner: the root. Class: the size. TTL: extended RCODE, version and flags. No options.
    Uint8Array.of(0),
    uint16Octets(recordTypes.OPT),
    uint16Octets(udpPayloadBytes),
    uint16Octets(0),
    uint16Octets(ednsFlags.dnssecOk),
    uint16Octets(0),
  );
}
