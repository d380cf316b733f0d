/**
 * DNS cookies (RFC 7873) with the server cookie of RFC 9018: proof that who asks can read what is sent to
 * its address. Nothing is kept for a client; octets, secrets and the time decide.
 *
 *     client cookie (8) ‖ version 1 (1) ‖ reserved (3) ‖ timestamp in seconds (4) ‖ hash (8)
 */
import { sipHash24, sipHashBytes } from './sip-hash.ts';
import type { CookieSecrets } from './cookie-secrets.ts';

const clientCookieBytes = 8;
/** RFC 7873 §4.2: 8 to 32 octets, of which ours use 16. */
const serverCookieBytesMin = 8;
const serverCookieBytesMax = 32;
const cookieBytes = 24;
/** Client cookie to timestamp, which with the client's address are hashed. */
const hashedBytes = 16;
const timestampAt = 12;
const version = 1;

/**
 * RFC 9018 §4.3: cookies are taken "within a 1-hour period in the past and a 5-minute period into the
 * future".
 */
const ageSecondsMax = 3600;
const aheadSecondsMax = 300;
/** RFC 9018 §4.3: a new one is due when the one received "is more than half an hour old". */
const renewalAgeSeconds = 1800;

export interface CookieContext {
  readonly secrets: CookieSecrets;
  /** 4 or 16 octets. */
  readonly clientOctets: Uint8Array;
  readonly nowMs: number;
}

type CookieState = 'clientOnly' | 'invalid' | 'valid';

export interface JudgedCookie {
  /** `valid` when a server cookie of ours came, for this address and in time. */
  readonly state: CookieState;
  /** Data of the COOKIE option to answer with, 24 octets. */
  readonly answer: Uint8Array;
}

/** Judges the data of a COOKIE option; undefined when its length is not one that a cookie can have. */
export function judgeCookie(option: Uint8Array, context: CookieContext): JudgedCookie | undefined {
  const serverBytes = option.length - clientCookieBytes;
  if (serverBytes === 0) return { state: 'clientOnly', answer: makeCookie(option, context) };
  if (serverBytes < serverCookieBytesMin || serverBytes > serverCookieBytesMax) return undefined;
  const madeBy = option.length === cookieBytes ? findSecret(option, context) : undefined;
  if (madeBy === undefined) return { state: 'invalid', answer: makeCookie(option, context) };
  const isDue =
    madeBy !== context.secrets.current || ageSeconds(option, context) > renewalAgeSeconds;
  return { state: 'valid', answer: isDue ? makeCookie(option, context) : option };
}

/** Returns the secret with which a cookie in time was made. */
function findSecret(cookie: Uint8Array, context: CookieContext): Uint8Array | undefined {
  const age = ageSeconds(cookie, context);
  if (cookie[clientCookieBytes] !== version || age > ageSecondsMax || age < -aheadSecondsMax)
    return undefined;
  const { current, previous } = context.secrets;
  const hash = cookie.subarray(hashedBytes);
  // RFC 9018 §4.2: reserved octets need not be zero; they are hashed as they came.
  if (sameHash(hash, hashOf(cookie, current, context.clientOctets))) return current;
  if (previous === undefined) return undefined;
  return sameHash(hash, hashOf(cookie, previous, context.clientOctets)) ? previous : undefined;
}

/** RFC 9018 §4.3: timestamps are compared by serial number arithmetic (RFC 1982). */
function ageSeconds(cookie: Uint8Array, { nowMs }: CookieContext): number {
  const view = new DataView(cookie.buffer, cookie.byteOffset, cookie.length);
  return (Math.floor(nowMs / 1000) - view.getUint32(timestampAt)) | 0;
}

function makeCookie(option: Uint8Array, context: CookieContext): Uint8Array {
  const cookie = new Uint8Array(cookieBytes);
  cookie.set(option.subarray(0, clientCookieBytes));
  cookie[clientCookieBytes] = version;
  new DataView(cookie.buffer).setUint32(timestampAt, Math.floor(context.nowMs / 1000));
  cookie.set(hashOf(cookie, context.secrets.current, context.clientOctets), hashedBytes);
  return cookie;
}

/** RFC 9018 §4.4: SipHash-2-4 of client cookie, version, reserved, timestamp and client address. */
function hashOf(cookie: Uint8Array, secret: Uint8Array, clientOctets: Uint8Array): Uint8Array {
  const input = new Uint8Array(hashedBytes + clientOctets.length);
  input.set(cookie.subarray(0, hashedBytes));
  input.set(clientOctets, hashedBytes);
  const hash = new Uint8Array(sipHashBytes);
  sipHash24(secret, input, hash);
  return hash;
}

/** Takes the same time wherever they differ, so that no hash can be guessed octet by octet. */
function sameHash(left: Uint8Array, right: Uint8Array): boolean {
  let difference = 0;
  for (let index = 0; index < sipHashBytes; index += 1) difference |= left[index]! ^ right[index]!;
  return difference === 0;
}
