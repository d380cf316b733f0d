/**
 * The `Identity` header of a SIP request (RFC 8224) and the PASSporT in it (RFC 8225): who calls whom,
 * when, and by which certificates the media will be keyed, signed with ES256 by the caller's published
 * key. `info` and `x5u` name a certificate to fetch; it is never fetched, because the directory has the
 * key. Extensions (`ppt`) are other statements than this one and are refused.
 */
import { parseBase64Url, utf8, type Cryptography } from '@callbook/protocol';
import { identityHeaderCharactersMax, mediaKeysMax } from '../limits.ts';
import { fingerprint, type Fingerprint } from './media-streams.ts';

/** What a PASSporT in full form says, and what bears it out; nothing of it has been verified. */
export interface Passport {
  /** Telephone number in digits, or URI, of who calls (RFC 8225 §5.2.1). */
  readonly orig: string;
  readonly dest: readonly string[];
  readonly issuedAtSeconds: number;
  readonly mediaKeys: readonly Fingerprint[];
  /** What is signed: header and claims, in base64url. */
  readonly signed: Uint8Array;
  /** `r | s`, 64 bytes. */
  readonly signature: Uint8Array;
}

/** Parses the value of an `Identity` header in full form; undefined when it is anything else. */
export function parseIdentityHeader(value: string): Passport | undefined {
  if (value.length > identityHeaderCharactersMax) return undefined;
  const [token = '', ...parameters] = value.trim().split(/\s*;\s*/);
  if (parameters.some((parameter) => /^ppt\s*=/i.test(parameter))) return undefined;
  const parts = token.split('.');
  const [header, claims, signature] = parts.map(parseBase64Url);
  if (parts.length !== 3 || header === undefined || claims === undefined) return undefined;
  if (signature?.length !== 64) return undefined;
  const { alg, typ, ppt } = parseObject(header);
  // RFC 8225 §4: "typ" is "passport"; RFC 8225 §9: ES256 is what everybody must implement.
  if (alg !== 'ES256' || typ !== 'passport' || ppt !== undefined) return undefined;
  const signed = utf8(token.slice(0, token.lastIndexOf('.')));
  const claimed = parseClaims(parseObject(claims));
  return claimed === undefined ? undefined : { ...claimed, signed, signature };
}

/** Whether one of `sipKeys` (P-256, uncompressed, 65 bytes) has signed it. */
export function isSignedByOneOf(
  passport: Passport,
  sipKeys: readonly Uint8Array[],
  crypto: Cryptography,
): boolean {
  const { signed, signature } = passport;
  return sipKeys.some((key) => crypto.p256Verify(signed, signature, key.subarray(1)));
}

function parseClaims(
  claims: JsonObject,
): Pick<Passport, 'dest' | 'issuedAtSeconds' | 'mediaKeys' | 'orig'> | undefined {
  const { iat, mky = [] } = claims;
  const orig = partyOf(claims['orig'])[0];
  const dest = partyOf(claims['dest']);
  if (!Number.isSafeInteger(iat) || orig === undefined || dest.length === 0) return undefined;
  const mediaKeys = parseMediaKeys(mky);
  if (mediaKeys === undefined) return undefined;
  return { orig, dest, issuedAtSeconds: Number(iat), mediaKeys };
}

/** `{"tn": "12155551212"}` or `{"uri": ["sip:…"]}`; `orig` has one value and `dest` a list of them. */
function partyOf(party: unknown): string[] {
  if (!isObject(party)) return [];
  return [party['tn'], party['uri']]
    .flat()
    .filter((name): name is string => typeof name === 'string')
    .slice(0, mediaKeysMax);
}

/** RFC 8225 §5.2.2: a list of `{"alg": "sha-256", "dig": "021ACC…"}`. */
function parseMediaKeys(mky: unknown): Fingerprint[] | undefined {
  if (!Array.isArray(mky) || mky.length > mediaKeysMax) return undefined;
  const keys: Fingerprint[] = [];
  for (const key of mky as readonly unknown[]) {
    if (!isObject(key)) return undefined;
    const { alg, dig } = key;
    if (typeof alg !== 'string' || typeof dig !== 'string') return undefined;
    keys.push(fingerprint(alg, dig));
  }
  return keys;
}

type JsonObject = Readonly<Record<string, unknown>>;

function parseObject(bytes: Uint8Array): JsonObject {
  try {
    const json: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return isObject(json) ? json : {};
  } catch {
    return {};
  }
}

function isObject(json: unknown): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}
