/**
 * Query octets → response octets: no socket, no clock of its own, and no way to throw. Everything
 * that a datagram can be is decided here, in the order of docs/spec/dns.md. What several threads
 * share, cookie secrets and the accounts of the rate limit, comes in as plain data.
 */
import assert from 'node:assert/strict';
import type { ClientAddress } from '../datagram/datagram-engine.ts';
import type { RateLimiter, RateVerdict } from '../rate-limit/rate-limiter.ts';
import type { Rrset } from '../rrset.ts';
import { encodeExtendedError } from '../wire/extended-error.ts';
import type { Edns, Message, MessageHeader, ResourceRecord } from '../wire/message.ts';
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
import { answerOptions, noQueryOptions, paddingOption, readQueryOptions } from './query-options.ts';
import type { CookieOptions, QueryOptions } from './query-options.ts';
import { findSignature, unknownKeySignature } from './transaction-signature.ts';
import { unknownClient } from './transport.ts';
import type { Transport } from './transport.ts';

/**
 * Returns the response to send, or undefined when nothing is to be sent. Never throws. Cookies and the
 * rate limit are about the client; without one, all count as the same.
 */
export type Responder = (
  query: Uint8Array,
  transport: Transport,
  client?: ClientAddress,
) => Uint8Array | undefined;

/** The same where an answer may have to wait for a database. Never rejects. */
export type LateResponder = (
  query: Uint8Array,
  transport: Transport,
  client?: ClientAddress,
) => Uint8Array | undefined | Promise<Uint8Array | undefined>;

export interface ResponderOptions {
  /** Told of what a zone threw; the query was answered SERVFAIL. */
  readonly onFailure?: (error: unknown) => void;
  /** Without it COOKIE is an option like any that nobody knows. */
  readonly cookies?: CookieOptions;
  /** Limits what is answered over UDP to clients without a valid cookie. */
  readonly rateLimiter?: RateLimiter;
  /** Identifies this server to those who ask (RFC 5001); at most `nsidBytesMax`. */
  readonly nsid?: Uint8Array;
  /** Answers are overwritten by the next one, for callers that copy them at once. Default false. */
  readonly reusesRoom?: boolean;
}

/** So that an error with every option fits into 512 octets. */
export const nsidBytesMax = 64;

/** Larger UDP answers get lost where fragments do: the DNS flag day's size. */
const udpAnswerBytesMax = 1232;
/** RFC 1035 §4.2.1, for clients without EDNS; RFC 6891 §6.2.3: smaller sizes count as 512. */
const udpAnswerBytesPlain = 512;
const streamAnswerBytesMax = 65_535;
/** One question and any options in use take a few hundred octets; more is work without a purpose. */
const queryBytesMax = 4096;

/** Makes a responder for zones of distinct apexes. Not for use by several threads at once. */
export function createResponder(zones: readonly Zone[], options: ResponderOptions = {}): Responder {
  const deepestFirst = [...zones].sort(
    (left, right) => right.apex.labelCount - left.apex.labelCount,
  );
  const writer = new MessageWriter(new Uint8Array(streamAnswerBytesMax));
  const arena = new AnswerArena();
  assert((options.nsid?.length ?? 0) <= nsidBytesMax, 'NSID is too long');
  return (query, transport, client = unknownClient) => {
    const response = respondTo({ query, transport, client, writer, zones: deepestFirst, options });
    if (response === undefined || options.reusesRoom === true) return response;
    return arena.copyOf(response);
  };
}

interface Exchange {
  readonly query: Uint8Array;
  readonly transport: Transport;
  readonly client: ClientAddress;
  readonly writer: MessageWriter;
  readonly zones: readonly Zone[];
  readonly options: ResponderOptions;
}

/** Returns the response as a part of the writer's buffer. */
function respondTo(exchange: Exchange): Uint8Array | undefined {
  const { query } = exchange;
  const header = parseHeader(query);
  // A response is never answered: two servers would answer each other for ever.
  if (header === undefined || header.isResponse) return undefined;
  // RFC 8906 §3.1.4: an unknown opcode is NOTIMP; what follows its header has no known form.
  if (header.opcode !== opcodes.QUERY) return refuseBare(exchange, header, responseCodes.NOTIMP);
  // RFC 9619 §4: "A DNS message with OPCODE = 0 and QDCOUNT > 1 MUST be treated as an incorrectly
  // formatted message". One without a question asks nothing, or for a cookie.
  const parsed =
    header.questionCount <= 1 && query.length <= queryBytesMax ? parseMessage(query) : undefined;
  if (parsed?.verdict !== 'accept') return refuseBare(exchange, header, responseCodes.FORMERR);
  const message = parsed.value;
  const { transport, client, options } = exchange;
  const { cookies } = options;
  const queryOptions = readQueryOptions(message.edns, { transport, client, cookies });
  if (message.questions.length === 0) return respondCookie(exchange, message, queryOptions);
  const verdict = admit(exchange, queryOptions);
  if (verdict === 'drop') return undefined;
  if (verdict === 'slip') return respondShortly(exchange, message, queryOptions);
  return respondQuestion(exchange, { message, queryOptions });
}

/** What may be forged and proves nothing is charged to the network it seems to come from. */
function admit(exchange: Exchange, { cookie }: QueryOptions): RateVerdict {
  const { transport, client } = exchange;
  const { rateLimiter } = exchange.options;
  if (rateLimiter === undefined || transport !== 'udp') return 'answer';
  if (cookie !== undefined && cookie !== 'malformed' && cookie.state === 'valid') return 'answer';
  return rateLimiter.decide(client.octets);
}

/**
 * A short answer in place of the full one, without what else was asked for. RFC 7873 §5.2.3: who sent a
 * client cookie learns the server's with BADCOOKIE and asks again; others come again by TCP.
 */
function respondShortly(
  exchange: Exchange,
  message: Message,
  { cookie }: QueryOptions,
): Uint8Array {
  const queryOptions = { ...noQueryOptions, cookie };
  const hasCookie = cookie !== undefined && cookie !== 'malformed';
  const answer = hasCookie
    ? refuse(responseCodes.BADCOOKIE)
    : { ...refuse(responseCodes.NOERROR), truncated: true };
  return writeAnswer(exchange, { message, queryOptions, answer });
}

/** RFC 7873 §5.4: without a question, a query with a COOKIE option asks for a server cookie. */
function respondCookie(
  exchange: Exchange,
  message: Message,
  queryOptions: QueryOptions,
): Uint8Array | undefined {
  const { cookie } = queryOptions;
  if (cookie === undefined || cookie === 'malformed')
    return refuseBare(exchange, message, responseCodes.FORMERR);
  if (admit(exchange, queryOptions) === 'drop') return undefined;
  // "RCODE BADCOOKIE if the Server Cookie sent with the query was invalid".
  const { BADCOOKIE, NOERROR } = responseCodes;
  const answer = refuse(cookie.state === 'invalid' ? BADCOOKIE : NOERROR);
  return writeAnswer(exchange, { message, queryOptions: { ...noQueryOptions, cookie }, answer });
}

function respondQuestion(exchange: Exchange, { message, queryOptions }: Reply): Uint8Array {
  const signature = findSignature(message);
  if (signature !== undefined) return respondSigned(exchange, { message, queryOptions }, signature);
  try {
    const zone = findZone(exchange.zones, message);
    const answer = decide(zone, message, queryOptions);
    return writeAnswer(exchange, { message, queryOptions, zone, answer });
  } catch (error) {
    exchange.options.onFailure?.(error);
    const answer = refuse(responseCodes.SERVFAIL);
    return writeAnswer(exchange, { message, queryOptions, answer });
  }
}

function respondSigned(exchange: Exchange, reply: Reply, signature: ResourceRecord): Uint8Array {
  const unknownKey = unknownKeySignature(signature);
  if (unknownKey === undefined)
    return writeAnswer(exchange, { ...reply, answer: refuse(responseCodes.FORMERR) });
  const answer = refuse(responseCodes.NOTAUTH);
  return writeAnswer(exchange, { ...reply, answer, signature: unknownKey });
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

function decide(zone: Zone | undefined, message: Message, { cookie }: QueryOptions): Answer {
  const { name, type, class: questionClass } = message.questions[0]!;
  const { edns } = message;
  // RFC 6891 §6.1.3: "If a responder does not implement the VERSION level of the request, then it
  // MUST respond with RCODE=BADVERS."
  if (edns !== undefined && edns.version !== 0) return refuse(responseCodes.BADVERS);
  // RFC 7873 §5.2.2: a COOKIE option of a length that is none "MUST" be answered FORMERR.
  if (cookie === 'malformed') return refuse(responseCodes.FORMERR);
  // RFC 9824 §3.2: NXNAME "MUST NOT appear as a query type": FORMERR, and EDE says why.
  if (isNeverAsked(type)) return refuse(responseCodes.FORMERR, invalidQueryType);
  if (questionClass !== internetClass || zone === undefined)
    return refuse(responseCodes.REFUSED, notAuthoritative);
  // A transfer is the whole directory.
  if (type === recordTypes.AXFR || type === recordTypes.IXFR)
    return refuse(responseCodes.REFUSED, transferProhibited);
  if (type === recordTypes.MAILA || type === recordTypes.MAILB) return refuse(responseCodes.NOTIMP);
  // RFC 4035 §3.1.1 has RRSIGs travel with what they cover; alone they prove nothing.
  if (type === recordTypes.RRSIG) return refuse(responseCodes.REFUSED, rrsigNotSupported);
  return answerQuestion(zone, {
    name,
    type,
    dnssecOk: edns?.dnssecOk ?? false,
    compactOk: edns?.compactOk ?? false,
  });
}

/** Meta-types that a message carries, or a bitmap has, and no question asks for. */
function isNeverAsked(type: number): boolean {
  const { NXNAME, OPT, TSIG, TKEY } = recordTypes;
  return type === NXNAME || type === OPT || type === TSIG || type === TKEY;
}

const invalidQueryType = { infoCode: extendedErrorCodes.invalidQueryType, text: '' };
const notAuthoritative = { infoCode: extendedErrorCodes.notAuthoritative, text: '' };
const transferProhibited = { infoCode: extendedErrorCodes.prohibited, text: 'no zone transfers' };
const rrsigNotSupported = {
  infoCode: extendedErrorCodes.notSupported,
  text: 'RRSIG comes with what it covers',
};

interface Reply {
  readonly message: Message;
  readonly queryOptions: QueryOptions;
}

interface AnswerToWrite extends Reply {
  readonly answer: Answer;
  /** Whose signatures go with the answer, when they are asked for. */
  readonly zone?: Zone | undefined;
  /** A TSIG record to end with. */
  readonly signature?: ResourceRecord;
}

function writeAnswer(exchange: Exchange, toWrite: AnswerToWrite): Uint8Array {
  const { writer } = exchange;
  const { message, answer, signature } = toWrite;
  const edns = answerEdns(exchange, toWrite);
  const reserved =
    (edns === undefined ? 0 : optBytes(edns)) +
    (signature === undefined ? 0 : recordBytesMax(signature));
  const sizeMax = exchange.transport === 'udp' ? udpLimit(message.edns) : streamAnswerBytesMax;
  writer.begin(answerHeader(message, answer), sizeMax);
  for (const question of message.questions) writer.question(question);
  // A key's name and the question's may be long; then there is no room to say which key is unknown.
  if (writer.sizeBytes + reserved > sizeMax)
    return writeBare(writer, message, answer.responseCode & 15);
  const afterQuestion = writer.mark();
  writer.reserve(reserved);
  const zone = message.edns?.dnssecOk === true ? toWrite.zone : undefined;
  writeSection(writer, 'answers', { rrsets: answer.answers, zone });
  writeSection(writer, 'authorities', { rrsets: answer.authorities, zone });
  writeSection(writer, 'additionals', { rrsets: answer.additionals, zone });
  if (writer.overflowed) writer.truncateTo(afterQuestion);
  writer.release(reserved);
  if (edns !== undefined)
    writer.opt(
      padded(edns, { toWrite, sizeBytes: writer.sizeBytes, sizeMax }),
      answer.responseCode,
    );
  if (signature !== undefined) writer.record('additionals', signature, signature.rdata);
  return writer.finish();
}

/** Octets of a record without name compression. */
function recordBytesMax({ owner, rdata }: ResourceRecord): number {
  return owner.wire.length + 10 + rdata.length;
}

/** Hides in the length of an encrypted answer which of the common ones it is. */
function padded(
  edns: Edns,
  to: { readonly toWrite: AnswerToWrite; readonly sizeBytes: number; readonly sizeMax: number },
): Edns {
  const { queryOptions, signature } = to.toWrite;
  if (!queryOptions.wantsPadding) return edns;
  const signatureBytes = signature === undefined ? 0 : recordBytesMax(signature);
  const padding = paddingOption(to.sizeBytes + optBytes(edns) + signatureBytes, to.sizeMax);
  return padding === undefined ? edns : { ...edns, options: [...edns.options, padding] };
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
    truncated: answer.truncated ?? false,
    // RFC 1035 §4.1.1: RD "is copied into the response". No recursion here; and RFC 4035 §3.1.6:
    // AD and CD are for resolvers.
    recursionDesired: query.recursionDesired,
    recursionAvailable: false,
    authenticData: false,
    checkingDisabled: false,
    responseCode: answer.responseCode,
  };
}

function answerEdns(exchange: Exchange, toWrite: AnswerToWrite): Edns | undefined {
  const { message, answer, queryOptions } = toWrite;
  if (message.edns === undefined) return undefined;
  const { dnssecOk, compactOk } = message.edns;
  const { extendedError } = answer;
  const options =
    queryOptions === noQueryOptions ? [] : answerOptions(queryOptions, exchange.options.nsid);
  if (extendedError !== undefined) options.push(encodeExtendedError(extendedError));
  return { udpPayloadBytes: udpAnswerBytesMax, version: 0, dnssecOk, compactOk, options };
}

/** A header alone, for queries whose question cannot be trusted to be one. */
function writeBare(writer: MessageWriter, query: MessageHeader, responseCode: number): Uint8Array {
  writer.begin(answerHeader(query, refuse(responseCode)), udpAnswerBytesPlain);
  return writer.finish();
}

/** A header alone, or nothing over the rate limit: no answer is shorter. */
function refuseBare(
  exchange: Exchange,
  query: MessageHeader,
  responseCode: number,
): Uint8Array | undefined {
  if (admit(exchange, noQueryOptions) !== 'answer') return undefined;
  return writeBare(exchange.writer, query, responseCode);
}
