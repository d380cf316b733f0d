/**
 * From what a person types to what is published: addresses with or without their scheme, and keys as PEM
 * or as an OpenPGP certificate. Each line is judged by the protocol's own reading, so that what passes here
 * no member refuses; what does not is told with its line.
 */
import {
  encodePayload,
  parsePayload,
  type PublishedKey,
  type Route,
  type RouteService,
  type Visibility,
} from '@callbook/protocol';
import type { Reach } from './journey.ts';

/** What the form has, as typed. */
export interface ReachText {
  /** The main address: `anna@sip.example`. */
  readonly sip: string;
  /** Further ones, one a line. */
  readonly more: string;
  readonly visibility: Visibility;
  /** PEM blocks and OpenPGP certificates, one after the other. */
  readonly keys: string;
}

/** Where something cannot be published: a field, and the line or block in it, from 1. */
export interface ReachFault {
  readonly field: 'keys' | 'more' | 'sip';
  readonly place: number;
}

const services: Readonly<Record<string, RouteService>> = {
  sip: 'sip',
  sips: 'sip',
  xmpp: 'xmpp',
  mailto: 'email:mailto',
  acct: 'acct',
  im: 'im',
  pres: 'pres',
  https: 'web:https',
};

/** Reads the form; the first fault ends it. */
export function readReach(text: ReachText): Reach | ReachFault {
  const lines = text.more.split('\n').filter((line) => line.trim() !== '');
  const main = text.sip.trim() === '' ? [] : [text.sip];
  const routes: Route[] = [];
  for (const [place, line] of [...main, ...lines].entries()) {
    const isMain = place < main.length;
    const route = readRoute(line, { preference: (place + 1) * 10, isMain });
    const fault = { field: isMain ? 'sip' : 'more', place: place - main.length + 1 } as const;
    if (route === undefined) return isMain ? { ...fault, place: 1 } : fault;
    routes.push(route);
  }
  if (!isPublishable({ routes })) return { field: 'more', place: lines.length };
  const ownKeys = readKeys(text.keys);
  if ('field' in ownKeys) return ownKeys;
  return { routes, visibility: text.visibility, ownKeys };
}

/** What is published, as the form has it. */
export function writeReach(reach: Pick<Reach, 'routes' | 'visibility'>): ReachText {
  const sorted = reach.routes.toSorted((a, b) => a.preference - b.preference);
  const main = sorted.find(({ service }) => service === 'sip');
  const more = sorted.filter((route) => route !== main).map(({ uri }) => uri);
  const sip = (main?.uri ?? '').replace(/^sip:/, '');
  return { sip, more: more.join('\n'), visibility: reach.visibility, keys: '' };
}

function readRoute(
  line: string,
  of: { readonly preference: number; readonly isMain: boolean },
): Route | undefined {
  const typed = line.trim();
  // A port comes after a host; a scheme has no dot in it and no @ before it.
  const scheme = /^([a-z]+):/i.exec(typed)?.[1]?.toLowerCase();
  const uri = scheme === undefined ? `sip:${typed}` : `${scheme}${typed.slice(scheme.length)}`;
  const service = services[scheme ?? 'sip'];
  if (service === undefined || (of.isMain && service !== 'sip')) return undefined;
  if (service === 'sip' && !/^sips?:([^@\s]+@)?[^@\s]+\.[^@\s]+$/.test(uri)) return undefined;
  const route = { service, uri, preference: of.preference };
  return isPublishable({ routes: [route] }) ? route : undefined;
}

/** RFC 8410 §4 and RFC 5480 §2: what stands before the key in SubjectPublicKeyInfo. */
const spki = [
  { prefix: '302a300506032b6570032100', size: 32, use: 'identity', algorithm: 'ed25519' },
  { prefix: '302a300506032b656e032100', size: 32, use: 'box', algorithm: 'x25519' },
  {
    prefix: '3059301306072a8648ce3d020106082a8648ce3d030107034200',
    size: 65,
    use: 'sip',
    algorithm: 'p256',
  },
] as const;

function readKeys(text: string): PublishedKey[] | ReachFault {
  if (text.trim() === '') return [];
  const blocks = [...text.matchAll(/-----BEGIN ([A-Z ]+)-----([^-]*)-----END \1-----/g)];
  const keys: PublishedKey[] = [];
  for (const [place, [, label = '', body = '']] of blocks.entries()) {
    const key = readKey(label, body);
    if (key === undefined || !isPublishable({ keys: [key] })) {
      return { field: 'keys', place: place + 1 };
    }
    keys.push(key);
  }
  const isAll = blocks.length > 0 && isPublishable({ keys });
  return isAll ? keys : { field: 'keys', place: Math.max(1, blocks.length) };
}

/** Whether somebody has pasted what nobody but them may have. */
export function hasPrivateKey(text: string): boolean {
  return /-----BEGIN [A-Z ]*PRIVATE KEY/.test(text);
}

function readKey(label: string, body: string): PublishedKey | undefined {
  if (label === 'PGP PUBLIC KEY BLOCK') {
    // RFC 9580 §6.2: header lines end with an empty one, and a check sum may follow behind `=`.
    const afterHeaders = body.replaceAll('\r', '').replace(/^\n(?:[A-Za-z]+: .*\n)*\n/, '');
    const key = fromBase64(afterHeaders.replace(/\n=[\w+/]{4}\s*$/, ''));
    return key === undefined ? undefined : { use: 'openpgp', algorithm: 'openpgp', key };
  }
  const der = label === 'PUBLIC KEY' ? fromBase64(body) : undefined;
  const hex = der?.toHex() ?? '';
  const kind = spki.find(
    ({ prefix, size }) => hex.startsWith(prefix) && hex.length === prefix.length + 2 * size,
  );
  if (der === undefined || kind === undefined) return undefined;
  const { use, algorithm, size } = kind;
  return { use, algorithm, key: der.slice(-size) };
}

function fromBase64(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.fromBase64(text.replaceAll(/\s/g, ''));
  } catch {
    return undefined;
  }
}

/** Whether every member takes a payload with these. */
function isPublishable(of: {
  readonly routes?: readonly Route[];
  readonly keys?: readonly PublishedKey[];
}): boolean {
  const { routes = [], keys = [] } = of;
  const vrfProof = new Uint8Array(80);
  const rest = { identifier: 'tel:+447700900001', visibility: 'dns', vrfProof } as const;
  return parsePayload(encodePayload({ ...rest, routes, keys })).verdict === 'accept';
}
