/** Every error that somebody at the command line can meet comes with what to do about it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { clientErrorCodes } from '@callbook/client';
import { describe, expect, it } from 'vitest';
import { cliErrorCodes } from '../src/errors.ts';
import { nextStepFor } from '../src/next-steps.ts';
import { stepAfterRefusal } from '../src/refusal-steps.ts';

const root = join(import.meta.dirname, '../../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Codes of the problem documents of the API, which have a status, as the documentation lists them. */
function apiCodes(): string[] {
  const section = read('docs/errors.md').split('## HTTPS interface')[1]!.split('\n## ')[0]!;
  return [...section.matchAll(/^\| `([a-z_]+)` +\| \d{3} /gm)].map(([, code]) => code!);
}

/** Codes by which an honest member refuses an entry. */
function admissionCodes(): string[] {
  const source = ['admission', 'replacement-admission']
    .map((name) => read(`packages/protocol/src/fold/${name}.ts`))
    .join('\n');
  return [...source.matchAll(/\b(?:ignore|reject)\(\s*'([a-z_]+)'/g)].map(([, code]) => code!);
}

describe('the next step', () => {
  it.each(Object.keys({ ...clientErrorCodes, ...cliErrorCodes }))('after %s is named', (code) => {
    expect(nextStepFor(code, {})).toMatch(/^[A-Z].{10,}[.a-z]$/);
  });

  const codes = new Set([...apiCodes(), ...admissionCodes()]);

  it('is looked for by all codes of the API and of the rules', () => {
    expect(apiCodes()).toContain('identifier_not_served');
    expect(admissionCodes()).toContain('slot_taken');
    expect(codes.size).toBeGreaterThan(55);
  });

  it.each([...codes])('after a refusal with %s is named', (problemCode) => {
    expect(stepAfterRefusal(problemCode)).toMatch(/^[A-Z].{10,}[.a-z]$/);
    expect(nextStepFor('request_refused', { problemCode })).toBe(stepAfterRefusal(problemCode));
  });

  it('after a refusal that nobody knows is named as well', () => {
    expect(nextStepFor('request_refused', { problemCode: 'new_rule' })).toContain('--member');
  });
});
