/** Every order must be equally likely, and all items stay. */
import type { Random } from '@callbook/protocol';
import { expect, it } from 'vitest';
import { shuffled } from '../src/shuffle.ts';

/** Gives the numbers as 32 bits each. */
function drawing(numbers: readonly number[]): Random {
  const left = [...numbers];
  return {
    bytes: (size) => {
      expect(size).toBe(4);
      const bytes = new Uint8Array(4);
      new DataView(bytes.buffer).setUint32(0, left.shift()!);
      return bytes;
    },
  };
}

it('gives each of the six orders of three for one of the six pairs of draws', () => {
  const orders = [0, 1, 2].flatMap((a) =>
    [0, 1].map((b) => shuffled(['x', 'y', 'z'], drawing([a, b])).join('')),
  );
  expect(orders.toSorted()).toEqual(['xyz', 'xzy', 'yxz', 'yzx', 'zxy', 'zyx']);
});

it('draws again what would make the first ones likelier', () => {
  // 2^32 - 1 is the one number above the last whole multiple of 3.
  const again = shuffled(['x', 'y', 'z'], drawing([2 ** 32 - 1, 1, 0]));
  expect(again).toEqual(shuffled(['x', 'y', 'z'], drawing([1, 0])));
});
