/** The specification's tables against the code: codes and limits, both ways. */
import { readFileSync } from 'node:fs';
import { validationCodes } from '@callbook/client';
import { expect, it } from 'vitest';
import * as limits from '../../src/limits.ts';

const page = readFileSync(
  new URL('../../../../docs/spec/dnssec-validation.md', import.meta.url),
  'utf8',
);

it('lists every code, with its sentence and its verdict', () => {
  const rows = [...page.matchAll(/^\| `([a-z0-9_]+)` +\| `(\w+)` +\| (.*?) +\|$/gm)];
  const listed = Object.fromEntries(rows.map(([, code, , sentence]) => [code, sentence]));
  expect(listed).toEqual(validationCodes);
  const verdicts = new Set(rows.map(([, , verdict]) => verdict));
  expect(verdicts).toEqual(new Set(['bogus', 'indeterminate', 'insecure', 'secure']));
});

it('has the limits of the code', () => {
  const figure = (what: string): number => {
    const found = new RegExp(`^\\| ${what} +\\| ([\\d ]+)`, 'm').exec(page)?.[1];
    return Number(found?.replaceAll(' ', ''));
  };
  expect(figure('questions in one validation')).toBe(limits.validationQueriesMax);
  expect(figure('signatures checked in one validation')).toBe(limits.validationSignaturesMax);
  expect(figure('signatures tried for one RRset')).toBe(limits.rrsetSignaturesMax);
  expect(figure('keys compared with a DS in one validation')).toBe(limits.validationDigestsMax);
  expect(figure('rounds of SHA-1 for NSEC3 in one validation')).toBe(limits.nsec3RoundsMax);
  expect(figure('iterations of NSEC3')).toBe(limits.nsec3IterationsMax);
  expect(figure('denial records that are looked at')).toBe(limits.denialRecordsMax);
  expect(figure('aliases that are followed')).toBe(limits.aliasesMax);
  expect(figure("the client's clock off by")).toBe(limits.clockSkewSecondsMax);
  expect(figure('one answer waited for') * 1000).toBe(limits.dnsCallMsMax);
  expect(figure('zones remembered')).toBe(limits.knownZonesMax);
});
