/**
 * Encapsulation of one request and its answer (RFC 9458 §4.3 and §4.4), the client's half: HPKE by the
 * package `hpke`, the answer's key by WebCrypto. The gateway is another implementation, on node:crypto;
 * so each is the other's independent peer. Whatever does not open ends in undefined, never in why.
 */
import {
  capsuleInfo,
  commonSuite,
  concatBytes,
  encodeCapsuleHeader,
  parseResponseCapsule,
  responseContext,
  utf8,
} from '@callbook/protocol';
import { AEAD_AES_128_GCM, CipherSuite, KDF_HKDF_SHA256, KEM_DHKEM_X25519_HKDF_SHA256 } from 'hpke';

const suite = new CipherSuite(KEM_DHKEM_X25519_HKDF_SHA256, KDF_HKDF_SHA256, AEAD_AES_128_GCM);
/** Nk and Nn of AES-128-GCM. */
const keySize = 16;
const nonceSize = 12;

/** A key of a gateway that is ready for use. */
export interface GatewayKey {
  readonly keyId: number;
  readonly publicKey: CryptoKey;
}

/** Opens the 32 octets of an X25519 key; undefined when they are no point of the curve. */
export async function openGatewayKey(of: {
  readonly keyId: number;
  readonly publicKey: Uint8Array;
}): Promise<GatewayKey | undefined> {
  try {
    return { keyId: of.keyId, publicKey: await suite.DeserializePublicKey(of.publicKey) };
  } catch {
    return undefined;
  }
}

export interface Capsule {
  /** The encapsulated request, a body of `message/ohttp-req`. */
  readonly bytes: Uint8Array;
  /** Opens the encapsulated response to it; undefined when it is none. */
  open(sealed: Uint8Array): Promise<Uint8Array | undefined>;
}

/** Encapsulates an encoded request: 55 octets more than it has itself. */
export async function encapsulate(key: GatewayKey, request: Uint8Array): Promise<Capsule> {
  const header = encodeCapsuleHeader(key.keyId, commonSuite);
  const info = capsuleInfo(header);
  const { encapsulatedSecret, ctx } = await suite.SetupSender(key.publicKey, { info });
  const sealed = await ctx.Seal(request);
  // RFC 9458 §4.4 step 1: the length is the larger of Nn and Nk.
  const secret = await ctx.Export(responseContext, keySize);
  return {
    bytes: concatBytes(header, encapsulatedSecret, sealed),
    open: async (answer) => await openAnswer(answer, { enc: encapsulatedSecret, secret }),
  };
}

/** RFC 9458 §4.4: salt = concat(enc, response_nonce); prk = Extract(salt, secret). */
async function openAnswer(
  answer: Uint8Array,
  of: { readonly enc: Uint8Array; readonly secret: Uint8Array },
): Promise<Uint8Array | undefined> {
  const capsule = parseResponseCapsule(answer);
  if (capsule.verdict !== 'accept') return undefined;
  const { nonce, ciphertext } = capsule.value;
  const { subtle } = globalThis.crypto;
  const salt = buffer(concatBytes(of.enc, nonce));
  const prk = await subtle.importKey('raw', buffer(of.secret), 'HKDF', false, ['deriveBits']);
  const expand = async (label: string, size: number): Promise<ArrayBuffer> =>
    await subtle.deriveBits(
      { name: 'HKDF', hash: 'SHA-256', salt, info: buffer(utf8(label)) },
      prk,
      size * 8,
    );
  const [aeadKey, iv] = await Promise.all([expand('key', keySize), expand('nonce', nonceSize)]);
  const opener = await subtle.importKey('raw', aeadKey, 'AES-GCM', false, ['decrypt']);
  try {
    const opened = await subtle.decrypt({ name: 'AES-GCM', iv }, opener, buffer(ciphertext));
    return new Uint8Array(opened);
  } catch {
    return undefined;
  }
}

/** WebCrypto's types want to know that the octets are not shared with another thread. */
function buffer(octets: Uint8Array): Uint8Array<ArrayBuffer> {
  return octets as Uint8Array<ArrayBuffer>;
}
