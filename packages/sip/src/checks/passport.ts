/**
 * PASSporTs of calls (RFC 8224, RFC 8225): judged by the caller's published P-256 keys, and written for calls
 * that go out. What `info` and `x5u` name is never fetched: the directory has the key.
 */
import { sign, type KeyObject } from 'node:crypto';
import type { Fingerprint, Passport } from '@callbook/client';
import { encodeBase64Url, utf8 } from '@callbook/protocol';
import { fingerprintsMax, passportSecondsMax } from '../limits.ts';
import type { E164 } from '../number.ts';
import type { RefusalCode } from '../refusals.ts';

/** What keys the media of a call. The weakest stream decides. */
export interface MediaClaims {
  /** Of all streams; none where one of them is plain, and none where nothing was said of media. */
  readonly fingerprints: readonly Fingerprint[];
  /** Whether there is a stream that no certificate keys. */
  readonly isPlain: boolean;
}

/** Who calls whom, and with which media keys. */
export interface CallClaims extends MediaClaims {
  readonly orig: E164;
  readonly dest: E164;
}

/**
 * Parses what SDP has after `a=fingerprint:` (RFC 8122 §5), several separated by commas, or `plain` for a
 * stream without one; nothing for an empty text, undefined when one cannot be read.
 */
export function parseMedia(text: string): MediaClaims | undefined {
  if (text.trim() === '') return { fingerprints: [], isPlain: false };
  const parts = text.split(',', fingerprintsMax + 1);
  if (parts.length > fingerprintsMax) return undefined;
  const fingerprints: Fingerprint[] = [];
  let isPlain = false;
  for (const part of parts) {
    const [, hash, digest] =
      /^(sha-(?:256|384|512)) ((?:[\da-f]{2}:){31,63}[\da-f]{2})$/i.exec(part.trim()) ?? [];
    if (part === 'plain') isPlain = true;
    else if (hash === undefined || digest === undefined) return undefined;
    else {
      fingerprints.push({
        hash: hash.toLowerCase(),
        digest: digest.replaceAll(':', '').toLowerCase(),
      });
    }
  }
  return { fingerprints: isPlain ? [] : fingerprints, isPlain };
}

/** Why the claims do not fit a call now, in the order of the checks; undefined when they do. */
export function judgePassport(
  passport: Passport,
  { orig, dest, fingerprints, isPlain }: CallClaims,
  nowMs: number,
): RefusalCode | undefined {
  // RFC 8224 §8.3: telephone numbers are digits alone.
  if (passport.orig !== orig.slice(1)) return 'passport_origin';
  if (!passport.dest.includes(dest.slice(1))) return 'passport_destination';
  const ageSeconds = Math.abs(nowMs / 1000 - passport.issuedAtSeconds);
  if (ageSeconds > passportSecondsMax) return 'passport_stale';
  // Whoever takes the keys of a stream away on the way has not the caller's word for it.
  if (isPlain && passport.mediaKeys.length > 0) return 'fingerprint_mismatch';
  if (fingerprints.length === 0) return undefined;
  if (passport.mediaKeys.length === 0) return 'media_unbound';
  const isSigned = fingerprints.every(({ hash, digest }) =>
    passport.mediaKeys.some((key) => key.hash === hash && key.digest === digest),
  );
  return isSigned ? undefined : 'fingerprint_mismatch';
}

/** A P-256 key that signs for whoever publishes it, and where its certificate would be. */
export interface PassportSigner {
  readonly privateKey: KeyObject;
  /** SHA-256 of the SubjectPublicKeyInfo, in hexadecimal. */
  readonly spkiDigest: string;
  /** `https:` URL for `info` and `x5u`. */
  readonly url: string;
}

/** Returns the value of an `Identity` header in full form. */
export function encodeIdentity(signer: PassportSigner, claims: CallClaims, nowMs: number): string {
  const { privateKey, url } = signer;
  const { orig, dest, fingerprints } = claims;
  // RFC 8225 §9: keys in lexicographic order, no white space.
  const header = { alg: 'ES256', typ: 'passport', x5u: url };
  const mky = fingerprints
    .map(({ hash, digest }) => ({ alg: hash, dig: digest.toUpperCase() }))
    .sort((a, b) => (`${a.alg}${a.dig}` < `${b.alg}${b.dig}` ? -1 : 1));
  const body = {
    dest: { tn: [dest.slice(1)] },
    iat: Math.floor(nowMs / 1000),
    ...(mky.length > 0 && { mky }),
    orig: { tn: orig.slice(1) },
  };
  const signed = [header, body]
    .map((part) => encodeBase64Url(utf8(JSON.stringify(part))))
    .join('.');
  const signature = sign('sha256', utf8(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  // RFC 8224 §4.1: the token, then info in angle brackets, then alg.
  return `${signed}.${encodeBase64Url(new Uint8Array(signature))};info=<${url}>;alg=ES256`;
}
