/**
 * Bearer tokens for SIP (RFC 8898): a JWT that the holder has signed with a published key. Nothing of it
 * chooses how it is verified but `alg`, of which there are two, and each goes with keys of its own kind: a
 * public key is never a secret (`HS256`), and `none` is no algorithm. RFC 8725 is followed where it applies.
 */
import { parseBase64Url, utf8, type Cryptography, type PublishedKey } from '@callbook/protocol';
import type { RefusalCode } from '../refusals.ts';
import { clockSkewSeconds, tokenCharactersMax, tokenSecondsMax } from '../limits.ts';
import type { E164 } from '../number.ts';

export interface BearerToken {
  readonly algorithm: 'EdDSA' | 'ES256';
  readonly subject: string;
  readonly audience: string;
  readonly issuedAtSeconds: number;
  readonly expiresAtSeconds: number;
  /** `jti`, 16 to 64 characters of base64url. */
  readonly name: string;
  readonly signed: Uint8Array;
  /** 64 bytes. */
  readonly signature: Uint8Array;
}

type Parsed =
  { readonly token: BearerToken } | { readonly code: 'token_algorithm' | 'token_malformed' };

/** Parses a token in compact form (RFC 7515 §7.1). Never throws. */
export function parseBearerToken(text: string): Parsed {
  const malformed = { code: 'token_malformed' } as const;
  if (text.length > tokenCharactersMax) return malformed;
  const parts = text.split('.');
  const [header, claims, signature] = parts.map(parseBase64Url);
  if (parts.length !== 3 || !header || !claims || !signature) return malformed;
  const head = parseObject(header);
  const body = parseObject(claims);
  if (head === undefined || body === undefined) return malformed;
  const { alg, typ = 'JWT', kid = '', ...others } = head;
  // RFC 8725 §3.1: "Libraries MUST enable the caller to specify a supported set of algorithms".
  if (alg !== 'EdDSA' && alg !== 'ES256') return { code: 'token_algorithm' };
  // RFC 7515 §4.1.11: extensions in "crit" must be understood; here there are none, nor keys of its own.
  if (typ !== 'JWT' || typeof kid !== 'string' || Object.keys(others).length > 0) return malformed;
  if (signature.length !== 64) return malformed;
  const { sub, aud, iat, exp, jti } = body;
  if (typeof sub !== 'string' || typeof aud !== 'string' || typeof jti !== 'string')
    return malformed;
  if (!Number.isSafeInteger(iat) || !Number.isSafeInteger(exp)) return malformed;
  if (!/^[\w-]{16,64}$/.test(jti) || 'nbf' in body) return malformed;
  const times = { issuedAtSeconds: Number(iat), expiresAtSeconds: Number(exp) };
  const signed = utf8(text.slice(0, text.lastIndexOf('.')));
  return {
    token: { algorithm: alg, subject: sub, audience: aud, ...times, name: jti, signed, signature },
  };
}

/** Why a token is not good for a number at a provider now, as far as its claims say; undefined when it is. */
export function judgeClaims(
  token: BearerToken,
  at: { readonly number: E164; readonly provider: string; readonly nowMs: number },
): RefusalCode | undefined {
  const nowSeconds = at.nowMs / 1000;
  const { issuedAtSeconds, expiresAtSeconds } = token;
  // RFC 7519 §4.1.3; RFC 8725 §3.9. One provider cannot use it at another.
  if (token.audience !== at.provider) return 'token_audience';
  if (token.subject !== `tel:${at.number}`) return 'token_subject';
  const lifeSeconds = expiresAtSeconds - issuedAtSeconds;
  if (lifeSeconds <= 0 || lifeSeconds > tokenSecondsMax) return 'token_time';
  if (issuedAtSeconds > nowSeconds + clockSkewSeconds) return 'token_time';
  return expiresAtSeconds <= nowSeconds ? 'token_expired' : undefined;
}

/** Whether one of `keys` has signed it. */
export function isTokenSignedBy(
  { algorithm, signed, signature }: BearerToken,
  keys: readonly PublishedKey[],
  crypto: Cryptography,
): boolean {
  // RFC 8725 §3.2: each key is used with exactly one algorithm.
  return keys.some((published) =>
    algorithm === 'EdDSA'
      ? published.algorithm === 'ed25519' && crypto.ed25519Verify(signed, signature, published.key)
      : published.algorithm === 'p256' &&
        crypto.p256Verify(signed, signature, published.key.subarray(1)),
  );
}

function parseObject(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const json: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    const isObject = typeof json === 'object' && json !== null && !Array.isArray(json);
    return isObject ? (json as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
