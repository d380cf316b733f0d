/** Numbers as people type them, and the table of dialling plans against the library it comes from. */
import {
  getCountries,
  getCountryCallingCode,
  Metadata,
  type MetadataJson,
} from 'libphonenumber-js/core';
import metadata from 'libphonenumber-js/metadata.min.json' with { type: 'json' };
import { describe, expect, it } from 'vitest';
import { diallingPlans } from '../src/numbers/dialling-plan.ts';
import { guessCountry, readTypedNumber, showNumber } from '../src/numbers/typed-number.ts';

describe('readTypedNumber', () => {
  it.each([
    ['912 345 678', 'ES', 'tel:+34912345678'],
    ['+34 912-34.56/78', 'DE', 'tel:+34912345678'],
    ['0034912345678', 'ES', 'tel:+34912345678'],
    ['0151 23456789', 'DE', 'tel:+4915123456789'],
    ['+49 (0)151 23456789', 'ES', 'tel:+4915123456789'],
    ['+49 0151 23456789', 'ES', 'tel:+4915123456789'],
    ['07700 900001', 'GB', 'tel:+447700900001'],
    ['(202) 555-0101', 'US', 'tel:+12025550101'],
    ['1 202 555 0101', 'US', 'tel:+12025550101'],
    ['06 12345678', 'IT', 'tel:+390612345678'],
    ['+39 06 12345678', 'DE', 'tel:+390612345678'],
    ['tel:+34912345678', 'GB', 'tel:+34912345678'],
    ['٩١٢٣٤٥٦٧٨', 'ES', 'tel:+34912345678'],
    ['９１２３４５６７８', 'ES', 'tel:+34912345678'],
    [
      '\u202a+34\u00a0912\u2011345\u2011678\u202c'.replaceAll(/[\u202a\u202c]/g, ''),
      'DE',
      'tel:+34912345678',
    ],
  ])('reads %j in %s', (text, country, identifier) => {
    expect(readTypedNumber(text, country)).toMatchObject({ state: 'good', identifier });
  });

  it.each([
    ['', 'empty', undefined],
    ['9', 'short', undefined],
    ['+', 'short', undefined],
    ['+3', 'short', undefined],
    ['+34 912', 'short', undefined],
    ['hello', 'bad', 'letters'],
    ['<script>', 'bad', 'letters'],
    ['+34 912 345 678 912 345 678', 'bad', 'too_long'],
    ['9'.repeat(5000), 'bad', 'too_long'],
  ])('says of %j that it is %s', (text, state, fault) => {
    const read = readTypedNumber(text, 'ES');
    expect(read.state).toBe(state);
    expect('fault' in read ? read.fault : undefined).toBe(fault);
  });

  it('calls a number of another length unusual, and takes it', () => {
    expect(readTypedNumber('+34 9123456789', 'ES')).toMatchObject({ state: 'good', unusual: true });
    expect(readTypedNumber('+34 912345678', 'ES')).toMatchObject({ state: 'good', unusual: false });
  });

  it('takes the country that is named where several share a calling code', () => {
    expect(readTypedNumber('+1 204 555 0101', 'CA')).toMatchObject({ country: 'CA' });
    expect(readTypedNumber('+1 204 555 0101', 'ES')).toMatchObject({ country: 'US' });
  });

  it('never throws and never makes up a number, whatever is pasted', () => {
    for (const text of ['\u0000', '💥', '+'.repeat(99), '0'.repeat(9), '²³⁴', 'tel:', '()']) {
      expect(readTypedNumber(text, 'ES').state).not.toBe('good');
    }
  });
});

it('shows a number in groups', () => {
  expect(showNumber('tel:+34912345678')).toBe('+34 912 345 678');
  expect(showNumber('tel:+447700900001')).toBe('+44 770 090 0001');
  expect(showNumber('mailto:anna@mail.example')).toBe('anna@mail.example');
});

it.each([
  [['es-MX', 'en'], 'MX'],
  [['de'], 'DE'],
  [['en', 'es-ES'], 'ES'],
  [['not a language', 'fr'], 'FR'],
  [[], 'GB'],
])('guesses the country of %j', (languages, country) => {
  expect(guessCountry(languages)).toBe(country);
});

it('has the dialling plans that libphonenumber has', () => {
  const tables: MetadataJson = metadata;
  const theirs = new Metadata(tables);
  expect([...diallingPlans().keys()].toSorted()).toEqual(getCountries(tables).toSorted());
  for (const { country, callingCode, digitsMin, digitsMax } of diallingPlans().values()) {
    theirs.selectNumberingPlan(country as Parameters<typeof theirs.selectNumberingPlan>[0]);
    const lengths = theirs.numberingPlan?.possibleLengths() ?? [];
    expect([country, callingCode, digitsMin, digitsMax]).toEqual([
      country,
      getCountryCallingCode(country as Parameters<typeof getCountryCallingCode>[0], tables),
      Math.min(...lengths),
      Math.max(...lengths),
    ]);
  }
});
