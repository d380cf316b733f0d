/**
 * The signature of C2SP tlog-cosignature, version 1 on Ed25519 (algorithm 0x04): a timestamp in
 * seconds, big endian in 8 bytes, then the signature over header, time and the checkpoint's text.
 */
import { assert } from '../assert.ts';
import { concatBytes, utf8 } from '../bytes.ts';
import type { Cryptography, Ed25519Signer } from '../crypto/cryptography.ts';

const timestampBytes = 8;
const ed25519SignatureBytes = 64;

/** Makes the `timestamped_signature`, 72 bytes. */
export function timestampedSignature(
  text: Uint8Array,
  timestampSeconds: number,
  signer: Ed25519Signer,
): Uint8Array {
  assert(Number.isSafeInteger(timestampSeconds) && timestampSeconds >= 0, 'a POSIX timestamp');
  const bytes = new Uint8Array(timestampBytes + ed25519SignatureBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(timestampSeconds));
  bytes.set(signer.sign(signedMessage(text, timestampSeconds)), timestampBytes);
  return bytes;
}

/** Returns the timestamp in seconds, or undefined when the signature is bad. */
export function verifyTimestampedSignature(
  signature: Uint8Array,
  by: { readonly key: { readonly publicKey: Uint8Array }; readonly text: Uint8Array },
  crypto: Cryptography,
): number | undefined {
  if (signature.length !== timestampBytes + ed25519SignatureBytes) return undefined;
  // "It MUST NOT exceed 2^63 - 1": a safe integer is less, and later than any clock will show.
  const timestampSeconds = timestampOf(signature);
  if (!Number.isSafeInteger(timestampSeconds)) return undefined;
  const message = signedMessage(by.text, timestampSeconds);
  const bare = signature.subarray(timestampBytes);
  return crypto.ed25519Verify(message, bare, by.key.publicKey) ? timestampSeconds : undefined;
}

/** Reads the timestamp of a `timestamped_signature`, in seconds. */
export function timestampOf(signature: Uint8Array): number {
  const view = new DataView(signature.buffer, signature.byteOffset, signature.byteLength);
  return Number(view.getBigUint64(0));
}

function signedMessage(text: Uint8Array, timestampSeconds: number): Uint8Array {
  return concatBytes(utf8(`cosignature/v1\ntime ${timestampSeconds}\n`), text);
}
