/** Vectors of the two lists in a payload: routes and published keys. */
import { payload } from './payload-cases.ts';
import { fixed32 } from './vector-case.ts';
import type { Fields } from './signed-entry.ts';
import type { VectorCase } from './vector-case.ts';

const route = { service: 'sip', uri: 'sip:anna@sip.example', preference: 10 };
const point = Uint8Array.fromHex(
  '046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5',
);
const identityKey = { use: 'identity', algorithm: 'ed25519', key: fixed32('identity key') };
const sipKey = { use: 'sip', algorithm: 'p256', key: point };
const boxKey = { use: 'box', algorithm: 'x25519', key: fixed32('box key') };
const certificate = { use: 'openpgp', algorithm: 'openpgp', key: Uint8Array.of(0x99) };

/** Returns the cases of routes and keys; `bare` is a valid payload with neither. */
export function payloadListCases(bare: Fields): VectorCase[] {
  const withRoutes = (...routes: unknown[]): Fields => ({ ...bare, routes });
  const withKeys = (...keys: unknown[]): Fields => ({ ...bare, keys });
  return [
    ...routeCases(withRoutes),
    ...routeUriCases((uri, service = 'sip') => withRoutes({ ...route, service, uri })),
    ...keyCases(withKeys),
    malformed('routes_null', 'routes is an array', { ...bare, routes: null }),
    malformed('keys_as_map', 'keys is an array', { ...bare, keys: {} }),
  ];
}

type WithItems = (...items: unknown[]) => Fields;

function routeCases(withRoutes: WithItems): VectorCase[] {
  const uris: [string, string][] = [
    ['sip', 'sip:anna@sip.example;transport=tls'],
    ['xmpp', 'xmpp:anna@xmpp.example'],
    ['email:mailto', 'mailto:anna@mail.example'],
    ['acct', 'acct:anna@social.example'],
    ['im', 'im:anna@im.example'],
    ['pres', 'pres:anna@im.example'],
    ['web:https', 'https://anna.example/contact?lang=es#top'],
  ];
  const every = uris.map(([service, uri], preference) => ({ service, uri, preference }));
  const numbered = (count: number): object[] =>
    Array.from({ length: count }, (_, i) => ({ ...route, uri: `sip:anna${i}@sip.example` }));
  return [
    payload('route_of_each_service', 'seven services', withRoutes(...every)),
    payload(
      'route_of_sips',
      'service sip takes sips too',
      withRoutes({ ...route, uri: 'sips:a@b.example' }),
    ),
    payload('routes_7', 'at most 8 routes', withRoutes(...numbered(7))),
    payload('routes_8', 'at most 8 routes', withRoutes(...numbered(8))),
    malformed('routes_9', 'at most 8 routes', withRoutes(...numbered(9))),
    payload('preference_0', 'preference is 0 to 65535', withRoutes({ ...route, preference: 0 })),
    payload(
      'preference_65535',
      'preference is 0 to 65535',
      withRoutes({ ...route, preference: 65535 }),
    ),
    malformed(
      'preference_65536',
      'preference is 0 to 65535',
      withRoutes({ ...route, preference: 65536 }),
    ),
    malformed(
      'preference_negative',
      'preference is 0 to 65535',
      withRoutes({ ...route, preference: -1 }),
    ),
    malformed(
      'preference_missing',
      'a route has three fields',
      withRoutes({ service: 'sip', uri: route.uri }),
    ),
    malformed(
      'route_field_unknown',
      'a route has three fields',
      withRoutes({ ...route, note: 'x' }),
    ),
    malformed('route_as_text', 'a route is a map', withRoutes(route.uri)),
    malformed(
      'service_unknown',
      'there are seven services',
      withRoutes({ ...route, service: 'h323' }),
    ),
    malformed(
      'service_of_object_prototype',
      'there are seven services',
      withRoutes({ ...route, service: 'toString' }),
    ),
    malformed(
      'route_twice',
      'no two routes have one service and URI',
      withRoutes(route, { ...route, preference: 20 }),
    ),
  ];
}

function routeUriCases(withUri: (uri: string, service?: string) => Fields): VectorCase[] {
  const ofSize = (size: number): string =>
    `sip:${'a'.repeat(size - 'sip:@sip.example'.length)}@sip.example`;
  const forbidden: [string, string][] = [
    ['space', 'sip:an na@sip.example'],
    ['exclamation_mark', 'sip:anna!@sip.example'],
    ['quotation_mark', 'sip:"anna"@sip.example'],
    ['backslash', 'sip:an\\na@sip.example'],
    ['line_feed', 'sip:anna@sip.example\n'],
    ['delete', 'sip:anna@sip.example\u007f'],
    ['letter_outside_ascii', 'sip:añna@sip.example'],
  ];
  return [
    ...[246, 247, 248].map((size) =>
      payload(
        `uri_of_${size}_bytes`,
        'a URI is at most 247 bytes',
        withUri(ofSize(size)),
        size > 247 ? 'payload_malformed' : 'accept',
      ),
    ),
    payload(
      'uri_percent_encoded',
      'what is forbidden is percent-encoded',
      withUri('sip:an%20na%21@sip.example'),
    ),
    ...forbidden.map(([name, uri]) =>
      malformed(
        `uri_with_${name}`,
        'a URI is printable ASCII without space, ! " and \\',
        withUri(uri),
      ),
    ),
    malformed(
      'uri_of_another_scheme',
      'the scheme fits the service',
      withUri('xmpp:anna@xmpp.example'),
    ),
    malformed(
      'uri_of_plain_http',
      'web:https takes https only',
      withUri('http://anna.example/', 'web:https'),
    ),
    malformed('uri_scheme_in_capitals', 'schemes are lower case', withUri('SIP:anna@sip.example')),
    malformed('uri_of_a_scheme_only', 'something follows the scheme', withUri('sip:')),
    malformed('uri_empty', 'a URI has a scheme', withUri('')),
  ];
}

function keyCases(withKeys: WithItems): VectorCase[] {
  const numbered = (count: number): object[] =>
    Array.from({ length: count }, (_, i) => ({ ...identityKey, key: fixed32(`key ${i}`) }));
  const sized = (key: typeof identityKey, size: number): Fields =>
    withKeys({ ...key, key: Uint8Array.from({ length: size }, () => 4) });
  const misfit = 'each use has its algorithms';
  return [
    payload('key_of_each_use', 'four uses', withKeys(identityKey, sipKey, boxKey, certificate)),
    payload(
      'identity_key_of_p256',
      'identity takes Ed25519 and P-256',
      withKeys({ ...sipKey, use: 'identity' }),
    ),
    payload(
      'sip_key_of_ed25519',
      'sip takes P-256 and Ed25519',
      withKeys({ ...identityKey, use: 'sip' }),
    ),
    payload(
      'one_key_for_two_uses',
      'uses may share a key',
      withKeys(sipKey, { ...sipKey, use: 'identity' }),
    ),
    payload('keys_7', 'at most 8 keys', withKeys(...numbered(7))),
    payload('keys_8', 'at most 8 keys', withKeys(...numbered(8))),
    malformed('keys_9', 'at most 8 keys', withKeys(...numbered(9))),
    malformed('ed25519_key_of_31_bytes', 'an Ed25519 key is 32 bytes', sized(identityKey, 31)),
    malformed('ed25519_key_of_33_bytes', 'an Ed25519 key is 32 bytes', sized(identityKey, 33)),
    malformed('x25519_key_of_31_bytes', 'an X25519 key is 32 bytes', sized(boxKey, 31)),
    malformed('x25519_key_of_33_bytes', 'an X25519 key is 32 bytes', sized(boxKey, 33)),
    malformed('p256_key_of_64_bytes', 'a P-256 key is 65 bytes', sized(sipKey, 64)),
    malformed('p256_key_of_66_bytes', 'a P-256 key is 65 bytes', sized(sipKey, 66)),
    malformed(
      'p256_key_not_uncompressed',
      'a P-256 key begins with 04',
      withKeys({ ...sipKey, key: Uint8Array.of(5, ...point.slice(1)) }),
    ),
    malformed('certificate_empty', 'a certificate has bytes', sized(certificate, 0)),
    malformed('box_key_of_ed25519', misfit, withKeys({ ...identityKey, use: 'box' })),
    malformed('identity_key_of_x25519', misfit, withKeys({ ...boxKey, use: 'identity' })),
    malformed('sip_key_of_openpgp', misfit, withKeys({ ...certificate, use: 'sip' })),
    malformed('openpgp_key_of_ed25519', misfit, withKeys({ ...identityKey, use: 'openpgp' })),
    malformed('use_unknown', 'there are four uses', withKeys({ ...identityKey, use: 'signing' })),
    malformed(
      'algorithm_unknown',
      'there are four algorithms',
      withKeys({ ...identityKey, algorithm: 'rsa' }),
    ),
    malformed(
      'key_as_text',
      'a key is a byte string',
      withKeys({ ...identityKey, key: 'x'.repeat(32) }),
    ),
    malformed(
      'key_field_unknown',
      'a key has three fields',
      withKeys({ ...identityKey, note: 'x' }),
    ),
    malformed(
      'key_twice',
      'no two keys have one use and value',
      withKeys(identityKey, identityKey),
    ),
  ];
}

function malformed(name: string, comment: string, fields: Fields): VectorCase {
  return payload(name, comment, fields, 'payload_malformed');
}
