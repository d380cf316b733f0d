/**
 * Which telephone numbers are sent codes at all, judged before money is spent. What a number is in the
 * directory plays no part: the protocol's own rule (7 to 15 digits) decides what may be held, and this
 * page decides what this member pays for. Numbers that exist only in examples and films are none to
 * libphonenumber; a test network names their prefixes.
 */
import type { parsePhoneNumberFromString } from 'libphonenumber-js/max';

type Parse = typeof parsePhoneNumberFromString;

export interface NumberRulesOptions {
  /** Beginnings of numbers, digits alone; all where not given. */
  readonly served?: readonly string[];
  /** Beginnings that are refused besides `refusedRanges`. */
  readonly refused?: readonly string[];
  /** Beginnings of numbers that are let through whatever libphonenumber says of them. */
  readonly test?: readonly string[];
}

/** Satellites, universal and personal numbers, premium: the ranges of expensive fraud. */
const refusedRanges: readonly string[] = ['870', '878', '881', '882', '883', '888', '979', '991'];

/** libphonenumber's types that are paid for; none at all means that it knows no such number. */
const servedTypes: ReadonlySet<string | undefined> = new Set([
  'MOBILE',
  'FIXED_LINE',
  'FIXED_LINE_OR_MOBILE',
  'VOIP',
  'TOLL_FREE',
]);

const rangeDigits = 7;

/** What budgets are kept by. */
export interface NumberPlace {
  /** First seven digits. */
  readonly range: string;
  /** ISO 3166 code, or the country code where several countries have it. */
  readonly country: string;
}

export class NumberRules {
  readonly #parse: Parse;
  readonly #options: NumberRulesOptions;

  private constructor(parse: Parse, options: NumberRulesOptions) {
    this.#parse = parse;
    this.#options = options;
  }

  /** Loads the tables of number types, 145 KB, which only members that pay need. */
  static async open(options: NumberRulesOptions = {}): Promise<NumberRules> {
    const { parsePhoneNumberFromString } = await import('libphonenumber-js/max');
    return new NumberRules(parsePhoneNumberFromString, options);
  }

  /** Returns where a number (`+` and digits) belongs; undefined when no code is sent to it. */
  placeOf(number: string): NumberPlace | undefined {
    const digits = number.slice(1);
    const { served, refused = [], test = [] } = this.#options;
    if (served !== undefined && !beginsWithAny(digits, served)) return undefined;
    if (beginsWithAny(digits, refusedRanges) || beginsWithAny(digits, refused)) return undefined;
    const parsed = this.#parse(number);
    if (!beginsWithAny(digits, test) && !servedTypes.has(parsed?.getType())) return undefined;
    const country = parsed?.country ?? parsed?.countryCallingCode ?? digits.slice(0, 2);
    return { range: digits.slice(0, rangeDigits), country };
  }
}

function beginsWithAny(digits: string, beginnings: readonly string[]): boolean {
  return beginnings.some((beginning) => digits.startsWith(beginning));
}

/** The price of the longest beginning that fits, `fallback` where none does. */
export function priceOf(
  number: string,
  prices: readonly { readonly prefix: string; readonly thousandths: number }[],
  fallback: number,
): number {
  const digits = number.slice(1);
  const fitting = prices.filter(({ prefix }) => digits.startsWith(prefix));
  fitting.sort((a, b) => b.prefix.length - a.prefix.length);
  return fitting[0]?.thousandths ?? fallback;
}
