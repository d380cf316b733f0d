/**
 * `seal` and `open`: something that only the holder of a published `box` key can read (RFC 9180, base
 * mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM). It says nothing about who sealed it; who
 * wants to be known signs what is inside.
 *
 * Sealed: version (1 octet, 1) ‖ encapsulated key (32) ‖ ciphertext with its tag (16). The identifier is
 * bound in, so that what was sealed for one cannot be passed off as sealed for another of the same seed.
 */
import {
  concatBytes,
  utf8,
  type Identifier,
  type KeyPair,
  type PublishedKey,
} from '@callbook/protocol';
import { AEAD_AES_128_GCM, CipherSuite, KDF_HKDF_SHA256, KEM_DHKEM_X25519_HKDF_SHA256 } from 'hpke';
import { clientError, isClientError } from './errors.ts';
import { sealedBytesMax } from './limits.ts';
import { agreementKem, pairAgreement, type BoxAgreement } from './signers/box-agreement.ts';

const version = 1;
const encSize = 32;
const tagSize = 16;

const suite = new CipherSuite(KEM_DHKEM_X25519_HKDF_SHA256, KDF_HKDF_SHA256, AEAD_AES_128_GCM);

/** Returns the key to seal to; undefined when the identifier publishes none. */
export function boxKeyOf(keys: readonly PublishedKey[]): Uint8Array | undefined {
  return keys.find(({ use, algorithm }) => use === 'box' && algorithm === 'x25519')?.key;
}

/** Seals `plaintext` to a published X25519 key of 32 bytes. Throws `sealed_too_large`, `box_key_invalid`. */
export async function seal(
  to: { readonly identifier: Identifier; readonly boxKey: Uint8Array },
  plaintext: Uint8Array,
): Promise<Uint8Array> {
  assertSize(plaintext.length + 1 + encSize + tagSize);
  try {
    const publicKey = await suite.DeserializePublicKey(to.boxKey);
    const { encapsulatedSecret, ciphertext } = await suite.Seal(publicKey, plaintext, {
      info: sealInfo(to.identifier),
    });
    return concatBytes(Uint8Array.of(version), encapsulatedSecret, ciphertext);
  } catch (cause) {
    throw clientError('box_key_invalid', 'the published box key is no point of the curve', {
      cause,
    });
  }
}

/**
 * Opens with the `box` key: its pair, or whatever has the secret half. Throws `sealed_too_large`,
 * `sealed_malformed`, `sealed_for_another`, and the errors of signers.
 */
export async function open(
  by: { readonly identifier: Identifier; readonly box: BoxAgreement | KeyPair },
  sealed: Uint8Array,
): Promise<Uint8Array> {
  assertSize(sealed.length);
  if (sealed[0] !== version || sealed.length < 1 + encSize + tagSize) {
    throw clientError('sealed_malformed', 'what was given is nothing that callbook has sealed');
  }
  const { kem, pair } = agreementKem('secretKey' in by.box ? pairAgreement(by.box) : by.box);
  const opener = new CipherSuite(kem, KDF_HKDF_SHA256, AEAD_AES_128_GCM);
  try {
    return await opener.Open(pair, sealed.subarray(1, 1 + encSize), sealed.subarray(1 + encSize), {
      info: sealInfo(by.identifier),
    });
  } catch (error) {
    // A key that could not be asked says nothing about what was sealed.
    if (error instanceof Error && isClientError(error.cause)) throw error.cause;
    throw clientError('sealed_for_another', 'sealed to another key or identifier, or damaged');
  }
}

function assertSize(size: number): void {
  if (size <= sealedBytesMax) return;
  throw clientError('sealed_too_large', `sealed it is ${size} bytes, at most ${sealedBytesMax}`);
}

/** `"callbook/1 seal\n" ‖ identifier`. */
function sealInfo(identifier: Identifier): Uint8Array {
  return concatBytes(utf8('callbook/1 seal\n'), utf8(identifier));
}
