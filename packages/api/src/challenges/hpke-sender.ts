/**
 * The sender's half of HPKE (RFC 9180) as codes need it: base mode, DHKEM(X25519, HKDF-SHA256),
 * HKDF-SHA256 and AES-128-GCM, one message a context. On OpenSSL without a detour through other
 * threads: a member seals as many codes as it sends, and this takes a sixth of the CPU that the same
 * through WebCrypto does. Receiving is the client's.
 */
import {
  createCipheriv,
  createHmac,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
} from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** RFC 8410 §4: the DER that stands before the 32 bytes of an X25519 public key. */
const publicKeyPrefix = Uint8Array.fromHex('302a300506032b656e032100');
const publicKeyBytes = 32;
const tagBytes = 16;
const none = new Uint8Array(0);

/** RFC 9180 §4.1 and §5.1: `"KEM" ‖ I2OSP(kem_id, 2)`, `"HPKE" ‖ kem_id ‖ kdf_id ‖ aead_id`. */
const kemSuite = Buffer.from('KEM\x00\x20', 'latin1');
const hpkeSuite = Buffer.from('HPKE\x00\x20\x00\x01\x00\x01', 'latin1');
const version = Buffer.from('HPKE-v1', 'latin1');

export interface HpkeSender {
  /** The encapsulated key, 32 bytes. */
  readonly enc: Uint8Array;
  /** Seals the one message of this context, without associated data; the tag, 16 bytes, comes last. */
  seal(plaintext: Uint8Array): Uint8Array;
  /** RFC 9180 §5.3; `size` up to 32. */
  exportSecret(exporterContext: Uint8Array, size: number): Uint8Array;
}

/**
 * Encapsulates to a public key of 32 bytes; undefined where nothing can be sealed to it. The key pair is
 * new and random but in tests of published vectors.
 */
export function openHpkeSender(
  recipient: Uint8Array,
  info: Uint8Array,
  ephemeral: {
    readonly privateKey: KeyObject;
    readonly publicKey: KeyObject;
  } = generateKeyPairSync('x25519'),
): HpkeSender | undefined {
  const shared = sharedSecretWith(recipient, ephemeral.privateKey);
  if (shared === undefined) return undefined;
  const enc = new Uint8Array(
    ephemeral.publicKey.export({ format: 'der', type: 'spki' }).subarray(publicKeyPrefix.length),
  );
  // RFC 9180 §4.1, ExtractAndExpand with kem_context = enc ‖ pkRm.
  const sharedSecret = labeledExpand(
    labeledExtract({ salt: none, label: 'eae_prk', ikm: shared }, kemSuite),
    { label: 'shared_secret', info: Buffer.concat([enc, recipient]), size: 32 },
    kemSuite,
  );
  return keySchedule(sharedSecret, info, enc);
}

/** RFC 9180 §5.1, KeySchedule of mode_base, where psk and psk_id are empty. */
function keySchedule(sharedSecret: Uint8Array, info: Uint8Array, enc: Uint8Array): HpkeSender {
  const context = Buffer.concat([
    Uint8Array.of(0),
    labeledExtract({ salt: none, label: 'psk_id_hash', ikm: none }, hpkeSuite),
    labeledExtract({ salt: none, label: 'info_hash', ikm: info }, hpkeSuite),
  ]);
  const secret = labeledExtract({ salt: sharedSecret, label: 'secret', ikm: none }, hpkeSuite);
  const expand = (label: string, size: number): Buffer =>
    labeledExpand(secret, { label, info: context, size }, hpkeSuite);
  const exporterSecret = expand('exp', 32);
  return {
    enc,
    seal(plaintext) {
      // RFC 9180 §5.2: the nonce of the first message is base_nonce.
      const cipher = createCipheriv('aes-128-gcm', expand('key', 16), expand('base_nonce', 12), {
        authTagLength: tagBytes,
      });
      return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
    },
    exportSecret: (exporterContext, size) =>
      labeledExpand(exporterSecret, { label: 'sec', info: exporterContext, size }, hpkeSuite),
  };
}

/**
 * RFC 9180 §7.1.4: senders "MUST check whether the Diffie-Hellman shared secret is the all-zero value and
 * abort if so". OpenSSL refuses to derive one; looking again costs nothing.
 */
function sharedSecretWith(recipient: Uint8Array, privateKey: KeyObject): Buffer | undefined {
  if (recipient.length !== publicKeyBytes) return undefined;
  try {
    const key = Buffer.concat([publicKeyPrefix, recipient]);
    const publicKey = createPublicKey({ key, format: 'der', type: 'spki' });
    const shared = diffieHellman({ privateKey, publicKey });
    return shared.every((octet) => octet === 0) ? undefined : shared;
  } catch {
    return undefined;
  }
}

function labeledExtract(
  of: { readonly salt: Uint8Array; readonly label: string; readonly ikm: Uint8Array },
  suite: Uint8Array,
): Buffer {
  // RFC 5869 §2.2: "if not provided, [salt] is set to a string of HashLen zeros"; HMAC pads with them.
  const mac = createHmac('sha256', of.salt);
  return mac.update(version).update(suite).update(of.label, 'latin1').update(of.ikm).digest();
}

/** RFC 5869 §2.3 for at most one block of output, which is all that is asked for here. */
function labeledExpand(
  pseudorandomKey: Uint8Array,
  of: { readonly label: string; readonly info: Uint8Array; readonly size: number },
  suite: Uint8Array,
): Buffer {
  const mac = createHmac('sha256', pseudorandomKey).update(Uint8Array.of(0, of.size));
  mac.update(version).update(suite).update(of.label, 'latin1').update(of.info);
  return mac.update(Uint8Array.of(1)).digest().subarray(0, of.size);
}
