/**
 * HalfSipHash-1-3 with a result of 32 bits: SipHash (Aumasson, Bernstein) on 32-bit words, as the Linux
 * kernel keys its hash tables. Without the key nobody can choose names that fall into one place. Not
 * for anything else: its key has 64 bits.
 */
import assert from 'node:assert/strict';

export const halfSipKeyBytes = 8;

/**
 * Hashes `sizeBytes` octets that start at a word; the octets after them up to the end of that word
 * must be 0. Little-endian words.
 */
export type HalfSipHash = (words: Int32Array, firstWord: number, sizeBytes: number) => number;

/** Returns the hash function of an 8-octet key; it returns integers of 32 bits, signed. */
export function createHalfSipHash(hashKey: Uint8Array): HalfSipHash {
  assert(hashKey.length === halfSipKeyBytes, 'hash key has not 8 octets');
  const view = new DataView(hashKey.buffer, hashKey.byteOffset);
  const key0 = view.getInt32(0, true);
  const key1 = view.getInt32(4, true);
  return (words, firstWord, sizeBytes) => {
    let v0 = key0;
    let v1 = key1;
    let v2 = key0 ^ 0x6c79_6765;
    let v3 = key1 ^ 0x7465_6462;
    const wholeWords = sizeBytes >> 2;
    // One round for each word; then one for the last octets with the size; then three more.
    for (let round = 0; round < wholeWords + 4; round += 1) {
      let word = 0;
      if (round < wholeWords) word = words[firstWord + round]!;
      else if (round === wholeWords)
        word = (sizeBytes << 24) | ((sizeBytes & 3) === 0 ? 0 : words[firstWord + round]!);
      else if (round === wholeWords + 1) v2 ^= 0xff;
      v3 ^= word;
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
      v0 ^= word;
    }
    return v1 ^ v3;
  };
}
