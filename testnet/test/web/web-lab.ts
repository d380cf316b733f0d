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
  /** The texts of all messages to a number, in their order. */
  messages(to: string): Promise<string[]>;
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
  /** What has moved although nobody had pressed or typed anything. */
  readonly shifts: readonly Shift[];
}

/** A layout shift as the browser measures it: `value` adds up to the CLS. */
interface Shift {
  readonly value: number;
  readonly what: string;
}

interface VisitOptions extends BrowserContextOptions {
  /** Part of the address after `#/`. */
  readonly at?: string;
  /** How far this person's clock is ahead. */
  readonly clockAheadMs?: number;
  /** Plays this person's browser or device, before any script of the page. */
  readonly platform?: string;
}

/** Longest wait for what a screen shows next; the machines that tests run on are shared. */
const actionMsMax = 60_000;

interface WebLabOptions {
  readonly holds?: StartOptions['holds'];
  /** Of the browser's command line. */
  readonly flags?: readonly string[];
}

/** Opens a lab of three members. */
export async function openWebLab({ holds = {}, flags = [] }: WebLabOptions = {}): Promise<WebLab> {
  await using opening = new AsyncDisposableStack();
  const lab = opening.use(await openLabWith({ memberCount: 3, withPage: true, holds }));
  const { browser } = opening.use(await startChromium([lab.testnet.layout.caFile], flags));
  const open = opening.move();
  const urlOf = (name: string): string =>
    lab.description.members.find((member) => member.name === name)!.web;
  return {
    lab,
    browser,
    urlOf,
    visit: async (name, options = {}) => await visit(browser, urlOf(name), options),
    codes: async (to) => (await sentTo(lab, to)).flatMap(({ code }) => code ?? []),
    messages: async (to) => (await sentTo(lab, to)).map(({ text }) => text),
    [Symbol.asyncDispose]: async () => await open[Symbol.asyncDispose](),
  };
}

async function visit(browser: Browser, url: string, options: VisitOptions): Promise<Visitor> {
  const { at = '', clockAheadMs, platform, ...profile } = options;
  const context = await browser.newContext({ locale: 'en-GB', ...profile });
  if (clockAheadMs !== undefined) await moveClock(context, clockAheadMs);
  if (platform !== undefined) await context.addInitScript(platform);
  const shifts = await watchShifts(context);
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
  return { page, context, complaints, requested, shifts };
}

/** Has the browser tell of every layout shift that no input explains, with what moved. */
async function watchShifts(context: BrowserContext): Promise<readonly Shift[]> {
  const shifts: Shift[] = [];
  await context.exposeBinding('layoutShifted', (_source, shift: Shift) => void shifts.push(shift));
  await context.addInitScript(`
    const nameOf = ({ node, previousRect: from, currentRect: to }) =>
      (node?.outerHTML ?? node?.textContent ?? '').slice(0, 80) + ' from ' + from.y + ' to ' + to.y;
    new PerformanceObserver((list) => {
      for (const { value, hadRecentInput, sources } of list.getEntries()) {
        if (!hadRecentInput) globalThis.layoutShifted({ value, what: sources.map(nameOf).join('; ') });
      }
    }).observe({ type: 'layout-shift', buffered: true });
  `);
  return shifts;
}

/** Time passes as ever, from another moment on; `clockAheadMs` moves it again. */
async function moveClock(context: BrowserContext, aheadMs: number): Promise<void> {
  await context.addInitScript((ms) => {
    const RealDate = Date;
    const clock = globalThis as { clockAheadMs?: number };
    clock.clockAheadMs = ms;
    const now = (): number => RealDate.now() + clock.clockAheadMs!;
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

interface Message {
  readonly to: string;
  readonly text: string;
  readonly code?: string;
}

async function sentTo(lab: Lab, to: string): Promise<Message[]> {
  const lines = (await readFile(lab.description.outbox, 'utf8')).trim().split('\n');
  const messages = lines.flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Message]));
  return messages.filter((message) => message.to === to);
}

/** What may move in one visit, all of it together: as much as Core Web Vitals call good. */
const shiftMax = 0.1;

/** Asserts that the page did not jump under somebody who has only used it: pictures of it change the window. */
export function expectStill({ shifts }: Visitor): void {
  const shifted = shifts.reduce((sum, { value }) => sum + value, 0);
  expect(shifted, JSON.stringify(shifts)).toBeLessThanOrEqual(shiftMax);
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
