/** The same seed is the same run; a seed decides all. */
import { describe, expect, it } from 'vitest';
import { simulate } from '../src/simulation/simulation.ts';

describe('a seed', { timeout: 120_000 }, () => {
  it.each([3, 9, 79, 134])('%i plays the same twice, event by event', async (seed) => {
    const first = await simulate({ seed });
    const second = await simulate({ seed });
    expect(second.traceHash).toBe(first.traceHash);
    expect(second.events).toBe(first.events);
    expect(first.events).toBeGreaterThan(500);
  });

  it('differs from another', async () => {
    const [one, other] = [await simulate({ seed: 3 }), await simulate({ seed: 16 })];
    expect(one.traceHash).not.toBe(other.traceHash);
  });
});
