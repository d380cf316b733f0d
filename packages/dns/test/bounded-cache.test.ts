/** The cache: never over its limit, and kind to what is used. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BoundedCache } from '../src/bounded-cache.ts';

describe('BoundedCache', () => {
  it('never holds more than its limit, and never another value', () => {
    const step = fc.tuple(fc.constantFrom('get', 'set'), fc.nat(20));
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 9 }), fc.array(step), (limit, steps) => {
        const cache = new BoundedCache<string>(limit);
        for (const [kind, number] of steps) {
          if (kind === 'set') cache.set(`${number}`, `value ${number}`);
          else expect([undefined, `value ${number}`]).toContain(cache.get(`${number}`));
          expect(cache.size).toBeLessThanOrEqual(limit);
        }
      }),
    );
  });

  it('keeps a value that is asked for through any number of others', () => {
    const cache = new BoundedCache<number>(10);
    cache.set('used', 1);
    for (let index = 0; index < 1000; index += 1) {
      cache.set(`other ${index}`, index);
      expect(cache.get('used')).toBe(1);
    }
  });
});
