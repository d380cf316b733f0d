/**
 * What a member's DNS zone says of an identifier (docs/spec, DNS mapping): which questions to ask,
 * and how to read the answers. No socket here: the caller sends the questions, to a validating
 * resolver it trusts, and judges nothing but the AD bit until this package validates by itself.
 */
import {
  formatName,
  ownerNames,
  parseExtendedErrors,
  parseMessage,
  parseName,
  parseRdata,
  recordTypes,
  responseCodes,
  type Message,
  type NaptrRdata,
  type Rdata,
  type TxtRdata,
} from '@callbook/dns/wire';
import { parseBase64Url, type Identifier, type Route, type RouteService } from '@callbook/protocol';
import { clientError } from './errors.ts';

export interface EnumQuestion {
  /** Absolute name in presentation form, with its final dot. */
  readonly name: string;
  /** Code of the record type. */
  readonly type: number;
}

/** Returns the questions about `identifier` in the zone `apex`. Throws `identifier_malformed`. */
export function enumQuestions(identifier: Identifier, apex: string): EnumQuestion[] {
  const zone = parseName(apex);
  const names = zone.verdict === 'accept' ? ownerNames(identifier, zone.value) : undefined;
  if (names === undefined) {
    throw clientError('identifier_malformed', 'identifier and zone do not make a domain name');
  }
  return [
    { name: formatName(names.binding), type: recordTypes.NAPTR },
    { name: formatName(names.binding), type: recordTypes.TXT },
    { name: formatName(names.sipClient), type: recordTypes.TLSA },
    { name: formatName(names.openpgpkey), type: recordTypes.OPENPGPKEY },
  ];
}

/** One resolver's answer to one question. */
export interface EnumAnswer {
  readonly state: 'records' | 'empty' | 'bogus' | 'failed';
  /** AD: the resolver validated the answer from its trust anchor (RFC 4035 §3.2.3). */
  readonly authenticated: boolean;
  /** RCODE, with its extended bits. */
  readonly responseCode: number;
  readonly records: readonly Rdata[];
}

/**
 * Info codes with which a validating resolver says that an answer is bogus rather than unreachable
 * (RFC 8914 §4.7 to §4.13: DNSSEC Bogus, Signature Expired, Signature Not Yet Valid, DNSKEY
 * Missing, RRSIGs Missing, No Zone Key Bit Set, NSEC Missing).
 */
const bogusInfoCodes: ReadonlySet<number> = new Set([6, 7, 8, 9, 10, 11, 12]);

/** Reads the answer to `question`. Throws `dns_answer_malformed`. */
export function parseEnumAnswer(question: EnumQuestion, bytes: Uint8Array): EnumAnswer {
  const parsed = parseMessage(bytes);
  if (parsed.verdict !== 'accept') {
    throw clientError('dns_answer_malformed', parsed.message);
  }
  const message = parsed.value;
  const { authenticData: authenticated, responseCode } = message;
  const records = message.answers
    .filter(({ type }) => type === question.type)
    .map(({ type, rdata }) => parseRecord(type, rdata));
  const state = stateOf(message, records.length);
  return { state, authenticated, responseCode, records };
}

function stateOf(message: Message, recordCount: number): EnumAnswer['state'] {
  const { responseCode } = message;
  if (responseCode === responseCodes.NOERROR) return recordCount > 0 ? 'records' : 'empty';
  if (responseCode === responseCodes.NXDOMAIN) return 'empty';
  const extended = parseExtendedErrors(message.edns?.options ?? []);
  return extended.some(({ infoCode }) => bogusInfoCodes.has(infoCode)) ? 'bogus' : 'failed';
}

function parseRecord(type: number, octets: Uint8Array): Rdata {
  const rdata = parseRdata(type, octets);
  if (rdata.verdict === 'accept') return rdata.value;
  throw clientError('dns_answer_malformed', rdata.message);
}

/** What the records say, in the terms of the directory. */
export interface EnumBinding {
  readonly routes: readonly Route[];
  /** Ed25519, 32 bytes. */
  readonly identityKey: Uint8Array | undefined;
  /** X25519, 32 bytes. */
  readonly boxKey: Uint8Array | undefined;
  /** DER SubjectPublicKeyInfo of each client key that is published whole. */
  readonly sipKeys: readonly Uint8Array[];
  readonly openpgpCertificates: readonly Uint8Array[];
  /** `<origin> <entry id>`: where the directory's log has the entry. */
  readonly logged: string | undefined;
}

/** Reads what the records of an identifier's answers publish; records of other uses are left out. */
export function readEnumBinding(records: readonly Rdata[]): EnumBinding {
  const values = callbookTextOf(records);
  return {
    routes: records
      .flatMap((rdata) => (rdata.type === 'NAPTR' ? routeOf(rdata) : []))
      .sort((a, b) => a.preference - b.preference),
    identityKey: keyOf(values.get('id')),
    boxKey: keyOf(values.get('box')),
    sipKeys: records.flatMap((rdata) =>
      // DANE-EE(3), SPKI(1), Full(0): the key itself, not its hash (RFC 6698 §2.1).
      rdata.type === 'TLSA' && rdata.usage === 3 && rdata.selector === 1 && rdata.matchingType === 0
        ? [rdata.association]
        : [],
    ),
    openpgpCertificates: records.flatMap((rdata) =>
      rdata.type === 'OPENPGPKEY' ? [rdata.certificate] : [],
    ),
    logged: values.get('log'),
  };
}

const services: Readonly<Record<string, RouteService>> = {
  'e2u+sip': 'sip',
  'e2u+xmpp': 'xmpp',
  'e2u+email:mailto': 'email:mailto',
  'e2u+acct': 'acct',
  'e2u+im': 'im',
  'e2u+pres': 'pres',
  'e2u+web:https': 'web:https',
};

function routeOf(naptr: NaptrRdata): Route[] {
  const service = services[naptr.services.toLowerCase()];
  // Only the one form that members write: terminal, `!` as delimiter, no back-reference.
  const uri = /^!\^\.\*\$!([^!\\]+)!$/.exec(naptr.regexp)?.[1];
  const terminal = naptr.flags.toLowerCase() === 'u';
  if (service === undefined || uri === undefined || !terminal) return [];
  return [{ service, uri, preference: naptr.preference }];
}

function callbookTextOf(records: readonly Rdata[]): Map<string, string> {
  const texts = records
    .filter((rdata): rdata is TxtRdata => rdata.type === 'TXT')
    .map(({ strings }) => strings.map((octets) => new TextDecoder().decode(octets)));
  const ours = texts.find((strings) => strings[0] === 'v=callbook1') ?? [];
  return new Map(
    ours.slice(1).map((text): [string, string] => {
      const equals = text.indexOf('=');
      return [text.slice(0, equals), text.slice(equals + 1)];
    }),
  );
}

function keyOf(text: string | undefined): Uint8Array | undefined {
  const bytes = text === undefined ? undefined : parseBase64Url(text);
  return bytes?.length === 32 ? bytes : undefined;
}
