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
  ])('reads %s in %s', async (text, country, expected) => {
    expect(await readIdentifier(text, { named: country })).toBe(expected);
  });

  it.each(['', 'twelve', '912345678', '+0123456789', '+123', '+1234567890123456'])(
    'refuses %j without quoting it',
    async (text) => {
      const refused = await readIdentifier(text, {}).catch((error: unknown) => error);
      expect(refused).toMatchObject({ code: 'number_malformed' });
      expect(String(refused)).not.toMatch(/\d{6}/);
    },
  );

  it('takes a country of the locale, and refuses one that is named and none', async () => {
    const typed = '912 345 678';
    expect(await readIdentifier(typed, { locale: 'ES' })).toBe('tel:+34912345678');
    expect(await readIdentifier('+34 912 345 678', { locale: 'QQ' })).toBe('tel:+34912345678');
    await expect(readIdentifier(typed, { named: 'QQ' })).rejects.toMatchObject({ code: 'usage' });
  });
});

it('takes the country from the locale', () => {
  const terminal = (env: Record<string, string>) => ({ ...processTerminal(), env });
  expect(localeCountry(terminal({ LANG: 'es_ES.UTF-8' }))).toBe('ES');
  expect(localeCountry(terminal({ LANG: 'es_ES.UTF-8', LC_ALL: 'C' }))).toBeUndefined();
});
