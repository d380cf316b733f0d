/** A testnet, pages that ask it from another origin, and a browser that shows them. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { bundlePage } from '../../src/page-bundle.ts';
import { openLab, type Lab } from '../lab.ts';
import { startChromium } from './chromium.ts';
import { servePages, type PageServer } from './page-server.ts';

export interface BrowserLab extends AsyncDisposable {
  readonly lab: Lab;
  readonly charterNote: string;
  readonly pages: PageServer;
  /** Shows an app in a browser profile of its own, and hands it what the outbox has. */
  show(app: 'app' | 'peers'): Promise<{ readonly page: Page; readonly context: BrowserContext }>;
}

export async function openBrowserLab(): Promise<BrowserLab> {
  await using opening = new AsyncDisposableStack();
  const lab = opening.use(await openLab(3));
  const { charterFile, caFile } = lab.testnet.layout;
  const bundled = async (name: string): ReturnType<typeof bundlePage> =>
    await bundlePage(join(import.meta.dirname, 'page', `${name}.ts`));
  const pages = opening.use(
    await servePages({ app: await bundled('app'), peers: await bundled('peers') }),
  );
  const { browser } = opening.use(await startChromium(caFile));
  const open = opening.move();
  return {
    lab,
    charterNote: await readFile(charterFile, 'utf8'),
    pages,
    show: async (app) => {
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.exposeFunction('codeSentTo', async (to: string) => await newestCode(lab, to));
      await page.goto(pages.urlOf(app));
      return { page, context };
    },
    [Symbol.asyncDispose]: async () => await open[Symbol.asyncDispose](),
  };
}

async function newestCode(lab: Lab, to: string): Promise<string> {
  const lines = (await readFile(lab.description.outbox, 'utf8')).trim().split('\n');
  const messages = lines.map((line) => JSON.parse(line) as { to: string; code?: string });
  return messages.findLast((message) => message.to === to && message.code)?.code ?? '';
}
