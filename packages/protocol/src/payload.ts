/**
 * Payloads: the private part of a binding, which members exchange and never log: identifier, routes,
 * published keys and the proof of the label. The log holds only a commitment to these bytes.
 *
 * What is encoded is not checked, so that a client can encode what a person typed and let
 * `parsePayload` say what is wrong with it.
 */
import { encodeCbor, isCborMap, parseCbor } from './cbor.ts';
import { bytesEqual } from './bytes.ts';
import { parseIdentifier } from './identifiers.ts';
import { payloadBytesMax, publishedKeysMax, routeUriBytesMax, routesMax } from './limits.ts';
import { accept, reject } from './verdict.ts';
import type { CborValue } from './cbor.ts';
import type { Identifier } from './identifiers.ts';
import type { Refusal, Verdict } from './verdict.ts';

/** Whether an identifier is published in DNS and the API, or in the API alone. */
export type Visibility = 'dns' | 'api';

/** The kind of a route, as the ENUM service type names it. */
export type RouteService = 'sip' | 'xmpp' | 'email:mailto' | 'acct' | 'im' | 'pres' | 'web:https';

/** An address at which the holder is reached; lower preferences are tried first. */
export interface Route {
  readonly service: RouteService;
  /** Printable ASCII without space, `!`, `"` and `\`; at most 247 bytes; its scheme fits. */
  readonly uri: string;
  /** 0 to 65535; lower is tried first. */
  readonly preference: number;
}

/** What a published key is for. */
export type KeyUse = 'identity' | 'sip' | 'box' | 'openpgp';

/** The algorithm of a published key. */
export type KeyAlgorithm = 'ed25519' | 'p256' | 'x25519' | 'openpgp';

/** A public key and what it is for. */
export interface PublishedKey {
  readonly use: KeyUse;
  readonly algorithm: KeyAlgorithm;
  /** Ed25519 and X25519: 32 bytes; P-256: 65, uncompressed; OpenPGP: the binary certificate. */
  readonly key: Uint8Array;
}

/** What a holder publishes: the part of an entry that can be erased. */
export interface Payload {
  readonly identifier: Identifier;
  readonly visibility: Visibility;
  readonly routes: readonly Route[];
  readonly keys: readonly PublishedKey[];
  /** 80 bytes. */
  readonly vrfProof: Uint8Array;
}

/** Encodes a payload; the default visibility `dns` is left out. */
export function encodePayload(payload: Payload): Uint8Array {
  const { identifier, visibility, vrfProof } = payload;
  const routes = payload.routes.map(({ service, uri, preference }) => ({
    service,
    uri,
    preference,
  }));
  const keys = payload.keys.map(({ use, algorithm, key }) => ({ use, algorithm, key }));
  const always = { identifier, routes, keys, vrfProof };
  return encodeCbor(visibility === 'dns' ? always : { ...always, visibility });
}

/** Parses a payload; codes `payload_too_large`, `cbor_malformed`, `payload_malformed`, `identifier_malformed`. */
export function parsePayload(bytes: Uint8Array): Verdict<Payload> {
  if (bytes.length > payloadBytesMax) {
    const message = `payload is ${bytes.length} bytes, at most ${payloadBytesMax}`;
    return reject('payload_too_large', message);
  }
  const parsed = parseCbor(bytes);
  if (parsed.verdict !== 'accept') return parsed;
  const map = parsed.value;
  if (!isCborMap(map)) return malformed('payload is not a map');
  const { identifier, routes, keys, visibility, vrfProof } = map;
  const expectedFields = visibility === undefined ? 4 : 5;
  if (Object.keys(map).length !== expectedFields) return malformed('field missing or unknown');
  // One payload has one encoding: the default is never written out.
  if (visibility !== undefined && visibility !== 'api') return malformed('visibility is not api');
  if (!(vrfProof instanceof Uint8Array) || vrfProof.length !== 80) {
    return malformed('VRF proof is not 80 bytes');
  }
  const parsedRoutes = listOf(routes, routeList);
  if (typeof parsedRoutes === 'string') return malformed(parsedRoutes);
  const parsedKeys = listOf(keys, keyList);
  if (typeof parsedKeys === 'string') return malformed(parsedKeys);
  if (typeof identifier !== 'string') return malformed('identifier is not text');
  const verdict = parseIdentifier(identifier);
  if (verdict.verdict !== 'accept') return verdict;
  return accept({
    identifier: verdict.value,
    visibility: visibility ?? 'dns',
    routes: parsedRoutes,
    keys: parsedKeys,
    vrfProof,
  });
}

/**
 * Returns the DER SubjectPublicKeyInfo of a key, or undefined for an OpenPGP certificate. RFC 8410 §4
 * for Ed25519 and X25519, RFC 5480 §2 for P-256.
 */
export function subjectPublicKeyInfo(publishedKey: PublishedKey): Uint8Array | undefined {
  const prefix = spkiPrefixes[publishedKey.algorithm];
  if (prefix === undefined) return undefined;
  const spki = new Uint8Array(prefix.length + publishedKey.key.length);
  spki.set(prefix);
  spki.set(publishedKey.key, prefix.length);
  return spki;
}

const spkiPrefixes: Readonly<Record<KeyAlgorithm, Uint8Array | undefined>> = {
  ed25519: Uint8Array.fromHex('302a300506032b6570032100'),
  x25519: Uint8Array.fromHex('302a300506032b656e032100'),
  p256: Uint8Array.fromHex('3059301306072a8648ce3d020106082a8648ce3d030107034200'),
  openpgp: undefined,
};

type CborMap = { readonly [name: string]: CborValue };

interface ListRule<T> {
  readonly name: string;
  readonly countMax: number;
  /** Returns the item, or what is wrong with it. */
  itemOf(item: CborMap): T | string;
  /** Whether two items would become the same DNS record. */
  same(a: T, b: T): boolean;
}

const routeList: ListRule<Route> = {
  name: 'route',
  countMax: routesMax,
  itemOf: routeOf,
  same: (a, b) => a.service === b.service && a.uri === b.uri,
};

const keyList: ListRule<PublishedKey> = {
  name: 'key',
  countMax: publishedKeysMax,
  itemOf: keyOf,
  same: (a, b) => a.use === b.use && bytesEqual(a.key, b.key),
};

function listOf<T extends object>(list: CborValue | undefined, rule: ListRule<T>): T[] | string {
  const { name, countMax } = rule;
  if (!isCborArray(list)) return `${name} list is missing or no array`;
  if (list.length > countMax) return `${list.length} ${name}s, at most ${countMax}`;
  const items: T[] = [];
  for (const [index, value] of list.entries()) {
    if (!isCborMap(value)) return `${name} ${index} is not a map`;
    if (Object.keys(value).length !== 3) return `${name} ${index} has not exactly 3 fields`;
    const item = rule.itemOf(value);
    if (typeof item === 'string') return `${name} ${index}: ${item}`;
    if (items.some((other) => rule.same(other, item))) return `${name} ${index} is there twice`;
    items.push(item);
  }
  return items;
}

const schemesOfService: Readonly<Record<RouteService, readonly string[]>> = {
  // RFC 3764 §4: "sip" covers both schemes.
  sip: ['sip:', 'sips:'],
  xmpp: ['xmpp:'],
  'email:mailto': ['mailto:'],
  acct: ['acct:'],
  im: ['im:'],
  pres: ['pres:'],
  'web:https': ['https:'],
};

/** Printable ASCII without space and what NAPTR's expression (`!`, `\`) or zone files (`"`) need. */
const routeUri = /^[#-[\]-~]+$/;

function routeOf({ service, uri, preference }: CborMap): Route | string {
  if (!isKeyOf(schemesOfService, service)) return 'unknown service';
  if (typeof uri !== 'string') return 'URI is not text';
  if (uri.length > routeUriBytesMax) {
    return `URI is ${uri.length} characters, at most ${routeUriBytesMax}`;
  }
  if (!routeUri.test(uri)) return 'URI has a character that must be percent-encoded';
  const schemes = schemesOfService[service];
  if (!schemes.some((scheme) => uri.startsWith(scheme) && uri.length > scheme.length)) {
    return 'scheme of the URI does not fit the service';
  }
  if (typeof preference !== 'number' || preference < 0 || preference > 0xffff) {
    return 'preference is not an integer from 0 to 65535';
  }
  return { service, uri, preference };
}

const algorithmsOfUse: Readonly<Record<KeyUse, readonly KeyAlgorithm[]>> = {
  identity: ['ed25519', 'p256'],
  sip: ['p256', 'ed25519'],
  box: ['x25519'],
  openpgp: ['openpgp'],
};

function keyOf({ use, algorithm: found, key }: CborMap): PublishedKey | string {
  if (!isKeyOf(algorithmsOfUse, use)) return 'unknown use';
  const algorithm = algorithmsOfUse[use].find((allowed) => allowed === found);
  if (algorithm === undefined) return 'algorithm does not fit the use';
  if (!(key instanceof Uint8Array)) return 'key is not bytes';
  if (!keyFormChecks[algorithm](key)) return `${key.length} bytes are no key of this algorithm`;
  return { use, algorithm, key };
}

const keyFormChecks: Readonly<Record<KeyAlgorithm, (key: Uint8Array) => boolean>> = {
  ed25519: (key) => key.length === 32,
  x25519: (key) => key.length === 32,
  // SEC 1 §2.3.3: 04 stands before both coordinates of an uncompressed point.
  p256: (key) => key.length === 65 && key[0] === 0x04,
  openpgp: (key) => key.length > 0,
};

function isCborArray(value: CborValue | undefined): value is readonly CborValue[] {
  return Array.isArray(value);
}

function isKeyOf<K extends string>(
  record: Readonly<Record<K, unknown>>,
  name: CborValue | undefined,
): name is K {
  return typeof name === 'string' && Object.hasOwn(record, name);
}

function malformed(message: string): Refusal {
  return reject('payload_malformed', message);
}
