/**
 * The documentation site, whole: every link within it leads somewhere, nothing of it comes from anybody else,
 * every page can be reached, and Chromium and axe-core find nothing wrong with what it looks like.
 */
import { globSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildSite } from '../../../site/build.ts';
import { documentationPages } from '../../../site/documentation-pages.ts';
import { placeOfPage } from '../../../site/places.ts';
import { startChromium } from '../browser/chromium.ts';
import { inspect } from '../web/inspect.ts';

const stack = new AsyncDisposableStack();
let folder: string;
let pages: ReadonlyMap<string, string>;
let browser: Browser;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'callbook-site-'));
  await buildSite({ folder, withReference: true, say: () => {} });
  const places = globSync('**/*.html', { cwd: folder });
  pages = new Map(places.map((place) => [place, readFileSync(join(folder, place), 'utf8')]));
  ({ browser } = stack.use(await startChromium([])));
}, 300_000);

afterAll(async () => {
  await stack.disposeAsync();
  await rm(folder, { recursive: true, force: true });
}, 30_000);

interface Link {
  readonly place: string;
  readonly anchor: string;
}

/** Where the links of a page lead within the site; the site of typedoc knows its anchors itself. */
function linksOf(place: string): readonly Link[] {
  const targets = Array.from(
    pages.get(place)!.matchAll(/<[a-z]+\b[^>]*?\s(?:href|src)="([^"]*)"/g),
    ([, target]) => target!,
  );
  return targets
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = '', anchor = ''] = decodeURI(target).split(/[?#]/);
      const file = path === '' ? place : relative(folder, join(folder, dirname(place), path));
      return { place: file, anchor };
    });
}

it('leads nowhere where there is nothing', () => {
  const files = new Set(
    globSync('**/*', { cwd: folder, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => relative(folder, join(parentPath, name))),
  );
  const broken = [...pages.keys()].flatMap((place) =>
    linksOf(place)
      .filter((link) => !files.has(link.place) || !hasAnchor(link))
      .map((link) => `${place}: ${link.place}#${link.anchor}`),
  );
  expect(broken).toEqual([]);
  expect(files.has('reference/index.html')).toBe(true);
});

function hasAnchor({ place, anchor }: Link): boolean {
  const page = pages.get(place);
  // The reference's pictures have anchors as well, and are typedoc's.
  return anchor === '' || page === undefined || page.includes(`id="${anchor}"`);
}

it('has every page of the documentation, and a way to each', () => {
  const reached = new Set(['index.html']);
  for (const place of reached) {
    for (const { place: next } of linksOf(place)) if (pages.has(next)) reached.add(next);
  }
  const wanted = documentationPages().map(placeOfPage);
  expect(wanted.length).toBeGreaterThan(60);
  expect(wanted.filter((place) => !reached.has(place))).toEqual([]);
  expect(wanted.filter((place) => !pages.get(place)!.includes('<h1'))).toEqual([]);
});

it('asks nobody else for anything', () => {
  const loads = /<(?:script|link|img|iframe|source)\b[^>]*?\s(?:href|src)="(?:https?:)?\/\/[^"]*"/;
  expect([...pages].filter(([, html]) => loads.test(html)).map(([place]) => place)).toEqual([]);
  const style = readFileSync(join(folder, 'site.css'), 'utf8');
  expect(style).not.toMatch(/url\(|@import/);
});

it.each(['index.html', 'operators/install.html', 'spec/log.html', 'http/tokens.html'])(
  'shows %s to everybody',
  async (place) => {
    const context = await browser.newContext();
    try {
      const page = await context.newPage();
      const asked: string[] = [];
      page.on('request', (request) => asked.push(request.url()));
      await page.goto(pathToFileURL(join(folder, place)).href);
      await inspect(page, `site-${place.replaceAll(/\W/g, '-')}`);
      expect(asked.filter((url) => !url.startsWith('file:'))).toEqual([]);
    } finally {
      await context.close();
    }
  },
  90_000,
);

it('finds what is looked for, from a page in a folder', async () => {
  const page = await browser.newPage();
  await page.goto(pathToFileURL(join(folder, 'spec/log.html')).href);
  await page.getByRole('searchbox', { name: 'Search' }).fill('governance key');
  const first = page.getByLabel('Search results').getByRole('link').first();
  await first.click();
  await page.waitForURL(/\.html#/);
  expect((await page.textContent('main'))!.toLowerCase()).toContain('governance key');
  await page.getByRole('searchbox', { name: 'Search' }).fill('zxqj');
  await page.getByText('Nothing found.').waitFor();
});
