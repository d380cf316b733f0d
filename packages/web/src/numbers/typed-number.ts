/**
 * From what people type to a number: spaces, brackets, `00`, a national zero, digits of other scripts.
 * The country is a guess until the text begins with `+`. What the dialling plan finds odd is said and
 * never refused, since networks have numbers that no table knows; the protocol alone refuses.
 */
import { parseIdentifier, type Identifier } from '@callbook/protocol';
import { planOf, planOfDigits, type DiallingPlan } from './dialling-plan.ts';

/** Why a text is no number. */
type NumberFault = 'letters' | 'too_long' | 'country_unknown';

/** What a text is so far. */
export type TypedNumber =
  | { readonly state: 'empty' }
  /** Goes on being typed. */
  | { readonly state: 'short'; readonly country: string | undefined }
  | { readonly state: 'bad'; readonly fault: NumberFault }
  | {
      readonly state: 'good';
      readonly identifier: Identifier;
      /** Where it seems to be: for the flag and the name. */
      readonly country: string | undefined;
      /** As people write it: `+34 912 345 678`. */
      readonly shown: string;
      /** Longer or shorter than numbers of that country are. */
      readonly unusual: boolean;
    };

/** Reads `text`, without country code as a number of `country` (ISO 3166-1). */
export function readTypedNumber(text: string, country: string): TypedNumber {
  const typed = asciiDigits(text).trim().replace(/^tel:/i, '');
  if (typed === '') return { state: 'empty' };
  // "+44 (0)7700 900001": the bracketed zero is for whoever dials inside the country.
  const bare = typed
    .replace(/\(0\)/g, '')
    .replaceAll(/[\s()./\-\u2010-\u2015\u00ad\u200b-\u200f]/g, '');
  if (!/^\+?\d*$/.test(bare)) return { state: 'bad', fault: 'letters' };
  const abroad = bare.replace(/^00/, '+');
  if (abroad.startsWith('+')) return readInternational(abroad.slice(1), country);
  const plan = planOf(country);
  if (plan === undefined) return { state: 'bad', fault: 'country_unknown' };
  return judge(nationalPart(bare, plan), plan);
}

/** A number as people write it; other identifiers without their scheme. */
export function showNumber(identifier: string): string {
  const digits = /^tel:\+(\d+)$/.exec(identifier)?.[1];
  if (digits === undefined) return identifier.replace(/^[a-z]+:/, '');
  const code = planOfDigits(digits, '')?.callingCode ?? '';
  return `+${code} ${inGroups(digits.slice(code.length))}`.replace('+ ', '+');
}

/** The country of the browser's languages: the first that names one, or the likeliest of the first. */
export function guessCountry(languages: readonly string[]): string {
  const locales = languages.flatMap(parseLocale);
  const named = locales.find(({ region }) => isCountry(region))?.region;
  return named ?? locales.map((l) => l.maximize().region).find(isCountry) ?? 'GB';
}

function isCountry(region: string | undefined): boolean {
  return region !== undefined && planOf(region) !== undefined;
}

function parseLocale(tag: string): Intl.Locale[] {
  try {
    return [new Intl.Locale(tag)];
  } catch {
    return [];
  }
}

function readInternational(digits: string, country: string): TypedNumber {
  const plan = planOfDigits(digits, country);
  if (plan !== undefined) {
    const national = digits.slice(plan.callingCode.length);
    return judge(plan.trunk === '0' ? national.replace(/^0/, '') : national, plan);
  }
  // Calling codes have at most three digits; some of them, +882 for one, are no country's.
  if (digits.length < 3) return { state: 'short', country: undefined };
  return accepted(digits, undefined) ?? shortOrLong(digits, undefined);
}

/** Without the prefix that is dialled inside the country only. */
function nationalPart(digits: string, { trunk }: DiallingPlan): string {
  return trunk !== '' && digits.startsWith(trunk) ? digits.slice(trunk.length) : digits;
}

function judge(national: string, plan: DiallingPlan): TypedNumber {
  const digits = plan.callingCode + national;
  if (national.length < plan.digitsMin) {
    // Far too short is still being typed; one digit short may be a number that the table does not know.
    const nearly = national.length === plan.digitsMin - 1 && national.length >= 6;
    return (nearly ? accepted(digits, plan) : undefined) ?? shortOrLong(digits, plan);
  }
  return accepted(digits, plan) ?? shortOrLong(digits, plan);
}

function accepted(digits: string, plan: DiallingPlan | undefined): TypedNumber | undefined {
  const parsed = parseIdentifier(`tel:+${digits}`);
  if (parsed.verdict !== 'accept') return undefined;
  const length = digits.length - (plan?.callingCode.length ?? 0);
  const unusual = plan === undefined || length < plan.digitsMin || length > plan.digitsMax;
  const { value: identifier } = parsed;
  return {
    state: 'good',
    identifier,
    country: plan?.country,
    shown: showNumber(identifier),
    unusual,
  };
}

function shortOrLong(digits: string, plan: DiallingPlan | undefined): TypedNumber {
  // E.164: at most 15 digits.
  if (digits.length > 15) return { state: 'bad', fault: 'too_long' };
  return { state: 'short', country: plan?.country };
}

/** Digits of other scripts as 0 to 9: Unicode has each script's ten in a row, from a multiple of ten on. */
function asciiDigits(text: string): string {
  return text.normalize('NFKC').replaceAll(/\p{Nd}/gu, (digit) => {
    let zero = digit.codePointAt(0) ?? 0;
    const value = zero;
    while (/\p{Nd}/u.test(String.fromCodePoint(zero - 1)) && value - zero < 9) zero -= 1;
    return /\d/.test(digit) ? digit : String(value - zero);
  });
}

/** Groups of three from the left; what is left over is a group of two or four. */
function inGroups(digits: string): string {
  const groups = digits.match(/\d{1,3}/g) ?? [];
  const last = groups.at(-1);
  if (last?.length === 1 && groups.length > 1) {
    groups.splice(-2, 2, `${groups.at(-2)}${last}`);
  }
  return groups.join(' ');
}
