/** The messages that carry codes, at the limits of what reads them. */
import { describe, expect, it } from 'vitest';
import {
  assertHostFits,
  challengeText,
  codeTextBytesMax,
} from '../../src/challenges/challenge-text.ts';
import { gsm7Septets } from '../../src/index.ts';

const codes = { app: '_'.repeat(43), digits: '01234567' } as const;
const appHash = 'FA+9qCX9VSu';
const hostOf = (length: number): string => `${'a'.repeat(length - 5)}.test`;
const longestHost = hostOf(50);
const forms = ['app', 'digits'] as const;

describe('octets of a message', () => {
  it.each([
    [49, 139],
    [50, 140],
  ])('a host of %i characters makes %i with an app and the longer code', (length, octets) => {
    assertHostFits(hostOf(length));
    const text = challengeText({ form: 'app', host: hostOf(length), code: codes.app, appHash });
    expect(Buffer.byteLength(text)).toBe(octets);
    // None of its characters takes two septets: 140 octets hold 160 of them.
    expect(gsm7Septets(text)).toBe(octets);
  });

  it('a host of 51 characters is refused before the first code, and by the text itself', () => {
    expect(() => assertHostFits(hostOf(51))).toThrow('host has 51 characters, at most 50');
    expect(() =>
      challengeText({ form: 'app', host: hostOf(51), code: codes.app, appHash }),
    ).toThrow('code message takes 141 septets and 141 octets');
  });

  it.each(forms)('every other message is shorter (%s)', (form) => {
    for (const hash of [undefined, appHash]) {
      const text = challengeText({ form, host: longestHost, code: codes[form], appHash: hash });
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(codeTextBytesMax);
    }
  });

  it('a character outside the alphabet is in no message', () => {
    expect(() => challengeText({ form: 'app', host: 'ж.test', code: codes.app })).toThrow(
      'code message takes no septets',
    );
  });
});

describe('a message', () => {
  it.each(forms)('begins with a sentence and ends with the code bound to the host (%s)', (form) => {
    for (const hash of [undefined, appHash]) {
      const text = challengeText({ form, host: 'alpha.test', code: codes[form], appHash: hash });
      const lines = text.split('\n');
      expect(lines[0]).toMatch(/^Callbook/);
      // As a browser reads it: origin-bound one-time codes §2.3 ("@", host, space, "#", code).
      expect(lines.at(-2)).toBe('');
      expect(/^@([^ ]+) #([^ ]+)$/.exec(lines.at(-1)!)?.slice(1)).toEqual([
        'alpha.test',
        codes[form],
      ]);
    }
  });

  it.each(forms)('has the line of an app that named itself, and none else (%s)', (form) => {
    const message = { form, host: 'alpha.test', code: codes[form] };
    const named = challengeText({ ...message, appHash }).split('\n');
    expect(named.at(-3)).toBe(appHash);
    expect(named.toSpliced(-3, 1)).toEqual(challengeText(message).split('\n'));
  });
});
