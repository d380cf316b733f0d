import { expect, it } from 'vitest';
import { CoarseCounter } from '../../src/metrics/coarse-counter.ts';

const drawn = (phase: number): CoarseCounter =>
  new CoarseCounter({ bytes: () => Uint8Array.of(phase) });

it('moves in sixteens, from a place that was drawn', () => {
  for (const phase of [0, 5, 15, 255]) {
    const counter = drawn(phase);
    const seen = Array.from({ length: 64 }, () => {
      counter.add(1);
      return counter.value;
    });
    expect(seen.every((value) => value % 16 === 0)).toBe(true);
    expect(seen.indexOf(16)).toBe(15 - (phase % 16));
    expect(seen.at(-1)).toBe(64);
  }
});

it('takes over counts that are kept elsewhere', () => {
  const counter = drawn(0);
  counter.set(47);
  expect(counter.value).toBe(32);
});
