// Leaves: form and limits.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeLeaf, parseLeaf } from '../src/leaf.ts';
import { readVectors } from './read-vectors.ts';
import type { Leaf } from '../src/leaf.ts';

test.each(readVectors('leaves'))('agrees with $name', ({ content }) => {
  const bytes = Uint8Array.fromHex(content.bytes);
  const parsed = parseLeaf(bytes);
  if (content.expect !== 'accept') {
    expect(parsed).toMatchObject({ verdict: 'reject', code: content.expect });
    return;
  }
  if (parsed.verdict !== 'accept') throw new Error(parsed.message);
  expect(encodeLeaf(parsed.value)).toEqual(bytes);
});

test('decodes to what it was', () => {
  const charter = fc.uint8Array({ minLength: 32, maxLength: 32 });
  const leaves = fc.oneof(
    fc.record<Leaf>({
      v: fc.constant(1),
      at: fc.maxSafeNat(),
      charter,
      role: fc.constantFrom('received', 'challenged', 'witnessed'),
      entry: fc.uint8Array({ maxLength: 1024 }),
    }),
    fc.record<Leaf>({
      v: fc.constant(1),
      at: fc.maxSafeNat(),
      charter,
      role: fc.constant('charter'),
    }),
  );
  fc.assert(
    fc.property(leaves, (leaf) => {
      expect(parseLeaf(encodeLeaf(leaf))).toEqual({ verdict: 'accept', value: leaf });
    }),
    { numRuns: 500 },
  );
});

test('never throws on random bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      expect(['accept', 'reject']).toContain(parseLeaf(bytes).verdict);
    }),
    { numRuns: 5000 },
  );
});
