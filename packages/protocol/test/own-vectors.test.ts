// The committed vectors are what the generator makes, and nothing else lies beside them.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { allCases, ownTopics } from './make-vectors/all-cases.ts';
import { vectorFile } from './make-vectors/vector-case.ts';
import { vectorsRoot } from './read-vectors.ts';

describe('our own vectors', () => {
  const files = allCases().map(vectorFile);

  test('have one name each', () => {
    expect(new Set(files.map(({ path }) => path)).size).toBe(files.length);
  });

  test.each(ownTopics)('are reproduced by the generator: %s', (topic) => {
    const expected = files.filter(({ path }) => path.startsWith(`${topic}/`));
    for (const { path, text } of expected) {
      expect(readFileSync(join(vectorsRoot, path), 'utf8'), path).toBe(text);
    }
    const found = readdirSync(join(vectorsRoot, topic), { recursive: true, encoding: 'utf8' });
    const names = found.filter((path) => path.endsWith('.json')).map((path) => `${topic}/${path}`);
    expect(names.sort()).toEqual(expected.map(({ path }) => path).sort());
  });
});
