/**
 * Query octets → response octets: no socket, no clock of its own, and no way to throw. Everything
 * that a datagram can be is decided here, in the order of docs/spec/dns.md.
 */
import type { Rrset } from '../rrset.ts';
import { encodeExtendedError } from '../wire/extended-error.ts';
import type { Edns, Message, MessageHeader } from '../wire/message.ts';
import { parseHeader, parseMessage } from '../wire/message-parse.ts';
import { MessageWriter, optBytes } from '../wire/message-writer.ts';
import type { Section } from '../wire/message-writer.ts';
import { isAtOrBelow, sameName } from '../wire/names.ts';
import type { DomainName } from '../wire/names.ts';
import {
  extendedErrorCodes,
  internetClass,
  opcodes,
  recordTypes,
  responseCodes,
} from '../wire/record-types.ts';
import type { Zone } from '../zone/zone.ts';
import { AnswerArena } from './answer-arena.ts';
import { answerQuestion, refuse } from './answer.ts';
import type { Answer } from './answer.ts';

export type Transport = 'udp' | 'tcp';

/** Returns the response to send, or undefined when nothing is to be sent. Never throws. */
export type Responder = (query: Uint8Array, transport: Transport) => Uint8Array | undefined;

export interface ResponderOptions {
  /** Told of what a zone threw; the query was answered SERVFAIL. */
  readonly onFailure?: (error: unknown) => void;
}

/** Larger UDP answers get lost where fragments do: the DNS flag day's size. */
const udpAnswerBytesMax = 1232;
/** RFC 1035 §4.2.1, for clients without EDNS; RFC 6891 §6.2.3: smaller sizes count as 512. */
const udpAnswerBytesPlain = 512;
const tcpAnswerBytesMax = 65_535;
/** One question and any options in use take a few hundred octets; more is work without a purpose. */
const queryBytesMax = 4096;

/** Makes a responder for zones of distinct apexes. Not for use by several threads at once. */
export function createResponder(zones: readonly Zone[], options: ResponderOptions = {}): Responder {
  const deepestFirst = [...zones].sort(
    (left, right) => right.apex.labelCount - left.apex.labelCount,
  );
  const writer = new MessageWriter(new Uint8Array(tcpAnswerBytesMax));
  const arena = new AnswerArena();
  return (query, transport) => {
    const response = respondTo({ query, transport, writer, zones: deepestFirst, options });
    return response === undefined ? undefined : arena.copyOf(response);
  };
}

interface Exchange {
  readonly query: Uint8Array;
  readonly transport: Transport;
  readonly writer: MessageWriter;
  readonly zones: readonly Zone[];
  readonly options: ResponderOptions;
}

/** Returns the response as a part of the writer's buffer. */
function respondTo(exchange: Exchange): Uint8Array | undefined {
  const { query, transport, writer, zones, options } = exchange;
  const header = parseHeader(query);
  // A response is never answered: two servers would answer each other for ever.
  if (header === undefined || header.isResponse) return undefined;
  // RFC 8906 §3.1.4: an unknown opcode is NOTIMP; what follows its header has no known form.
  if (header.opcode !== opcodes.QUERY) return writeBare(writer, header, responseCodes.NOTIMP);
  // RFC 9619 §4: "A DNS message with OPCODE = 0 and QDCOUNT > 1 MUST be treated as an incorrectly
  // formatted message". One without a question asks nothing.
  const parsed =
    header.questionCount === 1 && query.length <= queryBytesMax ? parseMessage(query) : undefined;
  if (parsed?.verdict !== 'accept') return writeBare(writer, header, responseCodes.FORMERR);
  const message = parsed.value;
  const sizeMax = transport === 'tcp' ? tcpAnswerBytesMax : udpLimit(message.edns);
  try {
    const zone = findZone(zones, message);
    return writeAnswer(writer, { message, sizeMax, zone, answer: decide(zone, message) });
  } catch (error) {
    options.onFailure?.(error);
    const answer = refuse(responseCodes.SERVFAIL);
    return writeAnswer(writer, { message, sizeMax, zone: undefined, answer });
  }
}

function udpLimit(edns: Edns | undefined): number {
  const size = edns?.udpPayloadBytes ?? udpAnswerBytesPlain;
  return Math.min(udpAnswerBytesMax, Math.max(udpAnswerBytesPlain, size));
}

/** RFC 4035 §3.1.4.1: DS at a cut is answered from the zone above, when that is ours as well. */
function findZone(deepestFirst: readonly Zone[], message: Message): Zone | undefined {
  const { name, type } = message.questions[0]!;
  let atApex: Zone | undefined;
  for (const zone of deepestFirst) {
    if (!isAtOrBelow(name, zone.apex)) continue;
    if (type !== recordTypes.DS || !sameName(name, zone.apex)) return zone;
    atApex = zone;
  }
  return atApex;
}

function decide(zone: Zone | undefined, message: Message): Answer {
  const { name, type, class: questionClass } = message.questions[0]!;
  const { edns } = message;
  // RFC 6891 §6.1.3: "If a responder does not implement the VERSION level of the request, then it
  // MUST respond with RCODE=BADVERS."
  if (edns !== undefined && edns.version !== 0) return refuse(responseCodes.BADVERS);
  // RFC 9824 §3.2: NXNAME "MUST NOT appear as a query type": FORMERR, and EDE says why.
  if (type === recordTypes.NXNAME) return refuse(responseCodes.FORMERR, invalidQueryType);
  if (questionClass !== internetClass || zone === undefined)
    return refuse(responseCodes.REFUSED, notAuthoritative);
  // A transfer is the whole directory.
  if (type === recordTypes.AXFR || type === recordTypes.IXFR)
    return refuse(responseCodes.REFUSED, transferProhibited);
  // RFC 4035 §3.1.1 has RRSIGs travel with what they cover; alone they prove nothing.
  if (type === recordTypes.RRSIG) return refuse(responseCodes.REFUSED, rrsigNotSupported);
  return answerQuestion(zone, {
    name,
    type,
    dnssecOk: edns?.dnssecOk ?? false,
    compactOk: edns?.compactOk ?? false,
  });
}

const invalidQueryType = { infoCode: extendedErrorCodes.invalidQueryType, text: '' };
const notAuthoritative = { infoCode: extendedErrorCodes.notAuthoritative, text: '' };
const transferProhibited = { infoCode: extendedErrorCodes.prohibited, text: 'no zone transfers' };
const rrsigNotSupported = {
  infoCode: extendedErrorCodes.notSupported,
  text: 'RRSIG comes with what it covers',
};

interface AnswerToWrite {
  readonly message: Message;
  readonly sizeMax: number;
  readonly zone: Zone | undefined;
  readonly answer: Answer;
}

function writeAnswer(writer: MessageWriter, toWrite: AnswerToWrite): Uint8Array {
  const { message, sizeMax, answer } = toWrite;
  const edns = message.edns === undefined ? undefined : answerEdns(message.edns, answer);
  const reserved = edns === undefined ? 0 : optBytes(edns);
  writer.begin(answerHeader(message, answer), sizeMax);
  writer.question(message.questions[0]!);
  const afterQuestion = writer.mark();
  writer.reserve(reserved);
  const zone = message.edns?.dnssecOk === true ? toWrite.zone : undefined;
  writeSection(writer, 'answers', { rrsets: answer.answers, zone });
  writeSection(writer, 'authorities', { rrsets: answer.authorities, zone });
  writeSection(writer, 'additionals', { rrsets: answer.additionals, zone });
  if (writer.overflowed) writer.truncateTo(afterQuestion);
  writer.release(reserved);
  if (edns !== undefined) writer.opt(edns, answer.responseCode);
  return writer.finish();
}

/** Writes RRsets, each followed by its RRSIGs when a zone is given to sign it. */
function writeSection(
  writer: MessageWriter,
  section: Section,
  content: { readonly rrsets: readonly Rrset[]; readonly zone: Zone | undefined },
): void {
  for (const rrset of content.rrsets) {
    for (const rdata of rrset.rdatas) writer.record(section, rrset, rdata);
    if (content.zone === undefined || !rrset.authoritative || writer.overflowed) continue;
    const rrsig = rrsigOf(rrset.owner, rrset.ttlSeconds);
    for (const rdata of content.zone.signaturesOf(rrset)) writer.record(section, rrsig, rdata);
  }
}

/** RFC 4034 §3: "The TTL value of an RRSIG RR MUST match the TTL value of the RRset it covers." */
function rrsigOf(
  owner: DomainName,
  ttlSeconds: number,
): { owner: DomainName; type: number; ttlSeconds: number } {
  return { owner, type: recordTypes.RRSIG, ttlSeconds };
}

function answerHeader(query: MessageHeader, answer: Answer): MessageHeader {
  return {
    id: query.id,
    isResponse: true,
    opcode: query.opcode,
    authoritative: answer.authoritative,
    truncated: false,
    // RFC 1035 §4.1.1: RD "is copied into the response". No recursion here; and RFC 4035 §3.1.6:
    // AD and CD are for resolvers.
    recursionDesired: query.recursionDesired,
    recursionAvailable: false,
    authenticData: false,
    checkingDisabled: false,
    responseCode: answer.responseCode,
  };
}

function answerEdns(query: Edns, answer: Answer): Edns {
  return {
    udpPayloadBytes: udpAnswerBytesMax,
    version: 0,
    dnssecOk: query.dnssecOk,
    compactOk: query.compactOk,
    options: answer.extendedError === undefined ? [] : [encodeExtendedError(answer.extendedError)],
  };
}

/** A header alone, for queries whose question cannot be trusted to be one. */
function writeBare(writer: MessageWriter, query: MessageHeader, responseCode: number): Uint8Array {
  writer.begin(answerHeader(query, refuse(responseCode)), udpAnswerBytesPlain);
  return writer.finish();
}
