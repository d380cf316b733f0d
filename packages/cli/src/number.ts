/**
 * From what people type to an identifier. The protocol alone decides what a number is
 * (`^\+[1-9]\d{6,14}$`); libphonenumber only reads spaces, brackets and national forms, because it
 * refuses numbers that networks accept (+44 7700 900001).
 */
import { parseIdentifier, type Identifier } from '@callbook/protocol';
import { isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js';
import { cliError } from './errors.ts';
import type { Terminal } from './terminal.ts';

/**
 * Returns the identifier that `text` means, read in `country` when it has no country code; also
 * takes identifiers in canonical form. Throws `number_malformed`.
 */
export function readIdentifier(text: string, country: string | undefined): Identifier {
  const typed = text.trim();
  const candidates = [
    typed,
    `tel:${typed}`,
    `tel:${readTyped(typed, country) ?? ''}`,
    `tel:${typed.replaceAll(/[\s()./-]/g, '')}`,
  ];
  for (const candidate of candidates) {
    const identifier = parseIdentifier(candidate);
    if (identifier.verdict === 'accept') return identifier.value;
  }
  throw cliError('number_malformed', `the ${typed.length} characters are not a telephone number`);
}

function readTyped(text: string, country: string | undefined): string | undefined {
  if (country !== undefined && !isSupportedCountry(country)) {
    throw cliError('usage', 'the country is not an ISO 3166 code such as ES');
  }
  return parsePhoneNumberFromString(text.replace(/^tel:/, ''), country)?.number;
}

/** The country of the locale (`es_ES.UTF-8` → ES); undefined for `C` and the like. */
export function localeCountry(terminal: Terminal): string | undefined {
  const { LC_ALL, LC_TELEPHONE, LANG } = terminal.env;
  const country = /^[a-z]{2,3}_([A-Z]{2})\b/.exec(LC_ALL ?? LC_TELEPHONE ?? LANG ?? '')?.[1];
  return country !== undefined && isSupportedCountry(country) ? country : undefined;
}

/** The number as people write it; other identifiers as they are. */
export function writeIdentifier(identifier: Identifier): string {
  return identifier.replace(/^tel:/, '');
}
