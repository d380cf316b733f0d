/** What people type becomes an identifier by protocol validity, whatever the library thinks. */
import { describe, expect, it } from 'vitest';
import { localeCountry, readIdentifier } from '../src/number.ts';
import { processTerminal } from '../src/terminal.ts';

describe('readIdentifier', () => {
  it.each([
    ['+34912345678', undefined, 'tel:+34912345678'],
    ['+34 912 34 56 78', undefined, 'tel:+34912345678'],
    ['912 345 678', 'ES', 'tel:+34912345678'],
    ['0034 912345678', 'DE', 'tel:+34912345678'],
    ['+44 7700 900001', undefined, 'tel:+447700900001'],
    ['+44 (0) 7700 900001', undefined, 'tel:+447700900001'],
    ['07700 900001', 'GB', 'tel:+447700900001'],
    ['+1 (555) 555-0100', undefined, 'tel:+15555550100'],
    ['+999 1234567', undefined, 'tel:+9991234567'],
    ['tel:+4915123456789', undefined, 'tel:+4915123456789'],
    ['mailto:alice@example.org', undefined, 'mailto:alice@example.org'],
  ])('reads %s in %s', (text, country, expected) => {
    expect(readIdentifier(text, country)).toBe(expected);
  });

  it.each(['', 'twelve', '912345678', '+0123456789', '+123', '+1234567890123456'])(
    'refuses %j without quoting it',
    (text) => {
      const read = (): unknown => readIdentifier(text, undefined);
      expect(read).toThrow(expect.objectContaining({ code: 'number_malformed' }));
      expect(read).not.toThrow(/\d{6}/);
    },
  );
});

it('takes the country from the locale', () => {
  const terminal = (env: Record<string, string>) => ({ ...processTerminal(), env });
  expect(localeCountry(terminal({ LANG: 'es_ES.UTF-8' }))).toBe('ES');
  expect(localeCountry(terminal({ LANG: 'es_ES.UTF-8', LC_ALL: 'C' }))).toBeUndefined();
});
