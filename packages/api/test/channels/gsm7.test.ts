import { describe, expect, it } from 'vitest';
import { gsm7Septets } from '../../src/index.ts';

describe('septets', () => {
  it.each([
    ['', 0],
    ['@host #code', 11],
    ['Ä\n', 2],
    ['€[]', 6],
    ['Ωmega', 5],
  ])('counts %j', (text, septets) => expect(gsm7Septets(text)).toBe(septets));

  it.each(['ç', '`', '“', '’', '—', '😀', '\t'])('has no septet for %j', (text) =>
    expect(gsm7Septets(text)).toBeUndefined(),
  );

  it('knows the 128 characters of the alphabet, less the escape', () => {
    const characters = Array.from({ length: 0x2000 }, (_, i) => String.fromCodePoint(i));
    expect(characters.filter((character) => gsm7Septets(character) === 1)).toHaveLength(127);
  });
});
