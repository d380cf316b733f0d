/**
 * Bytes → message, for anything that arrives from outside. Nothing is thrown and nothing is read
 * twice: counts, lengths and compression pointers are all bounded by the message itself, which has
 * at most 65535 octets.
 */
import { accept, reject } from '@callbook/protocol';
import type { Verdict } from '@callbook/protocol';
import { ByteReader } from './byte-reader.ts';
import { ednsFlags, headerBytes, headerFlags, messageBytesMax } from './message.ts';
import type {
  Edns,
  EdnsOption,
  Message,
  MessageHeader,
  Question,
  ResourceRecord,
} from './message.ts';
import { joinOctets } from './octets.ts';
import { rdataLayout } from './rdata-layout.ts';
import { recordTypes } from './record-types.ts';

const noRecords: readonly ResourceRecord[] = [];

/** Parses the 12 octets of a header, whatever follows; undefined when there are fewer. */
export function parseHeader(
  bytes: Uint8Array,
): (MessageHeader & { readonly questionCount: number }) | undefined {
  if (bytes.length < headerBytes) return undefined;
  const flags = (bytes[2]! << 8) | bytes[3]!;
  return {
    id: (bytes[0]! << 8) | bytes[1]!,
    isResponse: (flags & headerFlags.isResponse) !== 0,
    opcode: (flags >> 11) & 15,
    authoritative: (flags & headerFlags.authoritative) !== 0,
    truncated: (flags & headerFlags.truncated) !== 0,
    recursionDesired: (flags & headerFlags.recursionDesired) !== 0,
    recursionAvailable: (flags & headerFlags.recursionAvailable) !== 0,
    authenticData: (flags & headerFlags.authenticData) !== 0,
    checkingDisabled: (flags & headerFlags.checkingDisabled) !== 0,
    responseCode: flags & 15,
    questionCount: (bytes[4]! << 8) | bytes[5]!,
  };
}

/** Parses one whole message; octets after its last record are refused. Code: `dns_message_malformed`. */
export function parseMessage(bytes: Uint8Array): Verdict<Message> {
  const header = parseHeader(bytes);
  if (header === undefined || bytes.length > messageBytesMax)
    return reject(
      'dns_message_malformed',
      `message is ${bytes.length} octets, from ${headerBytes} to ${messageBytesMax}`,
    );
  const reader = new ByteReader(bytes);
  reader.uint32();
  reader.uint16();
  const counts = [reader.uint16(), reader.uint16(), reader.uint16()] as const;
  const sections: Sections = { edns: undefined, extendedCode: 0 };
  const questions = parseQuestions(reader, header.questionCount);
  const answers = parseRecords(reader, counts[0]);
  const authorities = parseRecords(reader, counts[1]);
  const additionals = parseRecords(reader, counts[2], sections);
  if (reader.remaining > 0) reader.fail('octets follow the last record');
  if (reader.problem !== undefined) return reject('dns_message_malformed', reader.problem);
  return accept({
    id: header.id,
    isResponse: header.isResponse,
    opcode: header.opcode,
    authoritative: header.authoritative,
    truncated: header.truncated,
    recursionDesired: header.recursionDesired,
    recursionAvailable: header.recursionAvailable,
    authenticData: header.authenticData,
    checkingDisabled: header.checkingDisabled,
    responseCode: header.responseCode | (sections.extendedCode << 4),
    questions,
    answers,
    authorities,
    additionals,
    edns: sections.edns,
  });
}

/** What the additional section says beside its records. */
interface Sections {
  edns: Edns | undefined;
  extendedCode: number;
}

function parseQuestions(reader: ByteReader, count: number): Question[] {
  const questions: Question[] = [];
  for (let index = 0; index < count && reader.problem === undefined; index += 1)
    questions.push({ name: reader.name(), type: reader.uint16(), class: reader.uint16() });
  return questions;
}

function parseRecords(
  reader: ByteReader,
  count: number,
  sections?: Sections,
): readonly ResourceRecord[] {
  if (count === 0) return noRecords;
  const records: ResourceRecord[] = [];
  for (let index = 0; index < count && reader.problem === undefined; index += 1) {
    const owner = reader.name();
    const type = reader.uint16();
    const klass = reader.uint16();
    if (type === recordTypes.OPT) {
      // RFC 6891 §6.1.2: OPT's "NAME … MUST be 0 (root domain)"; §6.1.1: "it MUST be the only OPT RR
      // in that message", in the additional section.
      if (sections === undefined || sections.edns !== undefined || owner.wire.length !== 1)
        reader.fail('an OPT record is misplaced, named or repeated');
      else parseOpt(reader, klass, sections);
    } else {
      // RFC 8945 §5.1: a TSIG is the only one and the last of the additional records; otherwise the
      // answer is FORMERR.
      if (type === recordTypes.TSIG && (sections === undefined || index !== count - 1))
        reader.fail('a TSIG record is misplaced or repeated');
      const ttlSeconds = reader.uint32();
      records.push({
        owner,
        type,
        class: klass,
        ttlSeconds,
        rdata: parseRecordRdata(reader, type),
      });
    }
  }
  return records;
}

/** Reads RDLENGTH and RDATA, with compressed names expanded in the types that may have them. */
function parseRecordRdata(reader: ByteReader, type: number): Uint8Array {
  const size = reader.uint16();
  const layout = rdataLayout(type);
  // RFC 2136 §2.4 and probes send records without RDATA; those stay as they are.
  if (layout === undefined || size === 0) return reader.octets(size);
  const parts: Uint8Array[] = [];
  const outer = reader.narrow(size);
  for (const field of layout.fields) {
    if (field === 'name') parts.push(reader.name().wire);
    else if (field === 'string') {
      const text = reader.characterString();
      parts.push(Uint8Array.of(text.length), text);
    } else parts.push(reader.octets(field));
  }
  if (layout.openEnded) parts.push(reader.rest());
  reader.widen(outer);
  return joinOctets(...parts);
}

/** RFC 6891 §6.1.3: the TTL of OPT is extended RCODE, version and flags; its class the UDP size. */
function parseOpt(reader: ByteReader, udpPayloadBytes: number, sections: Sections): void {
  sections.extendedCode = reader.uint8();
  const version = reader.uint8();
  const flags = reader.uint16();
  const outer = reader.narrow(reader.uint16());
  const options: EdnsOption[] = [];
  while (reader.remaining > 0 && reader.problem === undefined) {
    const code = reader.uint16();
    options.push({ code, octets: reader.octets(reader.uint16()) });
  }
  reader.widen(outer);
  sections.edns = {
    udpPayloadBytes,
    version,
    dnssecOk: (flags & ednsFlags.dnssecOk) !== 0,
    compactOk: (flags & ednsFlags.compactOk) !== 0,
    options,
  };
}
