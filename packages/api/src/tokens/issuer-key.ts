/**
 * RSA as tokens need it, on OpenSSL: the raw private operation, on numbers that it blinds by itself against
 * those who measure time, and RSASSA-PSS. A signature is checked before it leaves: a fault of the machine in one
 * half of it would give the key away.
 */
import {
  constants,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  privateDecrypt,
  publicEncrypt,
  verify,
} from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { bytesEqual, encodeTokenInput, encodeTokenKey, parseTokenKey } from '@callbook/protocol';
import type { Token } from '@callbook/protocol';

const raw = { padding: constants.RSA_NO_PADDING };
/** RFC 9578 §6: RSABSSA-SHA384-PSS-Deterministic. */
const hash = 'sha384';
const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 48 };

export class IssuerKey {
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;
  /** As it is listed: `encodeTokenKey`. */
  readonly tokenKey: Uint8Array;

  private constructor(privateKey: KeyObject) {
    this.#privateKey = privateKey;
    this.#publicKey = createPublicKey(privateKey);
    const { n = '' } = this.#publicKey.export({ format: 'jwk' });
    this.tokenKey = encodeTokenKey(Buffer.from(n, 'base64url'));
  }

  static async generate(): Promise<IssuerKey> {
    const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
    return new IssuerKey(privateKey);
  }

  /** Opens a key that was written by `export`. */
  static open(pkcs8: Uint8Array): IssuerKey {
    const key = Buffer.from(pkcs8);
    return new IssuerKey(createPrivateKey({ key, format: 'der', type: 'pkcs8' }));
  }

  /** PKCS#8. */
  export(): Uint8Array {
    return this.#privateKey.export({ format: 'der', type: 'pkcs8' });
  }

  /** Signs what is blinded, 256 bytes; undefined where it is no number below the modulus. */
  signBlinded(blindedMessage: Uint8Array): Uint8Array | undefined {
    let signed: Buffer;
    try {
      signed = privateDecrypt({ key: this.#privateKey, ...raw }, blindedMessage);
    } catch {
      return undefined;
    }
    const again = publicEncrypt({ key: this.#publicKey, ...raw }, signed);
    return bytesEqual(again, blindedMessage) ? signed : undefined;
  }
}

/** Opens a listed key for `verifyToken`; undefined for what is none. */
export function tokenVerifier(tokenKey: Uint8Array): KeyObject | undefined {
  const modulus = parseTokenKey(tokenKey);
  if (modulus.verdict !== 'accept') return undefined;
  const n = Buffer.from(modulus.value).toString('base64url');
  return createPublicKey({ key: { kty: 'RSA', n, e: 'AQAB' }, format: 'jwk' });
}

export function verifyToken(token: Token, verifier: KeyObject): boolean {
  return verify(hash, encodeTokenInput(token), { key: verifier, ...pss }, token.authenticator);
}
