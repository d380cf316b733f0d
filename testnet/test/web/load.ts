/** What the page costs who opens it for the first time: octets, and work until it can be used. */
import type { CDPSession } from 'playwright-core';
import { eventually } from '../lab.ts';
import type { WebLab } from './web-lab.ts';

/** Octets of everything that the start screen loads, compressed as members send it. */
export async function loadedGzipBytes(web: WebLab): Promise<number> {
  const context = await web.browser.newContext({ locale: 'en-GB' });
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  await cdp.send('Network.enable');
  let size = 0;
  cdp.on('Network.loadingFinished', ({ encodedDataLength }) => {
    size += encodedDataLength;
  });
  await page.goto(web.urlOf('alpha'), { waitUntil: 'networkidle' });
  await page.locator('main h1').waitFor();
  await context.close();
  return size;
}

/** What it takes until the start screen is drawn and answers. */
interface StartCost {
  /** Time by the clock of the wall: with all that the machine does besides. */
  readonly wallMs: number;
  /** Time that the page's thread has worked for it, by the processor's own count. */
  readonly workMs: number;
}

/** The best of several first loads, with nothing kept and the processor slowed down four times. */
export async function measureStart(web: WebLab, attempts: number): Promise<StartCost> {
  const best = { wallMs: Number.POSITIVE_INFINITY, workMs: Number.POSITIVE_INFINITY };
  for (let attempt = 0; attempt < attempts; attempt++) {
    const { wallMs, workMs } = await startOnce(web);
    best.wallMs = Math.min(best.wallMs, wallMs);
    best.workMs = Math.min(best.workMs, workMs);
  }
  return best;
}

async function startOnce(web: WebLab): Promise<StartCost> {
  const context = await web.browser.newContext({ locale: 'en-GB' });
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  // The throttle makes the thread itself spin, so its time on the processor is four times as long too.
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: 4 });
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
  await page.goto(web.urlOf('alpha'));
  // Evaluated by the debugger: the page's policy has no room for texts that are run.
  const wallMs = await eventually(
    async () => await page.evaluate<number>('globalThis.usableMs ?? 0'),
    (ms) => ms > 0,
    30_000,
  );
  const workMs = (await workedMs(cdp)) - beforeMs;
  // The rate is the process's, which pages of other people may share, and outlives this page in it.
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: 1 });
  await context.close();
  return { wallMs, workMs };
}

async function workedMs(cdp: CDPSession): Promise<number> {
  const { metrics } = await cdp.send('Performance.getMetrics');
  return 1000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0);
}
