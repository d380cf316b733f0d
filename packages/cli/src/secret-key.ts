/** Keys of the seed as keys of Node, for files that other software reads. */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { encodeBase64Url, type KeyPair } from '@callbook/protocol';

const curves = { box: 'X25519', identity: 'Ed25519', sip: 'P-256' } as const;

/** Returns the secret key of a derived pair. */
export function derivedSecret(
  { secretKey, publicKey }: KeyPair,
  use: keyof typeof curves,
): KeyObject {
  const secret = { crv: curves[use], d: encodeBase64Url(secretKey) };
  // RFC 7518 §6.2 for P-256, whose point is 4 ‖ x ‖ y; RFC 8037 §2 for the others.
  const jwk =
    use === 'sip'
      ? {
          ...secret,
          kty: 'EC',
          x: encodeBase64Url(publicKey.subarray(1, 33)),
          y: encodeBase64Url(publicKey.subarray(33)),
        }
      : { ...secret, kty: 'OKP', x: encodeBase64Url(publicKey) };
  return createPrivateKey({ key: jwk, format: 'jwk' });
}
