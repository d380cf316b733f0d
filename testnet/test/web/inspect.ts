/**
 * Looks at a screen as it is shown now: axe-core must find nothing in either theme, nothing may be wider
 * than the window, and pictures in two themes and three widths are kept for a person to look at.
 */
import { createRequire } from 'node:module';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

/** Pictures of the last run. */
const picturesFolder: string = join(import.meta.dirname, '../../../dist/screens');

const themes = ['light', 'dark'] as const;
const widths = [360, 768, 1280] as const;
const heightPx = 800;

const axeSource = await readFile(
  createRequire(import.meta.url).resolve('axe-core/axe.min.js'),
  'utf8',
);

/** Inspects a screen; `name` is that of its pictures. */
export async function inspect(page: Page, name: string): Promise<void> {
  await mkdir(picturesFolder, { recursive: true });
  const before = page.viewportSize() ?? { width: 1280, height: heightPx };
  for (const colorScheme of themes) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    for (const width of widths) {
      await page.setViewportSize({ width, height: heightPx });
      await page.screenshot({
        path: join(picturesFolder, `${name}-${colorScheme}-${width}.png`),
        fullPage: true,
      });
      expect(
        await overhangPx(page),
        `${name} at ${width} px is wider than the window`,
      ).toBeLessThanOrEqual(0);
    }
    expect(await violations(page), `${name}, ${colorScheme}`).toEqual([]);
  }
  await page.setViewportSize(before);
  await page.emulateMedia({ colorScheme: 'light' });
}

/** By the debugger's hand: the page's policy lets no script in. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  const { violations: found } = (await page.evaluate(
    "axe.run(document, { resultTypes: ['violations'] })",
  )) as AxeResults;
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}

async function overhangPx(page: Page): Promise<number> {
  return await page.evaluate<number>(
    'document.documentElement.scrollWidth - document.documentElement.clientWidth',
  );
}
