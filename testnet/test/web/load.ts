/** What the page costs who opens it for the first time: octets, and work until it can be used. */
import { measurePageStart, type PageStart } from '../../src/page-start.ts';
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

/** The best of several first loads, with nothing kept and the processor slowed down four times. */
export async function measureStart(web: WebLab, attempts: number): Promise<PageStart> {
  const best = { wallMs: Number.POSITIVE_INFINITY, workMs: Number.POSITIVE_INFINITY };
  for (let attempt = 0; attempt < attempts; attempt++) {
    const { wallMs, workMs } = await measurePageStart(web.browser, web.urlOf('alpha'));
    best.wallMs = Math.min(best.wallMs, wallMs);
    best.workMs = Math.min(best.workMs, workMs);
  }
  return best;
}
