/** Every code that can reach the page has a text and a next step, in three languages with the same blanks. */
import { clientErrorCodes } from '@callbook/client';
import { DirectoryError } from '@callbook/protocol';
import { describe, expect, it } from 'vitest';
import { webErrorCodes } from '../src/errors.ts';
import { failureOf } from '../src/failure.ts';
import { fill } from '../src/fill.ts';
import { de } from '../src/messages/de.ts';
import { en } from '../src/messages/en.ts';
import { es } from '../src/messages/es.ts';

/** Codes of what the page never asks for: only then may a person see that the page does not know it. */
const neverAsked = new Set([
  'box_key_invalid',
  'box_key_missing',
  'identifiers_too_many',
  'sealed_for_another',
  'sealed_malformed',
  'sealed_too_large',
  'token_missing',
  'user_id_malformed',
  'wallet_unavailable',
]);

describe('failureOf', () => {
  it.each(Object.keys({ ...clientErrorCodes, ...webErrorCodes }))('knows %s', (code) => {
    const { kind } = failureOf(new DirectoryError(code, 'of a test'));
    expect(kind === 'unknown').toBe(neverAsked.has(code));
  });

  it('tells a refusal by what the member says of it', () => {
    const details = { problemCode: 'release_pending', member: 'alpha' };
    const refused = new DirectoryError('request_refused', 'of a test', { details });
    expect(failureOf(refused)).toMatchObject({ kind: 'release_pending', member: 'alpha' });
  });

  it('takes a full disk for one, and a defect of the page for one', () => {
    expect(failureOf(new DOMException('full', 'QuotaExceededError')).kind).toBe('storage');
    expect(failureOf(new TypeError('Failed to fetch')).kind).toBe('unreachable');
    expect(failureOf(new TypeError('x is undefined')).kind).toBe('unknown');
    expect(failureOf('text').kind).toBe('unknown');
  });
});

describe('the languages', () => {
  const blanksOf = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).toSorted();
  const textsOf = (value: unknown, path = ''): [string, string][] =>
    typeof value === 'string'
      ? [[path, value]]
      : Object.entries(value as object).flatMap(([name, inner]) =>
          textsOf(inner, `${path}.${name}`),
        );

  it.each([
    ['es', es],
    ['de', de],
  ])(
    'have the same blanks in %s as in English, and no text that was left in English',
    (_, other) => {
      const english = new Map(textsOf(en));
      const theirs = textsOf(other);
      expect(theirs.map(([path]) => path).toSorted()).toEqual([...english.keys()].toSorted());
      for (const [path, text] of theirs) {
        const original = english.get(path) ?? '';
        expect([path, ...blanksOf(text)]).toEqual([path, ...blanksOf(original)]);
        // What is the same in both languages is a name, or a word or two.
        if (original.length > 25) expect([path, text]).not.toEqual([path, original]);
      }
    },
  );
});

it('fills blanks, and leaves what it does not know', () => {
  expect(fill('{a} of {b} {c}', { a: 1, b: 'two' })).toBe('1 of two {c}');
});
