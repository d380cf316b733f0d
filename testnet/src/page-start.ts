/**
 * What it takes until a page's first screen can be used, for whoever opens it for the first time: in a browser
 * that is given, with nothing kept, and the processor slowed down four times as on an old telephone.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, CDPSession, Page } from 'playwright-core';

const slowedDown = 4;
const usableMsMax = 30_000;
const pollEveryMs = 50;

/** Until the start screen is drawn and answers. */
export interface PageStart {
  /** Time by the clock of the wall: with all that the machine does besides. */
  readonly wallMs: number;
  /** Time that the page's thread has worked for it, by the processor's own count. */
  readonly workMs: number;
}

/** Measures one first load of the page at `url`. */
export async function measurePageStart(browser: Browser, url: string): Promise<PageStart> {
  const context = await browser.newContext({ locale: 'en-GB' });
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  // The throttle makes the thread itself spin, so its time on the processor is four times as long too.
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: slowedDown });
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });
  // The first moment at which a heading is drawn and a task of its own gets its turn.
  await page.addInitScript(`
    new MutationObserver((_changes, observer) => {
      if (document.querySelector('main h1') === null) return;
      observer.disconnect();
      requestAnimationFrame(() => setTimeout(() => { globalThis.usableMs = performance.now(); }));
    }).observe(document, { childList: true, subtree: true });
  `);
  const beforeMs = await workedMs(cdp);
  await page.goto(url);
  const wallMs = await usableMs(page);
  const workMs = (await workedMs(cdp)) - beforeMs;
  // The rate is the process's, which pages of other people may share, and outlives this page in it.
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: 1 });
  await context.close();
  return { wallMs, workMs };
}

async function usableMs(page: Page): Promise<number> {
  const deadlineMs = Date.now() + usableMsMax;
  for (;;) {
    // Evaluated by the debugger: the page's policy has no room for texts that are run.
    const ms = await page.evaluate<number>('globalThis.usableMs ?? 0');
    if (ms > 0) return ms;
    if (Date.now() > deadlineMs) throw new Error(`no screen within ${usableMsMax} ms`);
    await sleep(pollEveryMs);
  }
}

async function workedMs(cdp: CDPSession): Promise<number> {
  const { metrics } = await cdp.send('Performance.getMetrics');
  return 1000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0);
}
