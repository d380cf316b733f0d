/**
 * A telephone number as people type it: the country is guessed from the browser's languages and follows
 * what is typed, and what was understood is said beneath while it is typed.
 */
import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { fill } from '../fill.ts';
import { useMessages } from '../messages.ts';
import { diallingPlans } from '../numbers/dialling-plan.ts';
import { guessCountry, readTypedNumber, type TypedNumber } from '../numbers/typed-number.ts';

/** What a form has of the field. */
export interface NumberEntry {
  readonly text: string;
  readonly country: string;
  readonly read: TypedNumber;
  /** Whether the form was sent with it as it is: then what is missing is said. */
  readonly isTried: boolean;
}

/** Nothing typed yet, in the country of the browser's languages. */
export function useNumberEntry(text = ''): [NumberEntry, (entry: NumberEntry) => void] {
  return useState<NumberEntry>(() => {
    const country = guessCountry(navigator.languages);
    return { text, country, read: readTypedNumber(text, country), isTried: false };
  });
}

export function NumberField({
  entry,
  onEntry,
  label,
}: {
  readonly entry: NumberEntry;
  readonly onEntry: (entry: NumberEntry) => void;
  readonly label: string;
}): JSX.Element {
  const { number } = useMessages();
  const change = (text: string, country: string): void => {
    const read = readTypedNumber(text, country);
    const named = 'country' in read ? read.country : undefined;
    onEntry({ text, country: named ?? country, read, isTried: false });
  };
  const { tone, hint } = useHint(entry);
  return (
    <>
      <div class="field">
        <label for="country">{number.country}</label>
        <select
          id="country"
          value={entry.country}
          onChange={(event) => change(entry.text, event.currentTarget.value)}
        >
          <CountryOptions />
        </select>
      </div>
      <div class="field">
        <label for="number">{label}</label>
        <input
          id="number"
          type="tel"
          name="tel"
          autocomplete="tel"
          inputMode="tel"
          maxLength={60}
          value={entry.text}
          aria-describedby="number-hint"
          aria-invalid={tone === 'bad'}
          onInput={(event) => change(event.currentTarget.value, entry.country)}
        />
        <p id="number-hint" class="hint" data-tone={tone} aria-live="polite">
          {hint}
        </p>
      </div>
    </>
  );
}

function useHint({ read, isTried }: NumberEntry): { tone: 'bad' | 'plain'; hint: string } {
  const { number } = useMessages();
  const names = useCountryNames();
  if (read.state === 'bad') return { tone: 'bad', hint: number.faults[read.fault] };
  if (read.state === 'good') {
    const country = read.country === undefined ? '' : ` · ${names(read.country)}`;
    const unusual = read.unusual ? ` · ${number.unusual}` : '';
    return { tone: 'plain', hint: `${read.shown}${country}${unusual}` };
  }
  if (isTried) return { tone: 'bad', hint: read.state === 'empty' ? number.empty : number.short };
  return { tone: 'plain', hint: read.state === 'empty' ? number.hint : number.typing };
}

function useCountryNames(): (country: string) => string {
  const language = document.documentElement.lang;
  return useMemo(() => {
    const names = new Intl.DisplayNames([language], { type: 'region', fallback: 'code' });
    return (country) => names.of(country) ?? country;
  }, [language]);
}

function CountryOptions(): JSX.Element {
  const names = useCountryNames();
  const { number } = useMessages();
  const options = useMemo(() => {
    const { compare } = new Intl.Collator(document.documentElement.lang);
    return [...diallingPlans().values()]
      .map(({ country, callingCode }) => ({ country, callingCode, name: names(country) }))
      .toSorted((a, b) => compare(a.name, b.name));
  }, [names]);
  return (
    <>
      {options.map(({ country, callingCode, name }) => (
        <option key={country} value={country}>
          {fill(number.countryOption, { name, code: callingCode })}
        </option>
      ))}
    </>
  );
}
