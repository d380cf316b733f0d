/**
 * A testnet whose members serve the web page, and people before it: each in a browser profile of their own,
 * with a telephone whose messages are those of the outbox.
 */
import { readFile } from 'node:fs/promises';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { expect } from 'vitest';
import type { StartOptions } from '../../src/testnet.ts';
import { startChromium } from '../browser/chromium.ts';
import { openLabWith, type Lab } from '../lab.ts';

export interface WebLab extends AsyncDisposable {
  readonly lab: Lab;
  readonly browser: Browser;
  /** Opens a member's page in a profile of its own; `storage` takes up another profile's. */
  visit(memberName: string, options?: VisitOptions): Promise<Visitor>;
  /** The codes that have been sent to a number, in their order. */
  codes(to: string): Promise<string[]>;
  /** Address of a member's page. */
  urlOf(memberName: string): string;
}

export interface Visitor {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the browser has complained of: errors of scripts, and what the policy has refused. */
  readonly complaints: readonly string[];
  /** Addresses that were asked. */
  readonly requested: readonly string[];
}

interface VisitOptions extends BrowserContextOptions {
  /** Part of the address after `#/`. */
  readonly at?: string;
  /** How far this person's clock is ahead. */
  readonly clockAheadMs?: number;
}

/** Longest wait for what a screen shows next; the machines that tests run on are shared. */
const actionMsMax = 60_000;

/** Opens a lab of three members. */
export async function openWebLab(holds: StartOptions['holds'] = {}): Promise<WebLab> {
  await using opening = new AsyncDisposableStack();
  const lab = opening.use(await openLabWith({ memberCount: 3, withPage: true, holds }));
  const { browser } = opening.use(await startChromium([lab.testnet.layout.caFile]));
  const open = opening.move();
  const urlOf = (name: string): string =>
    lab.description.members.find((member) => member.name === name)!.web;
  return {
    lab,
    browser,
    urlOf,
    visit: async (name, options = {}) => await visit(browser, urlOf(name), options),
    codes: async (to) => await codesSentTo(lab, to),
    [Symbol.asyncDispose]: async () => await open[Symbol.asyncDispose](),
  };
}

async function visit(browser: Browser, url: string, options: VisitOptions): Promise<Visitor> {
  const { at = '', clockAheadMs, ...profile } = options;
  const context = await browser.newContext({ locale: 'en-GB', ...profile });
  if (clockAheadMs !== undefined) await moveClock(context, clockAheadMs);
  const page = await context.newPage();
  page.setDefaultTimeout(actionMsMax);
  const complaints: string[] = [];
  const requested: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    const text = message.text();
    // A member that is down is told of by the page; the browser's line about it is none of the page's.
    if (message.type() === 'error' && !text.startsWith('Failed to load resource')) {
      complaints.push(text);
    }
  });
  page.on('request', (request) => requested.push(request.url()));
  await page.goto(`${url}/${at === '' ? '' : `#/${at}`}`);
  await page.locator('main h1').waitFor();
  return { page, context, complaints, requested };
}

/** Time passes as ever, from another moment on. */
async function moveClock(context: BrowserContext, aheadMs: number): Promise<void> {
  await context.addInitScript((ms) => {
    const RealDate = Date;
    const now = (): number => RealDate.now() + ms;
    globalThis.Date = class extends RealDate {
      constructor(...parts: unknown[]) {
        super(...((parts.length === 0 ? [now()] : parts) as [number]));
      }
      static override now(): number {
        return now();
      }
    } as DateConstructor;
  }, aheadMs);
}

async function codesSentTo(lab: Lab, to: string): Promise<string[]> {
  const lines = (await readFile(lab.description.outbox, 'utf8')).trim().split('\n');
  const messages = lines.flatMap((line) =>
    line === '' ? [] : [JSON.parse(line) as { to: string; code?: string }],
  );
  return messages.flatMap((message) =>
    message.to === to && message.code !== undefined ? [message.code] : [],
  );
}

/** Asserts that the page asked nobody but members, and that nothing was refused or thrown. */
export function expectQuiet({ complaints, requested }: Visitor): void {
  expect(complaints).toEqual([]);
  const hosts = new Set(requested.filter((url) => !url.startsWith('blob:')).map(hostnameOf));
  expect([...hosts]).toEqual(['localhost']);
}

function hostnameOf(url: string): string {
  return new URL(url).hostname;
}
