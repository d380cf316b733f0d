/**
 * The code of a challenge, sealed to the session that asked for it (docs/spec/challenges.md). Who
 * reads the message on its way, or over a shoulder, learns nothing of use: the answer also takes
 * the session's secret key, which never leaves the claimant's device. The key schedule is bound to
 * the authority key and the identifier, so a code answers for no other key and no other number.
 *
 * The ephemeral key of HPKE comes from OpenSSL; `random` supplies the secret alone.
 */
import { encodeBase64Url } from '@callbook/protocol';
import type { Cryptography, Identifier, Random } from '@callbook/protocol';
import { ApiError } from '../errors.ts';
import { openHpkeSender } from './hpke-sender.ts';

/** `app`: 128 bits for a program to read. `digits`: eight digits for a person to type. */
export type ChallengeForm = 'app' | 'digits';

export interface SealedCode {
  /** The KEM's encapsulated key, 32 bytes; goes back to the client over TLS. */
  readonly enc: Uint8Array;
  /** What travels by SMS, e-mail or SIP: 43 base64url characters, or 8 digits. */
  readonly code: string;
  /** The right answer, 32 bytes. */
  readonly proof: Uint8Array;
}

export interface SealedCodeRequest {
  /** X25519 public key of the session, 32 bytes. */
  readonly session: Uint8Array;
  /** Ed25519 public key that the entry will carry, 32 bytes. */
  readonly authority: Uint8Array;
  readonly identifier: Identifier;
  readonly form: ChallengeForm;
}

const infoLine = utf8('callbook/1 challenge\n');
const answerLine = utf8('callbook/1 answer');
const answerKeyBytes = 32;
const appSecretBytes = 16;
const digitsCount = 8;

/** Draws a code and seals it. Throws `session_key_invalid` when the session key is no use. */
export function sealCode(
  request: SealedCodeRequest,
  ports: { readonly crypto: Cryptography; readonly random: Random },
): SealedCode {
  const info = Buffer.concat([infoLine, request.authority, utf8(request.identifier)]);
  const sender = openHpkeSender(request.session, info);
  if (sender === undefined) throw new ApiError('session_key_invalid');
  const { enc } = sender;
  const answerKey = sender.exportSecret(answerLine, answerKeyBytes);
  if (request.form === 'digits') {
    const code = randomDigits(ports.random);
    return { enc, code, proof: ports.crypto.hmacSha256(answerKey, utf8(code)) };
  }
  const secret = ports.random.bytes(appSecretBytes);
  const code = encodeBase64Url(sender.seal(secret));
  return { enc, code, proof: ports.crypto.hmacSha256(answerKey, secret) };
}

/** Eight digits, each of the 10^8 equally likely. */
function randomDigits(random: Random): string {
  const codes = 10 ** digitsCount;
  // The largest multiple of 10^8 in 32 bits; what lies above it would favour small codes.
  const unbiasedBelow = 2 ** 32 - (2 ** 32 % codes);
  for (;;) {
    const drawn = Buffer.from(random.bytes(4)).readUInt32BE();
    if (drawn < unbiasedBelow) return String(drawn % codes).padStart(digitsCount, '0');
  }
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
