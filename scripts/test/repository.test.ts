import { globSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { brokenDocumentation } from '../documentation.ts';
import { brokenLayers } from '../layers.ts';
import { suites } from '../suites.ts';

const root = join(import.meta.dirname, '../..');

describe('the repository', () => {
  it('keeps the direction of imports', () => {
    expect(brokenLayers()).toEqual([]);
  });

  it('explains every code and dependency, and nothing that does not exist', () => {
    expect(brokenDocumentation()).toEqual([]);
  });

  it('runs every test file in exactly one suite', () => {
    const files = globSync('{packages/*,testnet,scripts,bench}/test/**/*.test.ts', { cwd: root });
    const suitesOf = (file: string): number =>
      suites.filter(({ paths }) => paths.some((path) => file.startsWith(`${path}/`))).length;
    expect(files.filter((file) => suitesOf(file) !== 1)).toEqual([]);
    expect(files.length).toBeGreaterThan(100);
  });
});
