/**
 * The example of a telephone in a page, in Chromium: from a number that nobody has to a call by number, with
 * a telephone at another provider that nobody here wrote. Chromium plays tones in place of a microphone.
 */
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { Baresip } from '../../src/sip/baresip.ts';
import { startChromium } from '../browser/chromium.ts';
import { eventually } from '../lab.ts';
import { browserAccess, openSipLab, phoneKeyOf } from '../sip/sip-lab.ts';
import type { SipLab } from '../sip/sip-lab.ts';
import { servePhonePage } from './web-phone-page.ts';

const mine = '+447700900001';
const called = '+34912345678';
/** The page itself goes on for a minute until it has an account. */
const patientMs = 60_000;
vi.setConfig({ testTimeout: 240_000 });

const stack = new AsyncDisposableStack();
let lab: SipLab;
let page: Page;
let callee: Baresip;
const complaints: string[] = [];

interface Connection {
  getStats(): Promise<ReadonlyMap<string, Statistics>>;
}

declare global {
  /** What the page has opened for media. */
  var connections: Connection[];
}

interface Statistics {
  readonly type: string;
  readonly packetsReceived?: number;
  readonly dtlsState?: string;
  readonly totalAudioEnergy?: number;
}

beforeAll(async () => {
  lab = stack.use(await openSipLab());
  const ben = await lab.settle(called, 'b');
  const key = phoneKeyOf(ben);
  const phone = { number: called, at: 'b', place: 0, key, account: 'medianat=ice' } as const;
  callee = stack.use(await lab.phone({ ...phone, isTraced: true }));
  await callee.until(['REGISTER_OK']);
  stack.use(await servePhonePage(lab));
  const { testnet, authorityFile } = lab.federation;
  const { browser } = stack.use(
    await startChromium(
      [testnet.layout.caFile, authorityFile],
      ['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream'],
    ),
  );
  page = await browser.newPage();
  page.setDefaultTimeout(patientMs);
  page.on('pageerror', ({ message }) => complaints.push(message));
  page.on('console', (message) => {
    // Members answer 404 where there is no newer charter; the browser's line about it is none of the page's.
    const text = message.text();
    if (message.type() === 'error' && !text.startsWith('Failed to load')) complaints.push(text);
  });
  await page.addInitScript(keepConnections);
  await page.goto(browserAccess.origin);
}, 120_000);

afterAll(async () => await stack.disposeAsync(), 60_000);

/** Runs in the page, before it: what it opens for media can be asked from outside. */
function keepConnections(): void {
  const scope = globalThis as unknown as {
    RTCPeerConnection: new (...of: unknown[]) => Connection;
  };
  const Real = scope.RTCPeerConnection;
  globalThis.connections = [];
  scope.RTCPeerConnection = class extends Real {
    constructor(...of: unknown[]) {
      super(...of);
      globalThis.connections.push(this);
    }
  };
}

const status = async (): Promise<string> => await page.innerText('[role=status]');
const says = async (expected: string): Promise<void> => {
  const what = (): string => `${complaints.join('\n')}\n${lab.providers.a.said()}`;
  const said = await eventually(status, (text) => text === expected, patientMs).catch(status);
  expect(said, what()).toBe(expected);
};

const statistics = async (type: string): Promise<Statistics | undefined> =>
  await page.evaluate(async (wanted) => {
    const report = await globalThis.connections.at(-1)!.getStats();
    return Array.from(report.values()).find((each) => each.type === wanted);
  }, type);

async function codeSentTo(number: string): Promise<string> {
  const text = await readFile(lab.federation.testnet.layout.outboxFile, 'utf8');
  const messages = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { to: string; code?: string });
  return messages.findLast(({ to, code }) => to === `tel:${number}` && code)?.code ?? '';
}

it('claims a number, opens the account and registers by a token that its key has signed', async () => {
  await page.fill('#claim input', mine);
  await page.click('#claim button');
  await page.waitForSelector('#code:not([hidden])');
  const code = await eventually(
    async () => await codeSentTo(mine),
    (sent) => sent !== '',
    patientMs,
  );
  await page.fill('#code input', code);
  await page.click('#code button');
  await says('Registered');
});

it('calls a telephone at another provider by number, and both hear each other', async () => {
  await page.fill('#call input', called);
  // A server that is busy says 503, and whoever calls tries again.
  await eventually(
    async () => {
      await page.click('#call button:not([type])');
      return await eventually(status, (text) => /^(In|No) /.test(text), patientMs);
    },
    (text) => text === 'In a call',
    patientMs,
  );
  await callee.until(['CALL_ESTABLISHED']);
  await callee.until(['CALL_MENC']);
  // The last step of a handshake is seen by one of the two first.
  await expect.poll(async () => (await statistics('transport'))?.dtlsState).toBe('connected');
  const received = await eventually(
    async () => await statistics('inbound-rtp'),
    (found) => (found?.packetsReceived ?? 0) > 50 && (found?.totalAudioEnergy ?? 0) > 0,
    patientMs,
  );
  expect(received?.packetsReceived).toBeGreaterThan(50);
  await eventually(
    async () => await callee.heardBytes(),
    (bytes) => bytes > 4000,
    patientMs,
  );
});

it('has shown its token to nobody but its provider', () => {
  expect(callee.said()).toMatch(/^INVITE sip:/m);
  expect(callee.said()).not.toMatch(/^Authorization: Bearer/m);
});

it('hangs up', async () => {
  await page.click('#hang-up');
  await callee.until(['CALL_CLOSED']);
  await says('The call has ended');
});

it('registers again with another token when the page is loaded anew', async () => {
  await page.reload();
  await says('Registered');
  expect(complaints).toEqual([]);
});
