/**
 * From what people type to an identifier. The protocol alone decides what a number is
 * (`^\+[1-9]\d{6,14}$`); libphonenumber only reads spaces, brackets and national forms, because it
 * refuses numbers that networks accept (+44 7700 900001). It is loaded when there is something of
 * that kind to read: its tables cost more than most commands.
 */
import { parseIdentifier, type Identifier } from '@callbook/protocol';
import { cliError } from './errors.ts';
import type { Terminal } from './terminal.ts';

/** The country in which a number without country code is read. */
export interface NumberCountry {
  /** Named by the holder: what is no country is refused. */
  readonly named?: string | undefined;
  /** That of the locale, where none is named. */
  readonly locale?: string | undefined;
}

/**
 * Returns the identifier that `text` means; also takes identifiers in canonical form. Throws
 * `number_malformed`, and `usage` for a country that is none where one is needed.
 */
export async function readIdentifier(text: string, country: NumberCountry): Promise<Identifier> {
  const typed = text.trim();
  const identifier =
    parseFirst([typed, `tel:${typed}`]) ??
    parseFirst([
      `tel:${(await readTyped(typed, country)) ?? ''}`,
      `tel:${typed.replaceAll(/[\s()./-]/g, '')}`,
    ]);
  if (identifier !== undefined) return identifier;
  throw cliError('number_malformed', `the ${typed.length} characters are not a telephone number`);
}

function parseFirst(candidates: readonly string[]): Identifier | undefined {
  for (const candidate of candidates) {
    const identifier = parseIdentifier(candidate);
    if (identifier.verdict === 'accept') return identifier.value;
  }
  return undefined;
}

async function readTyped(text: string, country: NumberCountry): Promise<string | undefined> {
  const { isSupportedCountry, parsePhoneNumberFromString } = await import('libphonenumber-js');
  const { named, locale } = country;
  if (named !== undefined && !isSupportedCountry(named)) {
    throw cliError('usage', 'the country is not an ISO 3166 code such as ES');
  }
  const assumed = locale !== undefined && isSupportedCountry(locale) ? locale : undefined;
  return parsePhoneNumberFromString(text.replace(/^tel:/, ''), named ?? assumed)?.number;
}

/** The country of the locale (`es_ES.UTF-8` → ES); undefined for `C` and the like. */
export function localeCountry(terminal: Terminal): string | undefined {
  const { LC_ALL, LC_TELEPHONE, LANG } = terminal.env;
  return /^[a-z]{2,3}_([A-Z]{2})\b/.exec(LC_ALL ?? LC_TELEPHONE ?? LANG ?? '')?.[1];
}

/** The number as people write it; other identifiers as they are. */
export function writeIdentifier(identifier: Identifier): string {
  return identifier.replace(/^tel:/, '');
}
