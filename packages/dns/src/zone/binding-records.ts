/**
 * Binding → RRsets, as docs/spec/dns.md has them. What ENUM clients accept is narrower than RFC 6116:
 * `!` is the only delimiter, one service a record, no back-reference, no flag after the last
 * delimiter, order always 100 so that only the preference varies.
 */
import { hash } from 'node:crypto';
import { subjectPublicKeyInfo } from '@callbook/protocol';
import type {
  DirectoryError,
  KeyUse,
  PublishedBinding,
  PublishedKey,
  Route,
} from '@callbook/protocol';
import { dnsError } from '../errors.ts';
import { createLazyRrset, createRrset } from '../rrset.ts';
import type { Rrset } from '../rrset.ts';
import { rootName } from '../wire/names.ts';
import type { DomainName } from '../wire/names.ts';
import type { NaptrRdata, TlsaRdata } from '../wire/rdata.ts';
import { recordTypes } from '../wire/record-types.ts';
import { directoryTtlSeconds } from './zone-settings.ts';

const naptrOrder = 100;
/** RFC 6698 §2.1: DANE-EE, SubjectPublicKeyInfo. */
const tlsaUsage = 3;
const tlsaSelector = 1;
const tlsaMatching = { full: 0, sha256: 1 } as const;

const ascii = new TextEncoder();

const naptrKind = { type: recordTypes.NAPTR, ttlSeconds: directoryTtlSeconds };
const txtKind = { type: recordTypes.TXT, ttlSeconds: directoryTtlSeconds };

/**
 * NAPTR, when there are routes, and TXT: at the number's or address's own name, which is lower-cased.
 * Reading their RDATA may throw `dns_binding_unfit`.
 */
export function bindingRrsets(owner: DomainName, binding: PublishedBinding): Rrset[] {
  const txt = createLazyRrset(owner, txtKind, () => [{ type: 'TXT', strings: stringsOf(binding) }]);
  if (binding.routes.length === 0) return [txt];
  return [createLazyRrset(owner, naptrKind, () => binding.routes.map(naptrOf)), txt];
}

function stringsOf(binding: PublishedBinding): Uint8Array[] {
  return bindingStrings(binding).map((text) => fitting(ascii.encode(text)));
}

/** TLSA of the client keys, at `_sip-client`; none without such keys. */
export function sipClientRrsets(owner: DomainName, binding: PublishedBinding): Rrset[] {
  const records = keysOf(binding, 'sip').flatMap(tlsaOf);
  return records.length === 0 ? [] : [createRrset(owner, directoryTtlSeconds, records)];
}

/** OPENPGPKEY, at `_openpgpkey`; none without a certificate. */
export function openpgpkeyRrsets(owner: DomainName, binding: PublishedBinding): Rrset[] {
  const records = keysOf(binding, 'openpgp').map(({ key }) => ({
    type: 'OPENPGPKEY' as const,
    certificate: key,
  }));
  return records.length === 0 ? [] : [createRrset(owner, directoryTtlSeconds, records)];
}

function naptrOf(route: Route): NaptrRdata {
  const regexp = `!^.*$!${route.uri}!`;
  if (regexp.length > characterStringBytesMax) throw unfit();
  return {
    type: 'NAPTR',
    order: naptrOrder,
    preference: route.preference,
    flags: 'u',
    services: `E2U+${route.service}`,
    regexp,
    replacement: rootName,
  };
}

/** RFC 1035 §3.3: a character-string is "a single length octet followed by that number of characters". */
const characterStringBytesMax = 255;

function fitting(octets: Uint8Array): Uint8Array {
  if (octets.length > characterStringBytesMax) throw unfit();
  return octets;
}

function unfit(): DirectoryError {
  return dnsError('dns_binding_unfit', 'a binding has a string over 255 octets');
}

function bindingStrings(binding: PublishedBinding): string[] {
  return [
    'v=callbook1',
    ...keysOf(binding, 'identity').map((published) => `id=${base64Url(published.key)}`),
    ...keysOf(binding, 'box').map((published) => `box=${base64Url(published.key)}`),
    `log=${binding.origin} ${binding.entryId.toHex()}`,
  ];
}

function tlsaOf(published: PublishedKey): TlsaRdata[] {
  const spki = subjectPublicKeyInfo(published);
  if (spki === undefined) return [];
  const fixed = { type: 'TLSA', usage: tlsaUsage, selector: tlsaSelector } as const;
  return [
    {
      ...fixed,
      matchingType: tlsaMatching.sha256,
      association: hash('sha256', spki, 'buffer'),
    },
    { ...fixed, matchingType: tlsaMatching.full, association: spki },
  ];
}

function keysOf(binding: PublishedBinding, use: KeyUse): PublishedKey[] {
  return binding.keys.filter((published) => published.use === use);
}

function base64Url(octets: Uint8Array): string {
  return octets.toBase64({ alphabet: 'base64url', omitPadding: true });
}
