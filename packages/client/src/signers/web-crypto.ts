/**
 * Keys of WebCrypto as signer and as opener: made with `extractable: false`, their secrets can be used
 * and never read, not even by this program. Ed25519 signs (RFC 8032), X25519 opens (RFC 7748).
 */
import type { Signer } from '@callbook/protocol';
import type { BoxAgreement } from './box-agreement.ts';

/** A pair of WebCrypto; `globalThis.CryptoKeyPair` where there is one. */
interface WebKeyPair {
  readonly publicKey: WebKey;
  readonly privateKey: WebKey;
}
type WebKey = Parameters<typeof globalThis.crypto.subtle.exportKey>[1];

/** Returns the signer of an Ed25519 pair with the use `sign`. */
export async function webCryptoSigner({ publicKey, privateKey }: WebKeyPair): Promise<Signer> {
  return {
    publicKey: await rawKey(publicKey),
    sign: async (message) =>
      new Uint8Array(
        await globalThis.crypto.subtle.sign('Ed25519', privateKey, new Uint8Array(message)),
      ),
  };
}

/** Returns what opens sealed things by an X25519 pair with the use `deriveBits`. */
export async function webCryptoAgreement({
  publicKey,
  privateKey,
}: WebKeyPair): Promise<BoxAgreement> {
  return {
    publicKey: await rawKey(publicKey),
    agree: async (theirs) => {
      const { subtle } = globalThis.crypto;
      const key = await subtle.importKey('raw', new Uint8Array(theirs), 'X25519', true, []);
      const algorithm = { name: 'X25519', public: key };
      return new Uint8Array(await subtle.deriveBits(algorithm, privateKey, 256));
    },
  };
}

async function rawKey(key: WebKey): Promise<Uint8Array> {
  return new Uint8Array(await globalThis.crypto.subtle.exportKey('raw', key));
}
