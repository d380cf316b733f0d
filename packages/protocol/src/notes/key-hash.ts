/**
 * Key hashes of C2SP signed-note: four bytes by which a signature line names its key. They find a key
 * and protect nothing, for anyone can make two keys collide.
 */
import { utf8 } from '../bytes.ts';

const newline = Uint8Array.of(0x0a);

/** C2SP signature types that this project knows: Ed25519 and timestamped Ed25519 cosignatures. */
export type SignatureAlgorithm = 0x01 | 0x04;

/** A public key and the name that it signs notes under. */
export interface NamedPublicKey {
  readonly name: string;
  readonly algorithm: SignatureAlgorithm;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
}

/** Returns the first four bytes of SHA-256(name ‖ 0x0A ‖ algorithm ‖ public key). */
export function keyHashOf(
  key: NamedPublicKey,
  sha256: (...parts: readonly Uint8Array[]) => Uint8Array,
): Uint8Array {
  return sha256(utf8(key.name), newline, Uint8Array.of(key.algorithm), key.publicKey).slice(0, 4);
}

/** Tells whether a key name is one a signature line can carry (C2SP signed-note, Format). */
export function isKeyName(name: string): boolean {
  // "Key names MUST be non-empty and MUST NOT contain any Unicode spaces or plus (U+002B)
  // characters." The note itself may hold no control characters.
  return (
    name !== '' && name.isWellFormed() && !/[+\p{White_Space}]/u.test(name) && !hasControl(name)
  );
}

/** Tells whether text has an ASCII control character; `except` is one that may stand there. */
export function hasControl(text: string, except?: '\n'): boolean {
  for (let index = 0; index < text.length; index += 1) {
    if (text.charCodeAt(index) < 0x20 && text[index] !== except) return true;
  }
  return false;
}
