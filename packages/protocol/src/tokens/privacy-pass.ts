/**
 * Privacy Pass tokens of type 0x0002, blind RSA with 2048 bits: the formats of RFC 9577 and RFC 9578 that
 * clients, issuers and redeemers share. Arithmetic is elsewhere, since members have it from OpenSSL and
 * clients from big integers. A challenge names the issuer and nothing else, so that a token is good at every
 * member and for every request.
 */
import { parseBase64Url } from '../base64.ts';
import { concatBytes, utf8 } from '../bytes.ts';
import { accept, reject } from '../verdict.ts';
import type { Refusal, Verdict } from '../verdict.ts';
import { tokenRequestsMax } from './limits.ts';

/** RFC 9578 §8.2.2: Blind RSA (2048-bit). */
export const tokenType = 0x0002;
/** RFC 9578 §8.2.2, Nk: octets of a blinded message, a blind signature and an authenticator. */
export const tokenSignatureBytes = 256;
const hashBytes = 32;
const inputBytes: number = 2 + 3 * hashBytes;

/** Octets of a token, and of a request for one. */
export const tokenBytes: number = inputBytes + tokenSignatureBytes;
/** Bytes of a request for one token. */
export const tokenRequestBytes: number = 2 + 1 + tokenSignatureBytes;

/** Media type of a request for tokens (RFC 9578 §6.1). */
export const tokenRequestMediaType = 'application/private-token-request';
/** Media type of the answer to one (RFC 9578 §6.2). */
export const tokenResponseMediaType = 'application/private-token-response';
/** Media type of the keys of an issuer (RFC 9578 §4). */
export const tokenDirectoryMediaType = 'application/private-token-issuer-directory';

/** What a token says, and what is signed blindly. */
export interface TokenInput {
  /** 32 bytes, drawn by the client. */
  readonly nonce: Uint8Array;
  /** SHA-256 of the challenge, 32 bytes. */
  readonly challengeDigest: Uint8Array;
  /** SHA-256 of the issuer's key as it is listed, 32 bytes. */
  readonly tokenKeyId: Uint8Array;
}

export interface Token extends TokenInput {
  /** RSASSA-PSS signature, 256 bytes. */
  readonly authenticator: Uint8Array;
}

/** A blinded message, and the end of the id of the key that shall sign it. */
export interface TokenRequest {
  /** Last octet of the id of the issuer's key. */
  readonly truncatedKeyId: number;
  /** 256 bytes. */
  readonly blindedMessage: Uint8Array;
}

/**
 * Encodes the challenge of an issuer: host and port of a member's API. RFC 9577 §2.1: without context and
 * origin, so that it can be spent anywhere at any time.
 */
export function tokenChallenge(issuerName: string): Uint8Array {
  const name = utf8(issuerName);
  const head = Uint8Array.of(0, tokenType, name.length >> 8, name.length & 0xff);
  return concatBytes(head, name, Uint8Array.of(0, 0, 0));
}

/** Encodes what is signed: RFC 9577 §2.2, the token without its authenticator. */
export function encodeTokenInput(input: TokenInput): Uint8Array {
  const { nonce, challengeDigest, tokenKeyId } = input;
  return concatBytes(Uint8Array.of(0, tokenType), nonce, challengeDigest, tokenKeyId);
}

/** Encodes a token as it is redeemed. */
export function encodeToken(token: Token): Uint8Array {
  return concatBytes(encodeTokenInput(token), token.authenticator);
}

/** Parses a token; code `token_malformed`. The fields share the memory of `octets`. */
export function parseToken(octets: Uint8Array): Verdict<Token> {
  if (octets.length !== tokenBytes) {
    return malformed(`token is ${octets.length} octets, must be ${tokenBytes}`);
  }
  if (octets[0] !== 0 || octets[1] !== tokenType) return malformed('token is not of type 0x0002');
  const at = (place: number): Uint8Array =>
    octets.subarray(2 + place * hashBytes, 2 + (place + 1) * hashBytes);
  const authenticator = octets.subarray(inputBytes);
  return accept({ nonce: at(0), challengeDigest: at(1), tokenKeyId: at(2), authenticator });
}

/** Encodes the value of an `Authorization` field (RFC 9577 §2.2). */
export function encodeTokenAuthorization(token: Token): string {
  // 354 octets fill their base64: there is no padding.
  return `PrivateToken token="${encodeToken(token).toBase64({ alphabet: 'base64url' })}"`;
}

/** Parses it again; code `token_malformed`. */
export function parseTokenAuthorization(value: string): Verdict<Token> {
  const text = /^PrivateToken token=(?:"([A-Za-z0-9_-]{472})"|([A-Za-z0-9_-]{472}))$/i.exec(value);
  const octets = text === null ? undefined : parseBase64Url(text[1] ?? text[2]!);
  if (octets === undefined) return malformed('authorization is not one token of 472 characters');
  return parseToken(octets);
}

/** Encodes a request for one token (RFC 9578 §6.1). */
export function encodeTokenRequest({ truncatedKeyId, blindedMessage }: TokenRequest): Uint8Array {
  return concatBytes(Uint8Array.of(0, tokenType, truncatedKeyId), blindedMessage);
}

/**
 * Parses 1 to `tokenRequestsMax` requests, one behind the other, for one key. One alone is that of RFC 9578.
 * Code `token_malformed`.
 */
export function parseTokenRequests(octets: Uint8Array): Verdict<TokenRequest[]> {
  const count = octets.length / tokenRequestBytes;
  if (!Number.isInteger(count) || count < 1 || count > tokenRequestsMax) {
    return malformed(
      `request is ${octets.length} octets, not 1 to ${tokenRequestsMax} times ${tokenRequestBytes}`,
    );
  }
  const requests: TokenRequest[] = [];
  for (let at = 0; at < octets.length; at += tokenRequestBytes) {
    const isOfType = octets[at] === 0 && octets[at + 1] === tokenType;
    if (!isOfType) return malformed('request is not of type 0x0002');
    if (octets[at + 2] !== octets[2]) return malformed('request names more than one key');
    const blindedMessage = octets.subarray(at + 3, at + tokenRequestBytes);
    requests.push({ truncatedKeyId: octets[at + 2]!, blindedMessage });
  }
  return accept(requests);
}

function malformed(message: string): Refusal {
  return reject('token_malformed', message);
}
