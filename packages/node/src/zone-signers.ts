/**
 * The fastest way to sign a zone that works here: Ed25519 by libsodium, which takes half of OpenSSL's
 * time for it; P-256 by OpenSSL with the key kept open. What neither can do is `node:crypto`'s.
 */
import type { KeyObject } from 'node:crypto';
import { openKeptKeySigner, openZoneSigner } from '@callbook/dns';
import type { OpenSigner, ZoneSigner } from '@callbook/dns';
import type { Cryptography } from '@callbook/protocol';
import { pickCryptography } from './cryptography.ts';

/** Returns how a thread that answers opens its keys. */
export async function pickZoneSigners(): Promise<OpenSigner> {
  const crypto = await pickCryptography();
  return (privateKey) => {
    const signer = openZoneSigner(privateKey);
    return privateKey.asymmetricKeyType === 'ed25519'
      ? withCryptography(signer, privateKey, crypto)
      : (openKeptKeySigner(privateKey) ?? signer);
  };
}

function withCryptography(
  signer: ZoneSigner,
  privateKey: KeyObject,
  crypto: Cryptography,
): ZoneSigner {
  // RFC 8037 §2: "d" is the private key, the 32 octets that RFC 8032 makes everything else from.
  const { d } = privateKey.export({ format: 'jwk' });
  const { sign } = crypto.ed25519Signer(Uint8Array.fromBase64(d!, { alphabet: 'base64url' }));
  return { ...signer, sign };
}
