/** A testnet, pages that ask it from another origin, and a browser that shows them. */
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { bundlePage } from '../../src/page-bundle.ts';
import { openLab, type Lab } from '../lab.ts';
import { startChromium } from './chromium.ts';
import { servePages, type PageServer } from './page-server.ts';

const repository = join(import.meta.dirname, '../../..');

export interface BrowserLab extends AsyncDisposable {
  readonly lab: Lab;
  readonly charterNote: string;
  readonly pages: PageServer;
  /** Shows a page in a browser profile of its own, and hands it what the outbox has. */
  show(
    path: '/app.html' | '/guide/' | '/peers.html',
  ): Promise<{ readonly page: Page; readonly context: BrowserContext }>;
}

export async function openBrowserLab(): Promise<BrowserLab> {
  await using opening = new AsyncDisposableStack();
  const lab = opening.use(await openLab(3));
  const { charterFile, caFile } = lab.testnet.layout;
  const bundled = async (name: string): ReturnType<typeof bundlePage> =>
    await bundlePage(join(import.meta.dirname, 'page', `${name}.ts`));
  const charterNote = await readFile(charterFile, 'utf8');
  const guide = await writeGuide(join(lab.folder, 'guide'));
  const pages = opening.use(
    await servePages(
      {
        app: await bundled('app'),
        peers: await bundled('peers'),
        guide: await bundlePage(guide.script),
      },
      { '/guide/': guide.html, '/guide/charter-1.note': charterNote },
    ),
  );
  const { browser } = opening.use(await startChromium([caFile]));
  const open = opening.move();
  return {
    lab,
    charterNote,
    pages,
    show: async (path) => {
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.exposeFunction('codeSentTo', async (to: string) => await newestCode(lab, to));
      await page.goto(pages.url + path);
      return { page, context };
    },
    [Symbol.asyncDispose]: async () => await open[Symbol.asyncDispose](),
  };
}

/** The page and the script of the guide, as an app's developer would have written them down. */
async function writeGuide(folder: string): Promise<{ html: string; script: string }> {
  const text = await readFile(join(repository, 'docs/guide/sdk/in-a-browser.md'), 'utf8');
  const [html = '', code = ''] = ['html', 'js'].map(
    (language) => new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'ms').exec(text)?.[1],
  );
  const script = join(folder, 'app.js');
  await mkdir(folder);
  await symlink(join(repository, 'node_modules'), join(folder, 'node_modules'));
  await writeFile(script, code);
  return { html, script };
}

async function newestCode(lab: Lab, to: string): Promise<string> {
  const lines = (await readFile(lab.description.outbox, 'utf8')).trim().split('\n');
  const messages = lines.map((line) => JSON.parse(line) as { to: string; code?: string });
  return messages.findLast((message) => message.to === to && message.code)?.code ?? '';
}
