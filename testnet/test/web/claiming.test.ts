/**
 * The complete way to a number, in a browser: how many screens and how long for a fast person, what the page
 * loads for it, what the members then say, and what is left of it after a reload, in a private window, with
 * storage cleared, with a wrong clock, and with a member killed in the middle.
 */
import { en } from '@callbook/web/messages';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { eventually } from '../lab.ts';
import { inspect } from './inspect.ts';
import { backUp, claim, firstCode, giveCodes, heading } from './journey.ts';
import { loadedGzipBytes, measureStart } from './load.ts';
import { expectQuiet, expectStill, openWebLab, type Visitor, type WebLab } from './web-lab.ts';

vi.setConfig({ testTimeout: 170_000 });

const number = '+4915123456789';
const screensMax = 6;
const claimMsMax = 40_000;
const firstLoadGzipBytesMax = 120_000;
const interactiveMsMax = 1000;

let web: WebLab;
let holder: Visitor;
let words: string;

beforeAll(async () => {
  web = await openWebLab();
  holder = await web.visit('alpha');
}, 120_000);
afterAll(async () => await web[Symbol.asyncDispose]());

describe('the first load', () => {
  it('is at most 120 kB as it travels', async () => {
    expect(await loadedGzipBytes(web)).toBeLessThanOrEqual(firstLoadGzipBytesMax);
  });

  it('can be used within a second, on a processor slowed down four times', async () => {
    // The thread's own work: whatever else this machine does at the moment is not the page's.
    const { workMs } = await measureStart(web, 5);
    expect(workMs).toBeGreaterThan(0);
    expect(workMs).toBeLessThanOrEqual(interactiveMsMax);
  });
});

describe('a claim', () => {
  it('takes at most 6 screens and 40 seconds', async () => {
    const screens: string[] = [];
    const startedMs = performance.now();
    words = await claim(web, holder, {
      number,
      sip: 'anna@sip.example',
      onScreen: async (name) => void screens.push(name),
    });
    const tookMs = performance.now() - startedMs;
    expect(screens.length).toBeLessThanOrEqual(screensMax);
    expect(tookMs).toBeLessThanOrEqual(claimMsMax);
    expect(words.split(' ')).toHaveLength(24);
  });

  it.each(['alpha', 'beta', 'gamma'])('is what %s says, by itself and in its DNS', async (name) => {
    const { page } = holder;
    const row = page.locator('tr', { hasText: name });
    await eventually(
      async () => await row.innerText(),
      (text) =>
        text.includes(en.record.apiSayings.same) && text.includes(en.record.dnsSayings.same),
      30_000,
    );
  });

  it('is shown as soon as members say it, though their proofs and their DNS hang', async () => {
    const { page } = holder;
    let isBlocked = true;
    await page.route(/\/v1\/proof|\/dns-query/, async () => await Promise.withResolvers().promise);
    await page.route('**/v1/lookups', async (route) =>
      isBlocked ? await route.abort('connectionrefused') : await route.continue(),
    );
    await page.reload();
    await page.getByText(en.record.states.unknown).waitFor();
    isBlocked = false;
    // Members that hang are given up after half a minute: nothing else may wait for that.
    await page.getByText(en.record.states.good).waitFor({ timeout: 20_000 });
    await page.unrouteAll({ behavior: 'ignoreErrors' });
  });

  it('is found at the page of another member, with proof', async () => {
    const { page, context } = await web.visit('gamma', { at: 'lookup' });
    await page.getByLabel(en.lookup.number).fill(number);
    await page.getByRole('button', { name: en.lookup.ask, exact: true }).click();
    await page.locator('[data-answer=published]').waitFor();
    await page.getByText('sip:anna@sip.example').first().waitFor();
    await context.close();
  });

  it('is there after a reload, and its address can be changed', async () => {
    const { page } = holder;
    await page.reload();
    await page.getByText(en.record.states.good).waitFor();
    await page.getByRole('link', { name: en.record.edit, exact: true }).click();
    await heading(page, en.reach.editTitle);
    await page.getByLabel(en.reach.sip).fill('anna@other.example');
    await page.getByRole('button', { name: en.reach.save, exact: true }).click();
    await page.getByText(en.reach.saved).waitFor();
    await page.goBack();
    await page.getByText('sip:anna@other.example').first().waitFor();
    await page.getByText(en.record.states.good).waitFor();
    expectQuiet(holder);
    expectStill(holder);
  });

  it('is not in a private window', async () => {
    const { page, context } = await web.visit('beta', { at: 'record' });
    await page.getByText(en.record.none).waitFor();
    await context.close();
  });
});

describe('every screen on the way', () => {
  it('can be read and used by everybody, in both themes and three widths', async () => {
    const visitor = await web.visit('beta');
    await claim(web, visitor, {
      number: '+34912345678',
      sip: 'bea@sip.example',
      onScreen: async (name, page) => await inspect(page, `claim-${name}`),
    });
    const { page } = visitor;
    for (const [name, title] of [
      ['protect', en.protect.title],
      ['release', en.release.title],
      ['restore', en.restore.title],
      ['lost', en.lost.title],
    ] as const) {
      await page.goto(`${web.urlOf('beta')}/#/${name}`);
      await heading(page, title);
      await inspect(page, name);
    }
    expectQuiet(visitor);
    await visitor.context.close();
  });
});

describe('a claim that is disturbed', () => {
  it('goes on after a reload on every screen, and with another member when one is killed', async () => {
    const visitor = await web.visit('gamma');
    const { page, context } = visitor;
    const to = 'tel:+447700900001';
    await page.getByRole('link', { name: en.start.claim, exact: true }).click();
    await page.reload();
    await heading(page, en.number.title);
    await page.getByLabel(en.number.label).fill('+447700900001');
    await page.getByRole('button', { name: en.common.next, exact: true }).click();
    await heading(page, en.backup.title);
    await page.reload();
    await backUp(page);
    await heading(page, en.reach.title);
    await page.reload();
    await page.getByLabel(en.reach.sip).fill('carl@sip.example');
    await page.getByRole('button', { name: en.reach.sendCode, exact: true }).click();
    await page.locator('#code').waitFor();
    // The code that is on its way counts after a reload; no second one is sent unless the person asks for it.
    const sent = await firstCode(web, to);
    await page.reload();
    await page.locator('#code').waitFor();
    await page.goBack();
    // An old screen stays until the new one is there: without this its field is what is found below.
    await heading(page, en.reach.title);
    await page.goForward();
    await page.locator('#code').waitFor();
    expect(await web.codes(to)).toEqual([sent]);
    const beta = web.lab.testnet.members.find(({ layout }) => layout.name === 'beta')!;
    await beta.stop('SIGKILL');
    await page.getByText(en.code.notHere).click();
    const other = en.code.other.replace('{member}', 'alpha');
    await page.getByRole('button', { name: other, exact: true }).click();
    await page.getByLabel(en.code.label.replace('{member}', 'alpha')).waitFor();
    await giveCodes(web, page, { to, already: 1, until: en.record.title });
    await page.getByText(en.record.welcome.slice(0, 12)).waitFor();
    await web.lab.testnet.restart('beta');
    await page.getByText(en.record.states.good).waitFor({ timeout: 60_000 });
    await context.close();
  });

  it('says when the clock is wrong by an hour', async () => {
    const { page, context } = await web.visit('alpha', {
      at: 'lookup',
      clockAheadMs: -3_900_000,
    });
    await page.getByLabel(en.lookup.number).fill(number);
    await page.getByRole('button', { name: en.lookup.ask, exact: true }).click();
    await page.locator('[data-failure=clock]').waitFor();
    await inspect(page, 'lookup-clock');
    await context.close();
  });

  it('loses nothing for ever when storage is cleared: the words bring it back', async () => {
    const { page, context } = holder;
    const cdp = await context.newCDPSession(page);
    const origin = web.urlOf('alpha');
    await cdp.send('Storage.clearDataForOrigin', { origin, storageTypes: 'all' });
    await page.goto(`${origin}/#/restore`);
    await page.reload();
    await heading(page, en.restore.title);
    await page.getByLabel(en.number.label).fill(number);
    await page.getByLabel(en.restore.words, { exact: true }).fill(words);
    await page.getByRole('button', { name: en.restore.go, exact: true }).click();
    await heading(page, en.record.title);
    await page.getByText('sip:anna@other.example').first().waitFor();
  });
});
