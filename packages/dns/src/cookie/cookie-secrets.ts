/**
 * Secrets of server cookies, as plain data: whoever answers for the same address (worker threads, other
 * machines) is handed the same ones, and takes each other's cookies. Roll-over is by RFC 9018 §5:
 * where machines cannot change at once, the new secret is first `previous` everywhere, then `current`
 * everywhere with the old one as `previous`, then alone.
 */
import assert from 'node:assert/strict';
import type { Random } from '@callbook/protocol';
import { sipHashKeyBytes } from './sip-hash.ts';

export interface CookieSecrets {
  /** 16 octets; makes cookies. */
  readonly current: Uint8Array;
  /** 16 octets; its cookies are taken as well. */
  readonly previous?: Uint8Array;
}

const cookieSecretBytes = sipHashKeyBytes;

/** Makes secrets for a server that shares them with nobody. */
export function createCookieSecrets(random: Random): CookieSecrets {
  return { current: random.bytes(cookieSecretBytes) };
}

/** Makes the next secrets: a new one, and the current one to take for as long as its cookies live. */
export function rollCookieSecrets(secrets: CookieSecrets, random: Random): CookieSecrets {
  return { current: random.bytes(cookieSecretBytes), previous: secrets.current };
}

/**
 * Parses hexadecimal secrets, one a line: the current one and, when there are two, the previous one.
 * Returns undefined for anything else.
 */
export function parseCookieSecrets(text: string): CookieSecrets | undefined {
  const lines = text.trim().split(/\s*\n\s*/);
  if (lines.length > 2 || !lines.every((line) => /^[\da-f]{32}$/i.test(line))) return undefined;
  const [current, previous] = lines.map((line) => Uint8Array.fromHex(line));
  assert(current !== undefined, 'split returned nothing');
  return previous === undefined ? { current } : { current, previous };
}
