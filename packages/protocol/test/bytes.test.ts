// The byte operations that everything else stands on.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesEqual, compareBytes, concatBytes, utf8 } from '../src/bytes.ts';

const bytes = fc.uint8Array({ maxLength: 6, max: 3 });

test('compareBytes is the order of Buffer.compare', () => {
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(a, b));
      expect(bytesEqual(a, b)).toBe(Buffer.compare(a, b) === 0);
    }),
    { numRuns: 2000 },
  );
});

test('concatBytes joins in order, also nothing', () => {
  expect(concatBytes()).toEqual(new Uint8Array(0));
  expect(concatBytes(utf8('a'), utf8(''), utf8('bc'))).toEqual(utf8('abc'));
});
