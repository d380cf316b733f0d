/**
 * What the records of an identifier in an ENUM zone publish (docs/spec, DNS mapping): which questions
 * to ask, and how to read the answers. Whether they may be believed is the validator's to say.
 */
import {
  ownerNames,
  parseName,
  parseRdata,
  recordTypes,
  type DomainName,
  type NaptrRdata,
  type Rdata,
  type TxtRdata,
} from '@callbook/dns/wire';
import {
  bytesEqual,
  parseBase64Url,
  subjectPublicKeyInfo,
  type Identifier,
  type KeyAlgorithm,
  type PublishedKey,
  type Route,
  type RouteService,
} from '@callbook/protocol';
import { clientError } from './errors.ts';

export interface EnumQuestion {
  readonly name: DomainName;
  /** Code of the record type. */
  readonly type: number;
}

/** Returns the questions about `identifier` below the apex. Throws `identifier_malformed`. */
export function enumQuestions(identifier: Identifier, apex: string): EnumQuestion[] {
  const zone = parseName(apex);
  const names = zone.verdict === 'accept' ? ownerNames(identifier, zone.value) : undefined;
  if (names === undefined) {
    throw clientError('identifier_malformed', 'identifier and zone do not make a domain name');
  }
  return [
    { name: names.binding, type: recordTypes.NAPTR },
    { name: names.binding, type: recordTypes.TXT },
    { name: names.sipClient, type: recordTypes.TLSA },
    { name: names.openpgpkey, type: recordTypes.OPENPGPKEY },
  ];
}

/** What the records say, in the terms of the directory. */
export interface EnumBinding {
  readonly routes: readonly Route[];
  readonly keys: readonly PublishedKey[];
  /** The log that has the entry, and its id, 32 bytes; null where the zone is no member's. */
  readonly logged: { readonly origin: string; readonly entryId: Uint8Array } | null;
}

/**
 * Reads the RDATA of an identifier's records, each with its type. Records that are no use here, or
 * cannot be read, are left out: other ENUM clients put theirs beside ours.
 */
export function readEnumBinding(
  answers: readonly { readonly type: number; readonly rdatas: readonly Uint8Array[] }[],
): EnumBinding {
  const records = answers.flatMap(({ type, rdatas }) =>
    rdatas.flatMap((rdata) => read(type, rdata)),
  );
  const texts = callbookTexts(records);
  return {
    routes: records
      .flatMap((rdata) => (rdata.type === 'NAPTR' ? routeOf(rdata) : []))
      .sort((a, b) => a.preference - b.preference),
    keys: [
      ...texts.flatMap((text) => textKeyOf(text, 'id=', { use: 'identity', algorithm: 'ed25519' })),
      ...texts.flatMap((text) => textKeyOf(text, 'box=', { use: 'box', algorithm: 'x25519' })),
      ...records.flatMap(sipKeyOf),
      ...records.flatMap((rdata): PublishedKey[] =>
        rdata.type === 'OPENPGPKEY'
          ? [{ use: 'openpgp', algorithm: 'openpgp', key: rdata.certificate }]
          : [],
      ),
    ],
    logged: texts.map(loggedOf).find((logged) => logged !== undefined) ?? null,
  };
}

function read(type: number, rdata: Uint8Array): Rdata[] {
  const parsed = parseRdata(type, rdata);
  return parsed.verdict === 'accept' ? [parsed.value] : [];
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

function callbookTexts(records: readonly Rdata[]): string[] {
  const decoder = new TextDecoder();
  const texts = records
    .filter((rdata): rdata is TxtRdata => rdata.type === 'TXT')
    .map(({ strings }) => strings.map((octets) => decoder.decode(octets)));
  return texts.find((strings) => strings[0] === 'v=callbook1')?.slice(1) ?? [];
}

function textKeyOf(
  text: string,
  tag: string,
  kind: Pick<PublishedKey, 'algorithm' | 'use'>,
): PublishedKey[] {
  const key = text.startsWith(tag) ? parseBase64Url(text.slice(tag.length)) : undefined;
  return key?.length === 32 ? [{ ...kind, key }] : [];
}

const sipKeySizes: readonly (readonly [KeyAlgorithm, number])[] = [
  ['ed25519', 32],
  ['p256', 65],
];

function sipKeyOf(rdata: Rdata): PublishedKey[] {
  // DANE-EE(3), SPKI(1), Full(0): the key itself, not its hash (RFC 6698 §2.1).
  if (rdata.type !== 'TLSA' || rdata.usage !== 3 || rdata.selector !== 1) return [];
  if (rdata.matchingType !== 0) return [];
  const spki = rdata.association;
  return sipKeySizes.flatMap(([algorithm, size]) => {
    const published: PublishedKey = { use: 'sip', algorithm, key: spki.slice(-size) };
    const written = subjectPublicKeyInfo(published);
    return written !== undefined && bytesEqual(written, spki) ? [published] : [];
  });
}

function loggedOf(text: string): EnumBinding['logged'] | undefined {
  const [, origin, id] = /^log=([^ ]{1,255}) ([0-9a-f]{64})$/.exec(text) ?? [];
  if (origin === undefined || id === undefined) return undefined;
  return { origin, entryId: Uint8Array.fromHex(id) };
}
