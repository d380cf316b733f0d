/**
 * RSABSSA-SHA384-PSS-Deterministic (RFC 9474) on the client's side, with the big integers of the language:
 * blinding, and taking the blind off again. Keys have 2048 bits and the exponent 65537, so a token costs 17
 * multiplications twice and one inverse. Nothing here is constant-time: whoever could measure it sees the
 * token before it is spent anyway.
 */
import { sha384 } from '@noble/hashes/sha2.js';
import { concatBytes } from '@callbook/protocol';
import type { Random } from '@callbook/protocol';

const modulusBytes = 256;
const hashBytes = 48;
const saltBytes = 48;
/** The modulus has all of 2048 bits: the encoded message has one bit less. */
const topMask = 0x7f;
const trailer = 0xbc;

export interface BlindedMessage {
  /** What is sent, 256 bytes. */
  readonly blinded: Uint8Array;
  /** Takes the blind off; undefined when the signature is not one of the message under the key. */
  finalize(blindSignature: Uint8Array): Uint8Array | undefined;
}

/** Blinds a message for the key with this modulus, 256 bytes (RFC 9474 §4.2). */
export function blindMessage(
  message: Uint8Array,
  modulus: Uint8Array,
  random: Random,
): BlindedMessage {
  const n = integerOf(modulus);
  const m = integerOf(encodePss(message, random.bytes(saltBytes)));
  const { r, inverse } = drawBlind(n, random);
  const blinded = octetsOf((m * publicPower(r, n)) % n);
  return {
    blinded,
    finalize(blindSignature) {
      const z = integerOf(blindSignature);
      if (blindSignature.length !== modulusBytes || z >= n) return undefined;
      const signature = (z * inverse) % n;
      // RFC 9474 §4.4: the result MUST be verified.
      return publicPower(signature, n) === m ? octetsOf(signature) : undefined;
    },
  };
}

/** EMSA-PSS-ENCODE (RFC 8017 §9.1.1) with SHA-384, MGF1 and a salt of 48 octets. */
function encodePss(message: Uint8Array, salt: Uint8Array): Uint8Array {
  const hash = sha384(concatBytes(new Uint8Array(8), sha384(message), salt));
  const block = new Uint8Array(modulusBytes - hashBytes - 1);
  block.set(salt, block.length - saltBytes);
  block[block.length - saltBytes - 1] = 1;
  const mask = mgf1(hash, block.length);
  for (let at = 0; at < block.length; at += 1) block[at]! ^= mask[at]!;
  block[0]! &= topMask;
  return concatBytes(block, hash, Uint8Array.of(trailer));
}

/** MGF1 (RFC 8017 §B.2.1). */
function mgf1(seed: Uint8Array, size: number): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let counter = 0; parts.length * hashBytes < size; counter += 1) {
    parts.push(sha384(concatBytes(seed, Uint8Array.of(0, 0, counter >> 8, counter & 0xff))));
  }
  return concatBytes(...parts).subarray(0, size);
}

/** Draws a number that has an inverse, each as likely as any other. */
function drawBlind(n: bigint, random: Random): { readonly r: bigint; readonly inverse: bigint } {
  for (;;) {
    const r = integerOf(random.bytes(modulusBytes));
    const inverse = r < n && r > 0n ? inverseOf(r, n) : undefined;
    if (inverse !== undefined) return { r, inverse };
  }
}

/** By Euclid's algorithm; undefined where there is none. */
function inverseOf(value: bigint, n: bigint): bigint | undefined {
  let [a, b] = [value, n];
  let [x, y] = [1n, 0n];
  while (b !== 0n) {
    const quotient = a / b;
    [a, b] = [b, a - quotient * b];
    [x, y] = [y, x - quotient * y];
  }
  return a === 1n ? ((x % n) + n) % n : undefined;
}

/** The value to the power of 65537. */
function publicPower(value: bigint, n: bigint): bigint {
  let power = value;
  for (let squares = 0; squares < 16; squares += 1) power = (power * power) % n;
  return (power * value) % n;
}

function integerOf(octets: Uint8Array): bigint {
  return BigInt(`0x${octets.toHex()}`);
}

function octetsOf(value: bigint): Uint8Array {
  return Uint8Array.fromHex(value.toString(16).padStart(2 * modulusBytes, '0'));
}
