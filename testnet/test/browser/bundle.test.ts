/**
 * What a page loads of the SDK, before anything runs: bounded, and without what it may never need. A part
 * that is imported statically again, or grows, is found here in a second.
 */
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { bundlePage, type PageFile } from '../../src/page-bundle.ts';

/** docs/decisions/browser-bundle.md */
const atOnceGzipBytesMax = 60_000;
/** With what look-ups load that hide from each member who asks for what. */
const obliviousGzipBytesMax = 67_000;

let files: readonly PageFile[];

beforeAll(async () => {
  files = await bundlePage(join(import.meta.dirname, 'page/app.ts'));
});

const sizeOf = (some: readonly PageFile[]): number =>
  some.reduce((sum, { gzipBytes }) => sum + gzipBytes, 0);

it('is at most 60 kB with the page', () => {
  expect(sizeOf(files.filter((file) => file.atOnce))).toBeLessThanOrEqual(atOnceGzipBytesMax);
});

it('is at most 67 kB when look-ups are oblivious', () => {
  const loaded = files.filter(
    ({ atOnce, name }) => atOnce || /^(?:oblivious-context|shuffle)-/.test(name),
  );
  expect(loaded.length).toBeGreaterThan(1);
  expect(sizeOf(loaded)).toBeLessThanOrEqual(obliviousGzipBytesMax);
});

it.each([
  ['oblivious look-ups', 'oblivious-context'],
  ['lost keys and who wants a number', 'ownership-actions'],
  ['address books', 'lookup-many'],
  ['judging calls', 'peer'],
  ['NSEC3', 'nsec3-proof'],
  ['SHA-1', 'sha1'],
])('has %s in a file of its own, for when it is needed', (_what, part) => {
  const own = files.filter(({ name }) => name.startsWith(`${part}-`));
  expect(own.map(({ atOnce }) => atOnce)).toEqual([false]);
});

it('runs without Node and under a policy without eval', () => {
  for (const { code } of files) {
    expect(code).not.toMatch(/\bfrom\s*["'`]node:|\bimport\(["'`]node:/);
    expect(code).not.toMatch(/\beval\(|\bnew Function\(/);
  }
});
