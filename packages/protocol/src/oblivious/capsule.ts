/**
 * The two sealed messages of Oblivious HTTP as they lie on the wire (RFC 9458 §4): `message/ohttp-req`
 * and `message/ohttp-res`. Cuts and joins octets only; the gateway and the client seal and open, each
 * with the cryptography it has.
 */
import { concatBytes, utf8 } from '../bytes.ts';
import { accept, reject } from '../verdict.ts';
import type { Refusal, Verdict } from '../verdict.ts';
import { uint16, x25519Kem } from './key-configuration.ts';
import type { KeySuite } from './key-configuration.ts';
import { binaryMessageBytesMax } from './limits.ts';

/** A sealed request, cut into its parts; all are views of it. */
export interface RequestCapsule {
  readonly keyId: number;
  readonly kem: number;
  readonly suite: KeySuite;
  /** Key identifier and algorithms: 7 bytes. */
  readonly header: Uint8Array;
  /** The client's ephemeral public key: 32 bytes. */
  readonly enc: Uint8Array;
  /** With its tag of 16 bytes. */
  readonly ciphertext: Uint8Array;
}

/** An encapsulated response (RFC 9458 §4.4). */
export interface ResponseCapsule {
  /** As long as the larger of the AEAD's key and nonce: 16 bytes for AES-128-GCM. */
  readonly nonce: Uint8Array;
  readonly ciphertext: Uint8Array;
}

const headerBytes = 7;
const encBytes = 32;
const tagBytes = 16;
const responseNonceBytes = 16;

/** The longest sealed request or response. */
export const capsuleBytesMax: number = binaryMessageBytesMax + headerBytes + encBytes + tagBytes;

/** The context in which a client exports the secret of the response (RFC 9458 §4.4). */
export const responseContext: Uint8Array = utf8('message/bhttp response');

const requestLabel = utf8('message/bhttp request');

/** Returns the 7 bytes before the encapsulated key. */
export function encodeCapsuleHeader(keyId: number, { kdf, aead }: KeySuite): Uint8Array {
  return concatBytes(Uint8Array.of(keyId), uint16(x25519Kem), uint16(kdf), uint16(aead));
}

/** Returns `info` of the HPKE context for a capsule's header (RFC 9458 §4.3). */
export function capsuleInfo(header: Uint8Array): Uint8Array {
  return concatBytes(requestLabel, Uint8Array.of(0), header);
}

/** Cuts a sealed request; says nothing of whether its key and algorithms are known. */
export function parseRequestCapsule(bytes: Uint8Array): Verdict<RequestCapsule> {
  const sealedAt = headerBytes + encBytes;
  if (bytes.length < sealedAt + tagBytes || bytes.length > capsuleBytesMax) {
    return malformed(bytes.length, sealedAt + tagBytes);
  }
  const number = (at: number): number => bytes[at]! * 256 + bytes[at + 1]!;
  return accept({
    keyId: bytes[0]!,
    kem: number(1),
    suite: { kdf: number(3), aead: number(5) },
    header: bytes.subarray(0, headerBytes),
    enc: bytes.subarray(headerBytes, sealedAt),
    ciphertext: bytes.subarray(sealedAt),
  });
}

/** Cuts a response sealed with AES-128-GCM. */
export function parseResponseCapsule(bytes: Uint8Array): Verdict<ResponseCapsule> {
  if (bytes.length < responseNonceBytes + tagBytes || bytes.length > capsuleBytesMax) {
    return malformed(bytes.length, responseNonceBytes + tagBytes);
  }
  return accept({
    nonce: bytes.subarray(0, responseNonceBytes),
    ciphertext: bytes.subarray(responseNonceBytes),
  });
}

function malformed(bytes: number, bytesMin: number): Refusal {
  return reject(
    'capsule_malformed',
    `capsule is ${bytes} bytes, ${bytesMin} to ${capsuleBytesMax}`,
  );
}
