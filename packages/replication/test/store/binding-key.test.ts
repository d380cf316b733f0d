/** Rows of bindings lie apart, so that the time of a read tells nothing about the numbers around. */
import { describe, expect, it } from 'vitest';

import { bindingKey } from '../../src/store/row-keys.ts';

const places = Array.from({ length: 1000 }, (_nothing, n) => {
  const rowKey = Buffer.from(bindingKey(`tel:+4915${String(n).padStart(9, '0')}`));
  return rowKey.readUInt32BE(1) / 2 ** 32;
});

describe('bindingKey', () => {
  it('puts numbers that follow each other anywhere', () => {
    const ascents = places.filter((place, n) => n > 0 && place > places[n - 1]!).length;
    expect(ascents).toBeGreaterThan(400);
    expect(ascents).toBeLessThan(600);
    for (let tenth = 0; tenth < 10; tenth += 1) {
      const there = places.filter((place) => Math.floor(place * 10) === tenth).length;
      expect(there).toBeGreaterThan(50);
      expect(there).toBeLessThan(200);
    }
  });

  it('keeps the identifier whole, so that none takes the place of another', () => {
    const rowKey = Buffer.from(bindingKey('tel:+4915123456789'));
    expect(rowKey.subarray(0, 1).toString()).toBe('i');
    expect(rowKey.subarray(5).toString()).toBe('tel:+4915123456789');
  });
});
