/**
 * Two browsers that want one number: a key that is lost, and replaced once the hold of the charter is over,
 * which is a quarter of a minute here; a request that the holder refuses in their browser, by one tap in the alert;
 * and one with a stolen recovery code, refused in the same way.
 */
import { en } from '@callbook/web/messages';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { inspect } from '../web/inspect.ts';
import { backUp, claim, giveCodes, heading } from '../web/journey.ts';
import { expectQuiet, openWebLab, type Visitor, type WebLab } from '../web/web-lab.ts';

vi.setConfig({ testTimeout: 150_000 });

const number = '+4915123456789';
const lostNumber = '+34912345678';
const guardedNumber = '+447700900001';
const possessionMs = 15_000;
/** Longer than it takes until members send another code to the same number. */
const recoveryMs = 180_000;

let web: WebLab;
/** Holds `number`. */
let holder: Visitor;
/** Wants it as well. */
let stranger: Visitor;
/** Has lost the key of `lostNumber`. */
let loser: Visitor;
/** Holds `guardedNumber`, whose recovery code somebody has stolen. */
let guarded: Visitor;

beforeAll(async () => {
  web = await openWebLab({ holds: { possessionMs, recoveryMs } });
  const { code } = await web.lab.callbook(
    `register ${lostNumber} --sip sip:old@sip.example --code-from ${web.lab.description.outbox}`,
  );
  expect(code).toBe(0);
  holder = await web.visit('alpha');
  await claim(web, holder, { number, sip: 'anna@sip.example' });
  stranger = await web.visit('beta', { at: 'lost' });
  loser = await web.visit('gamma', { at: 'lost' });
  guarded = await web.visit('gamma');
  await claim(web, guarded, { number: guardedNumber, sip: 'carl@sip.example' });
  const recoveryCode = await makeRecoveryCode(guarded);
  const thief = await web.visit('beta', { at: 'lost' });
  await ask(thief, { number: guardedNumber, sip: 'eve@sip.example', recoveryCode });
  await thief.context.close();
}, 240_000);
afterAll(async () => await web[Symbol.asyncDispose]());

/** From "my key is lost" to the hold. */
async function ask(
  { page }: Visitor,
  of: { number: string; sip: string; recoveryCode?: string },
): Promise<void> {
  await heading(page, en.lost.title);
  await page.getByLabel(en.number.label).fill(of.number);
  if (of.recoveryCode !== undefined) {
    await page.getByLabel(en.lost.ways.recovery.split('{')[0]!).check();
  }
  await page.getByRole('button', { name: en.lost.begin, exact: true }).click();
  await backUp(page);
  await heading(page, en.reach.title);
  await page.getByLabel(en.reach.sip).fill(of.sip);
  const to = `tel:${of.number}`;
  const already = (await web.codes(to)).length;
  await page.getByRole('button', { name: en.reach.sendCode, exact: true }).click();
  if (of.recoveryCode !== undefined) {
    await page.getByLabel(en.code.recoveryLabel).fill(of.recoveryCode);
    await page.getByRole('button', { name: en.common.next, exact: true }).click();
  }
  await giveCodes(web, page, { to, already, until: en.lost.holdTitle });
}

/** Has a recovery code made, and put in force as it stands on the paper. */
async function makeRecoveryCode({ page }: Visitor): Promise<string> {
  await page.getByRole('link', { name: en.record.protect, exact: true }).click();
  await page.getByRole('button', { name: en.protect.make, exact: true }).click();
  const code = await page.locator('output').innerText();
  await page.getByLabel(en.protect.typeBack).fill(code.slice(0, 9));
  const put = page.getByRole('button', { name: en.protect.put, exact: true });
  await put.click();
  await page.getByText(en.protect.other).waitFor();
  await page.getByLabel(en.protect.typeBack).fill(` ${code.toLowerCase().replaceAll('-', ' ')}`);
  await put.click();
  await page.getByText(en.protect.recoveryDone).waitFor();
  return code;
}

describe('a key that is lost', () => {
  it('is asked to be replaced, and the hold of the charter runs', async () => {
    const { page } = loser;
    await ask(loser, { number: lostNumber, sip: 'bea@sip.example' });
    await page.getByRole('timer').waitFor();
    await inspect(page, 'hold');
  });
});

describe('a request that somebody else makes', () => {
  it('is shown to the browser of the holder, and refused by one tap', async () => {
    const { page } = holder;
    const requestId = nextRequestId(page);
    await ask(stranger, { number, sip: 'eve@sip.example' });
    const refuse = page.getByRole('button', { name: en.guard.refuse, exact: true });
    await refuse.waitFor();
    await inspect(page, 'alert');
    const query = new URLSearchParams({ number: `tel:${number}`, request: await requestId });
    await page.goto(`${web.urlOf('alpha')}/#/veto?${query.toString()}`);
    await page.getByRole('button', { name: en.guard.vetoGo, exact: true }).waitFor();
    await inspect(page, 'veto');
    await refuse.click();
    await page.getByText(en.guard.refused.split('{')[0]!).waitFor();
  });

  it('is void for the browser that made it, which is told so', async () => {
    const { page } = stranger;
    await page.getByText(en.lost.vetoed).waitFor();
    await inspect(page, 'hold-vetoed');
    await page.getByRole('button', { name: en.lost.giveUp, exact: true }).click();
    await heading(page, en.number.title);
    expectQuiet(stranger);
  });

  it('has changed nothing', async () => {
    const { page } = holder;
    await page.goto(`${web.urlOf('alpha')}/#/record`);
    await page.getByText(en.record.states.good).waitFor();
    await page.getByText('sip:anna@sip.example').first().waitFor();
    expectQuiet(holder);
  });
});

describe('a hold that is over', () => {
  it('lets the new key and address take effect, also after a reload', async () => {
    const { page } = loser;
    await page.reload();
    const take = page.getByRole('link', { name: en.lost.take, exact: true });
    await take.waitFor();
    await inspect(page, 'hold-over');
    const to = `tel:${lostNumber}`;
    const already = (await web.codes(to)).length;
    await take.click();
    await giveCodes(web, page, { to, already, until: en.record.title });
    await page.getByText(en.record.states.good).waitFor();
    await page.getByText('sip:bea@sip.example').first().waitFor();
    expectQuiet(loser);
  });
});

describe('a request with a stolen recovery code', () => {
  it('is shown when the page is opened anew, and refused by one tap', async () => {
    const { page } = guarded;
    await page.goto(`${web.urlOf('gamma')}/`);
    await page.reload();
    await page.getByRole('button', { name: en.guard.refuse, exact: true }).click();
    await page.getByText(en.guard.refused.split('{')[0]!).waitFor();
  });
});

/** The id, in hexadecimal digits, of the request that a member next lists to a page that watches its number. */
async function nextRequestId(page: Page): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  page.on('response', (response) => {
    if (!response.url().includes('/v1/entries/')) return;
    response.json().then(
      (answer: { readonly pending?: readonly { readonly requestId: string }[] }) => {
        const [first] = answer.pending ?? [];
        if (first !== undefined) {
          resolve(Buffer.from(first.requestId, 'base64url').toString('hex'));
        }
      },
      // An answer that nobody waited for any more.
      () => undefined,
    );
  });
  return await promise;
}
