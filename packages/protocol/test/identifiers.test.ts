// Identifiers have one canonical form.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseIdentifier } from '../src/identifiers.ts';
import { readVectors } from './read-vectors.ts';

test.each(readVectors('identifiers'))('agrees with $name', ({ content }) => {
  expect(Buffer.from(content.bytes, 'hex').toString()).toBe(content.text);
  const parsed = parseIdentifier(content.text);
  expect(parsed).toMatchObject(
    content.expect === 'accept'
      ? { verdict: 'accept', value: content.text }
      : { verdict: 'reject', code: content.expect },
  );
});

test('never repeats the identifier in a message', () => {
  for (const { content } of readVectors('identifiers')) {
    const parsed = parseIdentifier(content.text);
    if (parsed.verdict === 'accept' || content.text.length < 6) continue;
    expect(parsed.message).not.toContain(content.text.slice(4));
  }
});

test('never throws, and what it accepts is a URI as it stands', () => {
  const scheme = fc.constantFrom('tel:', 'mailto:', 'sip:', 'tel:+', '');
  const character = fc.constantFrom(..."+0123456789abcz.-_@!'*~$:;%?&AZé\n".split(''));
  const texts = fc.tuple(scheme, fc.string({ unit: character, maxLength: 24 }));
  fc.assert(
    fc.property(texts, ([scheme, rest]) => {
      const parsed = parseIdentifier(scheme + rest);
      if (parsed.verdict === 'accept') expect(new URL(parsed.value).href).toBe(scheme + rest);
    }),
    { numRuns: 20_000 },
  );
});

test('takes no longer than a moment over a megabyte', () => {
  // Of this thread's own time: other load on the machine costs it nothing.
  const before = process.threadCpuUsage();
  for (const text of ['a.'.repeat(500_000), `a@${'b.'.repeat(500_000)}`, '1'.repeat(1_000_000)]) {
    for (const scheme of ['mailto:', 'sip:', 'tel:+']) {
      expect(parseIdentifier(scheme + text).verdict).toBe('reject');
    }
  }
  const { user, system } = process.threadCpuUsage(before);
  expect((user + system) / 1000).toBeLessThan(1000);
});
