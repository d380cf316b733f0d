/**
 * Recovery codes: 128 random bits on paper, which sign the request of whoever has lost every key. A
 * code is eight groups of four characters of Crockford's base32 (no I, L, O, U): 16 bytes and four of
 * SHA-256 over them, so that no typing error passes. The key depends on the identifier as well: two
 * identifiers never show the same one in the log.
 */
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { assert } from './assert.ts';
import { bytesEqual, concatBytes, utf8 } from './bytes.ts';
import { ed25519PublicKey } from './crypto/edwards.ts';
import type { KeyPair } from './derived-keys.ts';
import type { Identifier } from './identifiers.ts';
import { accept, reject } from './verdict.ts';
import type { Verdict } from './verdict.ts';

const secretBytes = 16;
const checksumBytes = 4;
const codeCharacters = 32;
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** Longest text that is looked at: the characters, each with a space after it. */
const typedCharactersMax = 128;

/** Writes a secret of 16 bytes as `XXXX-XXXX-…`. */
export function encodeRecoveryCode(secret: Uint8Array): string {
  assert(secret.length === secretBytes, `secret is ${secret.length} bytes, not ${secretBytes}`);
  const bytes = concatBytes(secret, checksumOf(secret));
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('');
  const characters = bits.replaceAll(/.{5}/g, (five) => alphabet[Number.parseInt(five, 2)]!);
  return characters.match(/.{4}/g)!.join('-');
}

/**
 * Reads a code as people type it: either case, I and L for 1, O for 0, hyphens and spaces anywhere.
 * Code `recovery_code_malformed`; the message says how many characters, never which.
 */
export function parseRecoveryCode(text: string): Verdict<Uint8Array> {
  if (text.length > typedCharactersMax) return malformed(`${text.length} characters`);
  const typed = text
    .toUpperCase()
    .replaceAll(/[\s-]/g, '')
    .replaceAll(/[IL]/g, '1')
    .replaceAll('O', '0');
  if (typed.length !== codeCharacters) return malformed(`${typed.length} characters`);
  const values = Array.from(typed, (character) => alphabet.indexOf(character));
  if (values.includes(-1)) return malformed('a character that no code has');
  const bits = values.map((value) => value.toString(2).padStart(5, '0')).join('');
  const bytes = Uint8Array.from(bits.match(/.{8}/g)!, (eight) => Number.parseInt(eight, 2));
  const secret = bytes.subarray(0, secretBytes);
  return bytesEqual(bytes.subarray(secretBytes), checksumOf(secret))
    ? accept(secret)
    : malformed('a typing error');
}

/** The key pair of a code for one identifier: Ed25519, 32 and 32 bytes. */
export function recoveryKeyOf(secret: Uint8Array, identifier: Identifier): KeyPair {
  assert(secret.length === secretBytes, `secret is ${secret.length} bytes, not ${secretBytes}`);
  const info = utf8(`callbook/1 recovery ${identifier}`);
  const secretKey = hkdf(sha256, secret, undefined, info, 32);
  return { secretKey, publicKey: ed25519PublicKey(secretKey) };
}

function checksumOf(secret: Uint8Array): Uint8Array {
  const domain = utf8('callbook/1 recovery code\n');
  return sha256(concatBytes(domain, secret)).subarray(0, checksumBytes);
}

function malformed(what: string): Verdict<Uint8Array> {
  return reject('recovery_code_malformed', `the code has ${what}, not ${codeCharacters} of base32`);
}
