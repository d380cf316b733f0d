/**
 * TSIG (RFC 8945): no client shares a key with us, so each signed query has an unknown one. It is told
 * so, unsigned, with what identifies its own signature.
 */
import { ByteReader } from '../wire/byte-reader.ts';
import type { Message, ResourceRecord } from '../wire/message.ts';
import { joinOctets, uint16Octets } from '../wire/octets.ts';
import { anyClass, recordTypes } from '../wire/record-types.ts';

/** RFC 8945 §3: the error "key not recognized". */
const badKey = 17;
const timeAndFudgeBytes = 8;

/** The TSIG record of a query, which the parser has found to be its last one if it has any. */
export function findSignature(message: Message): ResourceRecord | undefined {
  const last = message.additionals.at(-1);
  return last?.type === recordTypes.TSIG ? last : undefined;
}

/**
 * RFC 8945 §5.2.1: "an error response with RCODE 9 (NOTAUTH) and TSIG ERROR 17 (BADKEY)", unsigned.
 * Returns that TSIG, or undefined when the query's is malformed.
 */
export function unknownKeySignature(signature: ResourceRecord): ResourceRecord | undefined {
  const reader = new ByteReader(signature.rdata);
  const algorithm = reader.name();
  const timeAndFudge = reader.octets(timeAndFudgeBytes);
  reader.octets(reader.uint16());
  const originalId = reader.uint16();
  reader.uint16();
  reader.octets(reader.uint16());
  if (reader.remaining > 0) reader.fail('octets follow');
  // RFC 8945 §4.2: CLASS "MUST be ANY", TTL "MUST be 0".
  const isWellFormed = signature.class === anyClass && signature.ttlSeconds === 0;
  if (reader.problem !== undefined || !isWellFormed) return undefined;
  const noOctets = uint16Octets(0);
  const rdata = joinOctets(
    algorithm.wire,
    timeAndFudge,
    noOctets,
    uint16Octets(originalId),
    uint16Octets(badKey),
    noOctets,
  );
  return { owner: signature.owner, type: recordTypes.TSIG, class: anyClass, ttlSeconds: 0, rdata };
}
