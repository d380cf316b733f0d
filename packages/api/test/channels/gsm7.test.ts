import { describe, expect, it } from 'vitest';
import { assertHostFits, challengeText } from '../../src/challenges/challenge-text.ts';
import { gsm7Septets, smsSegmentSeptetsMax } from '../../src/index.ts';

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

describe('the text of a code message', () => {
  const longestHost = `${'a'.repeat(62)}.test`;
  const codes = { app: '_'.repeat(43), digits: '01234567' } as const;

  it.each(['app', 'digits'] as const)('fits one segment with the longest host (%s)', (form) => {
    assertHostFits(longestHost);
    const text = challengeText({ form, host: longestHost, code: codes[form] });
    expect(gsm7Septets(text)).toBeLessThanOrEqual(smsSegmentSeptetsMax);
  });

  it('fills the segment exactly with the longest host', () => {
    const text = challengeText({ form: 'app', host: longestHost, code: codes.app });
    expect(gsm7Septets(text)).toBe(smsSegmentSeptetsMax);
    expect(() => assertHostFits(`a${longestHost}`)).toThrow('host has 68 characters, at most 67');
  });

  it('begins with a sentence and ends with the code bound to the host', () => {
    for (const form of ['app', 'digits'] as const) {
      const lines = challengeText({ form, host: 'alpha.test', code: codes[form] }).split('\n');
      expect(lines[0]).toMatch(/^Callbook/);
      expect(lines.at(-1)).toBe(`@alpha.test #${codes[form]}`);
    }
  });
});
