// The examples of the specification are vectors, so they cannot grow stale.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readJson } from './read-vectors.ts';

const specification = join(import.meta.dirname, '../../../docs/spec');

/** Returns the first fenced block of a page, without its fences. */
function firstExample(page: string): string {
  const text = readFileSync(join(specification, page), 'utf8');
  return /```\w*\n([\s\S]*?)```/.exec(text)?.[1] ?? '';
}

test('the checkpoint in log.md is the vector it names', () => {
  expect(firstExample('log.md')).toBe(readJson('notes/valid/cosignature.json').note);
});

test('the root in index.md is the vector it names', () => {
  expect(firstExample('index.md')).toBe(readJson('index/valid/root_of_three_logs.json').note);
});

test('the charter in charter.md is the vector it names', () => {
  const { note } = readJson('charter/valid/founding_single_member.json');
  const [text] = note.split('\n');
  expect(JSON.stringify(JSON.parse(firstExample('charter.md')))).toBe(text);
});
