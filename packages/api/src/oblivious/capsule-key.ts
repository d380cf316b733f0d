/**
 * One key of an oblivious gateway, on node:crypto: opens requests and seals answers (RFC 9458 §4.3 and
 * §4.4) by HPKE (RFC 9180) in base mode with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and AES-128-GCM.
 * The private key never leaves this object. Nothing here sends, remembers or judges dates.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
} from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import {
  capsuleInfo,
  commonSuite,
  concatBytes,
  encodeCapsuleHeader,
  responseContext,
  utf8,
  x25519Kem,
} from '@callbook/protocol';
import type { KeyConfiguration, RequestCapsule } from '@callbook/protocol';

/** What was sealed, and the way to seal the answer. */
export interface OpenedCapsule {
  readonly message: Uint8Array;
  /** Seals with a nonce of 16 octets, which is chosen at random for each answer. */
  seal(answer: Uint8Array, responseNonce: Uint8Array): Uint8Array;
}

const aeadKeyBytes = 16;
const aeadNonceBytes = 12;
const tagBytes = 16;
const none = new Uint8Array();

/** RFC 9180 §4.1 and §5.1: what every label stands behind. */
const kemSuite = concatBytes(utf8('KEM'), uint16(x25519Kem));
const hpkeSuite = concatBytes(
  utf8('HPKE'),
  uint16(x25519Kem),
  uint16(commonSuite.kdf),
  uint16(commonSuite.aead),
);

/** RFC 8410 §10: what stands before the 32 octets of a public X25519 key in DER. */
const x25519Spki = Uint8Array.fromHex('302a300506032b656e032100');

export class CapsuleKey {
  readonly configuration: KeyConfiguration;
  readonly #privateKey: KeyObject;
  /** The key schedule's context: the same for all capsules of one key, since their header is. */
  readonly #context: Uint8Array;

  constructor(keyId: number, privateKey: KeyObject) {
    const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
    const publicKey = new Uint8Array(spki.subarray(x25519Spki.length));
    this.configuration = { keyId, publicKey, suites: [commonSuite] };
    this.#privateKey = privateKey;
    const info = capsuleInfo(encodeCapsuleHeader(keyId, commonSuite));
    // RFC 9180 §5.1: key_schedule_context = concat(mode, psk_id_hash, info_hash), in base mode.
    this.#context = concatBytes(
      Uint8Array.of(0),
      labeledExtract(hpkeSuite, { label: 'psk_id_hash', keyMaterial: none }),
      labeledExtract(hpkeSuite, { label: 'info_hash', keyMaterial: info }),
    );
  }

  static make(keyId: number): CapsuleKey {
    return new CapsuleKey(keyId, generateKeyPairSync('x25519').privateKey);
  }

  /** Opens a capsule; undefined when it is not sealed to this key, whyever. */
  open({ keyId, kem, suite, enc, ciphertext }: RequestCapsule): OpenedCapsule | undefined {
    const isOurs =
      keyId === this.configuration.keyId &&
      kem === x25519Kem &&
      suite.kdf === commonSuite.kdf &&
      suite.aead === commonSuite.aead;
    const shared = isOurs ? this.#sharedSecret(enc) : undefined;
    if (shared === undefined) return undefined;
    // RFC 9180 §5.1: secret = LabeledExtract(shared_secret, "secret", psk), without a psk.
    const secret = labeledExtract(hpkeSuite, { salt: shared, label: 'secret', keyMaterial: none });
    const expand = (label: string, size: number): Uint8Array =>
      labeledExpand(hpkeSuite, secret, { label, info: this.#context, size });
    // The first message of a context: its nonce is the base nonce itself.
    const nonce = expand('base_nonce', aeadNonceBytes);
    const message = openAead(expand('key', aeadKeyBytes), nonce, ciphertext);
    if (message === undefined) return undefined;
    // RFC 9458 §4.4: secret = context.Export("message/bhttp response", Nk).
    const exported = labeledExpand(hpkeSuite, expand('exp', 32), {
      label: 'sec',
      info: responseContext,
      size: aeadKeyBytes,
    });
    return {
      message,
      seal: (answer, responseNonce) => sealAnswer(answer, { enc, responseNonce, exported }),
    };
  }

  /** RFC 9180 §4.1, Decap; undefined where the encapsulated key gives the all-zero secret. */
  #sharedSecret(enc: Uint8Array): Uint8Array | undefined {
    let dh: Uint8Array;
    try {
      const publicKey = createPublicKey({
        key: Buffer.from(enc.buffer, enc.byteOffset, enc.length),
        format: 'raw-public',
        asymmetricKeyType: 'x25519',
      });
      dh = diffieHellman({ privateKey: this.#privateKey, publicKey });
    } catch {
      // RFC 9180 §7.1.4: "the recipient MUST check whether the DH shared secret is the all-zero value".
      return undefined;
    }
    const prk = labeledExtract(kemSuite, { label: 'eae_prk', keyMaterial: dh });
    const info = concatBytes(enc, this.configuration.publicKey);
    return labeledExpand(kemSuite, prk, { label: 'shared_secret', info, size: 32 });
  }
}

/** RFC 9458 §4.4: the nonce, then the sealed answer. */
function sealAnswer(
  answer: Uint8Array,
  keyed: {
    readonly enc: Uint8Array;
    readonly responseNonce: Uint8Array;
    readonly exported: Uint8Array;
  },
): Uint8Array {
  const { enc, responseNonce, exported } = keyed;
  const prk = hmac(concatBytes(enc, responseNonce), exported);
  const key = expandOnce(prk, utf8('key'), aeadKeyBytes);
  const nonce = expandOnce(prk, utf8('nonce'), aeadNonceBytes);
  const cipher = createCipheriv('aes-128-gcm', key, nonce);
  const sealed = cipher.update(answer);
  return concatBytes(responseNonce, sealed, cipher.final(), cipher.getAuthTag());
}

function openAead(
  key: Uint8Array,
  nonce: Uint8Array,
  ciphertext: Uint8Array,
): Uint8Array | undefined {
  const sealedBytes = ciphertext.length - tagBytes;
  const decipher = createDecipheriv('aes-128-gcm', key, nonce, { authTagLength: tagBytes });
  decipher.setAuthTag(ciphertext.subarray(sealedBytes));
  const message = decipher.update(ciphertext.subarray(0, sealedBytes));
  try {
    decipher.final();
    return new Uint8Array(message.buffer, message.byteOffset, message.length);
  } catch {
    return undefined;
  }
}

/** RFC 9180 §4: LabeledExtract. */
function labeledExtract(
  suite: Uint8Array,
  from: {
    readonly salt?: Uint8Array;
    readonly label: string;
    readonly keyMaterial: Uint8Array;
  },
): Uint8Array {
  const { salt = none, label, keyMaterial } = from;
  return hmac(salt, utf8('HPKE-v1'), suite, utf8(label), keyMaterial);
}

/** RFC 9180 §4: LabeledExpand, for at most 32 octets. */
function labeledExpand(
  suite: Uint8Array,
  prk: Uint8Array,
  to: { readonly label: string; readonly info: Uint8Array; readonly size: number },
): Uint8Array {
  const { label, info, size } = to;
  const labeled = concatBytes(uint16(size), utf8('HPKE-v1'), suite, utf8(label), info);
  return expandOnce(prk, labeled, size);
}

/** RFC 5869 §2.3: HKDF-Expand for what fits into the first block. */
function expandOnce(prk: Uint8Array, info: Uint8Array, size: number): Uint8Array {
  return hmac(prk, info, Uint8Array.of(1)).subarray(0, size);
}

function hmac(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const made = createHmac('sha256', key);
  for (const part of parts) made.update(part);
  return made.digest();
}

function uint16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff);
}
