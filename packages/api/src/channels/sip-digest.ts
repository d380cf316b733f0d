/**
 * Answers a proxy that asks who we are, by digest (RFC 3261 §22 with the algorithms of RFC 8760). Each
 * answer is for one request and one nonce, so that nothing is remembered between messages. Neither the
 * `-sess` algorithms nor `auth-int` are spoken.
 */
import { createHash } from 'node:crypto';

export interface SipLogin {
  readonly user: string;
  readonly password: string;
}

/** What `WWW-Authenticate` or `Proxy-Authenticate` asks for. */
export interface SipChallenge {
  readonly realm: string;
  readonly nonce: string;
  readonly algorithm: 'SHA-256' | 'MD5';
  /** False where the server knows nothing of `qop`. */
  readonly hasQop: boolean;
  readonly opaque: string | undefined;
  /** The answer was right, but its nonce is over. */
  readonly isStale: boolean;
}

/** Of a header field that asks for a digest; a longer one is not read. */
const challengeCharactersMax = 2048;

const hashNames = { 'SHA-256': 'sha256', MD5: 'md5' } as const;

/** Reads the value of a header field; undefined when it asks for what is not spoken here. */
export function parseSipChallenge(value: string): SipChallenge | undefined {
  const found = /^Digest\s+(.*)$/i.exec(value)?.[1];
  if (found === undefined || value.length > challengeCharactersMax) return undefined;
  const parameters = new Map<string, string>();
  // A quoted string counts as it stands between its quotes, escapes included.
  for (const [, name, quoted, token] of found.matchAll(
    /([A-Za-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/g,
  )) {
    parameters.set(name!.toLowerCase(), quoted ?? token!);
  }
  const [realm, nonce] = [parameters.get('realm'), parameters.get('nonce')];
  const algorithm = parameters.get('algorithm')?.toUpperCase() ?? 'MD5';
  const qop = parameters
    .get('qop')
    ?.toLowerCase()
    .split(/\s*,\s*/);
  if (realm === undefined || nonce === undefined) return undefined;
  if (algorithm !== 'MD5' && algorithm !== 'SHA-256') return undefined;
  if (qop !== undefined && !qop.includes('auth')) return undefined;
  return {
    realm,
    nonce,
    algorithm,
    hasQop: qop !== undefined,
    opaque: parameters.get('opaque'),
    isStale: parameters.get('stale')?.toLowerCase() === 'true',
  };
}

/** Returns the value of `Authorization` or `Proxy-Authorization` for one MESSAGE request. */
export function answerSipChallenge(
  challenge: SipChallenge,
  request: { readonly uri: string; readonly login: SipLogin; readonly clientNonce: string },
): string {
  const { realm, nonce, algorithm, hasQop, opaque } = challenge;
  const { uri, login, clientNonce } = request;
  const hash = (...parts: readonly string[]): string =>
    createHash(hashNames[algorithm]).update(parts.join(':')).digest('hex');
  const secret = hash(login.user, realm, login.password);
  const what = hash('MESSAGE', uri);
  // RFC 7616 §3.4.1: the count of requests with this nonce; there is one.
  const nonceCount = '00000001';
  const response = hasQop
    ? hash(secret, nonce, nonceCount, clientNonce, 'auth', what)
    : hash(secret, nonce, what);
  const fields = [
    `username="${login.user}"`,
    `realm="${realm}"`,
    `nonce="${nonce}"`,
    `uri="${uri}"`,
    `response="${response}"`,
    `algorithm=${algorithm}`,
    ...(hasQop ? ['qop=auth', `nc=${nonceCount}`, `cnonce="${clientNonce}"`] : []),
    ...(opaque === undefined ? [] : [`opaque="${opaque}"`]),
  ];
  return `Digest ${fields.join(', ')}`;
}
