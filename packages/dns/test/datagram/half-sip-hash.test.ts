import { expect, test } from 'vitest';
import { createHalfSipHash } from '../../src/datagram/half-sip-hash.ts';

/** Linux, lib/tests/siphash_kunit.c, HalfSipHash-1-3: key 00…07, inputs of 0, 1, 2 … octets 00, 01, 02 … */
const expected = [
  0x5814c896, 0xe7e864ca, 0xbc4b0e30, 0x01539939, 0x7e059ea6, 0x88e3d89b, 0xa0080b65, 0x9d38d9d6,
  0x577999b1, 0xc839caed, 0xe4fa32cf, 0x959246ee, 0x6b28096c, 0x66dd9cd6, 0x16658a7c, 0xd0257b04,
  0x8b31d501, 0x2b1cd04b, 0x06712339, 0x522aca67, 0x911bb605, 0x90a65f0e, 0xf826ef7b, 0x62512deb,
];

test('hashes as the vectors of the Linux kernel say', () => {
  const hash = createHalfSipHash(Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7));
  const hashes = expected.map((_hash, size) => {
    const octets = new Uint8Array(64);
    // From the second word on, as a key has it.
    for (let index = 0; index < size; index += 1) octets[4 + index] = index;
    return hash(new Int32Array(octets.buffer), 1, size) >>> 0;
  });
  expect(hashes).toEqual(expected);
});
