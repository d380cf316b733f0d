// A test file outside of every suite would never be run by CI, and nobody would notice.
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { suites } from '../suites.ts';

const root = join(import.meta.dirname, '../..');
const files = globSync('{packages,testnet,scripts}/**/*.{test,sim}.ts', {
  cwd: root,
  exclude: (path) => path.includes('node_modules'),
});

test('every test file belongs to exactly one suite', () => {
  expect(files.length).toBeGreaterThan(100);
  const strays = files.filter(
    (file) =>
      suites.filter(({ paths }) => paths.some((path) => file.startsWith(`${path}/`))).length !== 1,
  );
  expect(strays).toEqual([]);
});
