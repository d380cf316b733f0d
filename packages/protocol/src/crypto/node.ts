/**
 * Cryptography on `node:crypto` (OpenSSL): the fallback of members and auditors where libsodium's
 * binding is not installed. The VRF is noble's, because OpenSSL offers no group operations.
 */
import { createPrivateKey, createPublicKey, hash, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { assert } from '../assert.ts';
import { concatBytes } from '../bytes.ts';
import { passesSignatureGate } from './signature-gate.ts';
import { nobleVrfProver, nobleVrfVerify } from './vrf-noble.ts';
import type { Cryptography, Ed25519Signer } from './cryptography.ts';

export const nodeCryptography: Cryptography = {
  name: 'node',
  sha256,
  hmacSha256,
  ed25519Signer,
  ed25519Verify,
  p256Verify,
  vrfProver: nobleVrfProver,
  vrfVerify: nobleVrfVerify,
};

/**
 * One-shot hashing of a joined message takes a third of the time of a hash object with updates. The
 * digest comes as text of one character a byte: as a `Buffer` it would be memory outside the engine's
 * heap, which costs more to make and to collect than the hash itself.
 */
function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const text = hash('sha256', joined(parts), 'latin1');
  const digest = new Uint8Array(digestBytes);
  for (let i = 0; i < digestBytes; i++) digest[i] = text.charCodeAt(i);
  return digest;
}

const digestBytes = 32;

/** Where messages are joined: leaves and nodes of the tree, thousands a second. */
const scratch = new Uint8Array(new ArrayBuffer(4096));

function joined(parts: readonly Uint8Array[]): Uint8Array {
  let size = 0;
  for (const part of parts) size += part.length;
  if (size > scratch.length) return concatBytes(...parts);
  let offset = 0;
  for (const part of parts) {
    scratch.set(part, offset);
    offset += part.length;
  }
  return (joinedOfSize[size] ??= scratch.subarray(0, size));
}

/** Views of the messages in `scratch`, by their size. */
const joinedOfSize: (Uint8Array | undefined)[] = Array.from({ length: scratch.length + 1 });

/** RFC 2104 §2: "H(K XOR opad, H(K XOR ipad, text))"; two one-shot hashes take less than an HMAC object. */
function hmacSha256(hmacKey: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  // "Applications that use keys longer than B bytes will first hash the key using H."
  const blockKey = hmacKey.length > blockBytes ? sha256(hmacKey) : hmacKey;
  const inner = sha256(padded(blockKey, 0x36), ...parts);
  const mac = sha256(padded(blockKey, 0x5c), inner);
  // Keys may be secret: none stays behind.
  padScratch.fill(0);
  scratch.fill(0, 0, blockBytes);
  return mac;
}

const blockBytes = 64;
const padScratch = new Uint8Array(blockBytes);

function padded(blockKey: Uint8Array, pad: number): Uint8Array {
  for (let i = 0; i < blockBytes; i++) padScratch[i] = (blockKey[i] ?? 0) ^ pad;
  return padScratch;
}

/** RFC 8410 §7 and §4: the DER that stands before the 32 raw bytes. */
const privateKeyPrefix = Uint8Array.fromHex('302e020100300506032b657004220420');
const publicKeyPrefix = Uint8Array.fromHex('302a300506032b6570032100');

function ed25519Signer(secretKey: Uint8Array): Ed25519Signer {
  assert(secretKey.length === 32, `secret key is ${secretKey.length} bytes, not 32`);
  const der = Buffer.concat([privateKeyPrefix, secretKey]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  der.fill(0);
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return {
    publicKey: plain(spki.subarray(publicKeyPrefix.length)),
    sign: (message) => plain(sign(null, message, privateKey)),
  };
}

function ed25519Verify(message: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean {
  if (!passesSignatureGate(signature, publicKey)) return false;
  const key = Buffer.concat([publicKeyPrefix, publicKey]);
  try {
    return verify(null, message, { key, format: 'der', type: 'spki' }, signature);
  } catch {
    // OpenSSL throws instead of returning false for some keys that are no point.
    return false;
  }
}

/** RFC 5480 §2: the DER that stands before the coordinates of a P-256 point, with SEC 1's 04. */
const p256KeyPrefix = Uint8Array.fromHex('3059301306072a8648ce3d020106082a8648ce3d03010703420004');

function p256Verify(message: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean {
  if (signature.length !== 64 || publicKey.length !== 64) return false;
  try {
    const opened = { key: openedP256Key(publicKey), dsaEncoding: 'ieee-p1363' } as const;
    return verify('sha256', message, opened, signature);
  } catch {
    // OpenSSL throws for what is no point of the curve.
    return false;
  }
}

/** A zone's key checks one answer after the other; opening it takes a quarter of the time of a check. */
const openedP256Keys = new Map<string, KeyObject>();
const openedP256KeysMax = 64;

function openedP256Key(publicKey: Uint8Array): KeyObject {
  const der = Buffer.concat([p256KeyPrefix, publicKey]);
  const row = der.toString('latin1');
  const known = openedP256Keys.get(row);
  if (known !== undefined) return known;
  const opened = createPublicKey({ key: der, format: 'der', type: 'spki' });
  const [oldest] = openedP256Keys.keys();
  if (openedP256Keys.size >= openedP256KeysMax) openedP256Keys.delete(oldest!);
  openedP256Keys.set(row, opened);
  return opened;
}

/** Copies out of Node's shared buffer pool into a plain `Uint8Array`. */
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer);
}
