/**
 * SipHash-2-4 (Aumasson, Bernstein: "SipHash: a fast short-input PRF"), 64-bit result: what RFC 9018
 * makes server cookies with. JavaScript has no fast 64-bit integers, so each word is a low and a high
 * half; the state is one array for the thread, as a hash never waits for anything.
 */
import assert from 'node:assert/strict';

export const sipHashKeyBytes = 16;
export const sipHashBytes = 8;

const compressionRounds = 2;
const finalizationRounds = 4;
/** v0 to v3: low halves at even places, high halves after them. */
const state = new Int32Array(8);
/** "somepseudorandomlygeneratedbytes", by halves. */
const constants = Int32Array.of(
  0x70736575,
  0x736f6d65,
  0x6e646f6d,
  0x646f7261,
  0x6e657261,
  0x6c796765,
  0x79746573,
  0x74656462,
);

/** Writes the 8 octets of the hash of `octets`, little-endian, to `out`. The key has 16 octets. */
export function sipHash24(hashKey: Uint8Array, octets: Uint8Array, out: Uint8Array): void {
  assert(hashKey.length === sipHashKeyBytes, 'hash key has not 16 octets');
  for (let half = 0; half < 8; half += 1)
    state[half] = constants[half]! ^ wordAt(hashKey, (half & 3) * 4);
  const wholeBlocks = octets.length >> 3;
  for (let block = 0; block < wholeBlocks; block += 1)
    compress(wordAt(octets, block * 8), wordAt(octets, block * 8 + 4));
  // The last block has what is left, zeros, and the size modulo 256 in its last octet.
  const lastHigh = wordAt(octets, wholeBlocks * 8 + 4) | (octets.length << 24);
  compress(wordAt(octets, wholeBlocks * 8), lastHigh);
  state[4]! ^= 0xff;
  for (let round = 0; round < finalizationRounds; round += 1) sipRound();
  for (let index = 0; index < sipHashBytes; index += 1) {
    const half = index >> 2;
    const word = state[half]! ^ state[half + 2]! ^ state[half + 4]! ^ state[half + 6]!;
    out[index] = word >> ((index & 3) * 8);
  }
}

function compress(low: number, high: number): void {
  state[6]! ^= low;
  state[7]! ^= high;
  for (let round = 0; round < compressionRounds; round += 1) sipRound();
  state[0]! ^= low;
  state[1]! ^= high;
}

function sipRound(): void {
  addRotateXor(0, 2, 13);
  swapHalves(0);
  addRotateXor(4, 6, 16);
  addRotateXor(0, 6, 21);
  addRotateXor(4, 2, 17);
  swapHalves(4);
}

/** `left += right; right = rotate(right, bits) ^ left`, on 64 bits. */
function addRotateXor(left: number, right: number, bits: number): void {
  const low = state[right]!;
  const high = state[right + 1]!;
  const sum = (state[left]! >>> 0) + (low >>> 0);
  state[left] = sum;
  state[left + 1] = state[left + 1]! + high + (sum > 0xffff_ffff ? 1 : 0);
  state[right] = ((low << bits) | (high >>> (32 - bits))) ^ state[left];
  state[right + 1] = ((high << bits) | (low >>> (32 - bits))) ^ state[left + 1]!;
}

/** Rotation by 32 bits. */
function swapHalves(at: number): void {
  const low = state[at]!;
  state[at] = state[at + 1]!;
  state[at + 1] = low;
}

/** Four octets, little-endian; those after the end are 0. */
function wordAt(octets: Uint8Array, at: number): number {
  return (
    (octets[at] ?? 0) |
    ((octets[at + 1] ?? 0) << 8) |
    ((octets[at + 2] ?? 0) << 16) |
    ((octets[at + 3] ?? 0) << 24)
  );
}
