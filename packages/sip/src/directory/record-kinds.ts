/**
 * The three questions that a bridge asks about a number, and how their records are read (docs/spec/dns.md):
 * keys of SIP clients, identity keys, SIP routes. Each record becomes items with a row key by which
 * the answers of several zones are compared. Whether they may be believed is the validator's to say.
 */
import { hash } from 'node:crypto';
import {
  ownerNames,
  parseRdata,
  recordTypes,
  type DomainName,
  type Rdata,
} from '@callbook/dns/wire';
import {
  bytesEqual,
  parseBase64Url,
  subjectPublicKeyInfo,
  type Identifier,
  type KeyAlgorithm,
  type PublishedKey,
} from '@callbook/protocol';

/** A key that a zone publishes. */
export interface DirectoryKey {
  /** SHA-256 of the SubjectPublicKeyInfo, in hexadecimal: what TLSA 3 1 1 has. */
  readonly spkiDigest: string;
  /** Undefined where the zone has only the digest. */
  readonly publishedKey: PublishedKey | undefined;
}

export interface DirectoryRoute {
  readonly uri: string;
  /** Order first, then preference: the lower is tried first. */
  readonly order: number;
  readonly preference: number;
}

/** What is asked, and what one item of an answer is. */
export interface RecordKind<Item> {
  readonly name: 'identity' | 'routes' | 'sip';
  readonly type: number;
  owner(identifier: Identifier, apex: DomainName): DomainName | undefined;
  /** Items by row key; records that are no use here are left out. */
  read(rdatas: readonly Uint8Array[]): Map<string, Item>;
}

/** `_sip-client` TLSA (RFC 6698 §2.1): DANE-EE(3), SPKI(1), SHA2-256(1) or Full(0). */
export const sipKeys: RecordKind<DirectoryKey> = {
  name: 'sip',
  type: recordTypes.TLSA,
  owner: (identifier, apex) => ownerNames(identifier, apex)?.sipClient,
  read: (rdatas) => {
    const found = new Map<string, DirectoryKey>();
    for (const rdata of parsed(recordTypes.TLSA, rdatas)) {
      const key = tlsaKey(rdata);
      if (key === undefined) continue;
      // Whichever of the two comes first, the one with the key itself is kept.
      if (found.get(key.spkiDigest)?.publishedKey === undefined) found.set(key.spkiDigest, key);
    }
    return found;
  },
};

/** `id=` of the TXT record: identity keys, Ed25519. */
export const identityKeys: RecordKind<DirectoryKey> = {
  name: 'identity',
  type: recordTypes.TXT,
  owner: (identifier, apex) => ownerNames(identifier, apex)?.binding,
  read: (rdatas) => {
    const found = new Map<string, DirectoryKey>();
    for (const rdata of parsed(recordTypes.TXT, rdatas)) {
      if (rdata.type !== 'TXT') continue;
      const [version, ...texts] = rdata.strings.map((octets) => Buffer.from(octets).toString());
      if (version !== 'v=callbook1') continue;
      for (const text of texts) {
        const key = text.startsWith('id=') ? parseBase64Url(text.slice(3)) : undefined;
        if (key?.length !== 32) continue;
        const directoryKey = known({ use: 'identity', algorithm: 'ed25519', key });
        if (directoryKey !== undefined) found.set(directoryKey.spkiDigest, directoryKey);
      }
    }
    return found;
  },
};

/** NAPTR of the service `E2U+sip` (RFC 6116, RFC 3764), in the one form that members write. */
export const sipRoutes: RecordKind<DirectoryRoute> = {
  name: 'routes',
  type: recordTypes.NAPTR,
  owner: (identifier, apex) => ownerNames(identifier, apex)?.binding,
  read: (rdatas) => {
    const found = new Map<string, DirectoryRoute>();
    for (const rdata of parsed(recordTypes.NAPTR, rdatas)) {
      if (rdata.type !== 'NAPTR' || rdata.services.toLowerCase() !== 'e2u+sip') continue;
      // Terminal, `!` as delimiter, no back-reference.
      const uri = /^!\^\.\*\$!([^!\\]+)!$/.exec(rdata.regexp)?.[1];
      if (uri === undefined || rdata.flags.toLowerCase() !== 'u') continue;
      const { order, preference } = rdata;
      found.set(`${order} ${preference} ${uri}`, { uri, order, preference });
    }
    return found;
  },
};

function parsed(type: number, rdatas: readonly Uint8Array[]): Rdata[] {
  return rdatas.flatMap((rdata) => {
    const read = parseRdata(type, rdata);
    return read.verdict === 'accept' ? [read.value] : [];
  });
}

function tlsaKey(rdata: Rdata): DirectoryKey | undefined {
  if (rdata.type !== 'TLSA' || rdata.usage !== 3 || rdata.selector !== 1) return undefined;
  const { matchingType, association } = rdata;
  if (matchingType === 1 && association.length === 32) {
    return { spkiDigest: association.toHex(), publishedKey: undefined };
  }
  return matchingType === 0 ? fullKey(association) : undefined;
}

const sipKeySizes: readonly (readonly [KeyAlgorithm, number])[] = [
  ['ed25519', 32],
  ['p256', 65],
];

/** Only a SubjectPublicKeyInfo in the one form that is published: written again, it is the same. */
function fullKey(spki: Uint8Array): DirectoryKey | undefined {
  for (const [algorithm, size] of sipKeySizes) {
    const publishedKey: PublishedKey = { use: 'sip', algorithm, key: spki.slice(-size) };
    const written = subjectPublicKeyInfo(publishedKey);
    if (written !== undefined && bytesEqual(written, spki)) return known(publishedKey);
  }
  return undefined;
}

function known(publishedKey: PublishedKey): DirectoryKey | undefined {
  const spki = subjectPublicKeyInfo(publishedKey);
  return spki && { spkiDigest: spkiDigestOf(spki), publishedKey };
}

/** Returns the SHA-256 of a SubjectPublicKeyInfo, in hexadecimal. */
export function spkiDigestOf(spki: Uint8Array): string {
  return hash('sha256', spki, 'hex');
}
