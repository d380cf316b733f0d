// Over 100 000 charters: valid ones changed in one or two places, and garbage.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeCanonicalJson, parseCanonicalJson } from '../../src/charter/canonical-json.ts';
import { encodeCharter, parseCharter, parseCharterText } from '../../src/charter/charter.ts';
import { charterText, foundingCharter } from '../make-vectors/charter-base.ts';
import { mutationsOf } from '../mutations.ts';
import { readVectors } from '../read-vectors.ts';

const codes = /^(charter_(malformed|inconsistent|faults_invalid)|json_not_canonical)$/;
const texts = [foundingCharter(1, 0), foundingCharter(3, 0)].map(charterText);
const notes: string[] = readVectors('charter')
  .filter(({ name }) => name === 'valid/founding_single_member' || name.includes('unsigned'))
  .map(({ content }) => content.note);

test('a charter is refused with a code, or is its own one spelling', { timeout: 120_000 }, () => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(mutationsOf(texts), (text) => {
      const verdict = parseCharterText(text);
      const outcome = verdict.verdict === 'accept' ? 'accept' : verdict.code;
      seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
      if (verdict.verdict === 'accept') {
        if (encodeCharter(verdict.value) !== text) throw new Error('two spellings of one charter');
      } else if (!codes.test(verdict.code)) {
        throw new Error(`unexpected code ${verdict.code}`);
      }
    }),
    { numRuns: 100_000 },
  );
  // The mutations reach every stage of the parser.
  for (const code of ['accept', 'json_not_canonical', 'charter_malformed']) {
    expect(seen.get(code)).toBeGreaterThan(1000);
  }
});

test("a charter's note is refused with a code, or parses", () => {
  fc.assert(
    fc.property(mutationsOf(notes), (note) => {
      const verdict = parseCharter(note);
      if (verdict.verdict !== 'accept') expect(verdict.code).toMatch(/^(note|charter|json)_/);
    }),
    { numRuns: 10_000 },
  );
});

test('any JSON value parses from its canonical text', () => {
  const names = fc.string({ maxLength: 6, unit: 'grapheme' });
  const values = fc.jsonValue({ maxDepth: 5, noUnicodeString: false }).map(wholeNumbers);
  fc.assert(
    fc.property(fc.dictionary(names, values), (value) => {
      const text = encodeCanonicalJson(value);
      if (text === undefined) throw new Error('a JSON value has no text');
      expect(parseCanonicalJson(text)).toEqual({ verdict: 'accept', value: JSON.parse(text) });
    }),
  );
});

/** Cuts fractions off: the subset has none. */
function wholeNumbers(value: unknown): unknown {
  if (typeof value === 'number')
    return Number.isSafeInteger(value) ? value : Math.trunc(value % 1e9);
  if (Array.isArray(value)) return value.map(wholeNumbers);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, wholeNumbers(item)]),
  );
}
