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
import { clientError } from './errors.ts';
import { sealedBytesMax } from './limits.ts';

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

/** Opens with the pair of the `box` key. Throws `sealed_too_large`, `sealed_malformed`, `sealed_for_another`. */
export async function open(
  by: { readonly identifier: Identifier; readonly box: KeyPair },
  sealed: Uint8Array,
): Promise<Uint8Array> {
  assertSize(sealed.length);
  if (sealed[0] !== version || sealed.length < 1 + encSize + tagSize) {
    throw clientError('sealed_malformed', 'what was given is nothing that callbook has sealed');
  }
  // Both halves are given: not every browser can tell the public one from the secret.
  const pair = {
    privateKey: await suite.DeserializePrivateKey(by.box.secretKey, false),
    publicKey: await suite.DeserializePublicKey(by.box.publicKey),
  };
  try {
    return await suite.Open(pair, sealed.subarray(1, 1 + encSize), sealed.subarray(1 + encSize), {
      info: sealInfo(by.identifier),
    });
  } catch {
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
