/** A fast person on the way to a number: reads, types and presses what the screens ask for. */
import { en } from '@callbook/web/messages';
import { errors, type Page } from 'playwright-core';
import { eventually } from '../lab.ts';
import type { Visitor, WebLab } from './web-lab.ts';

export interface ClaimOptions {
  /** E.164. */
  readonly number: string;
  readonly sip: string;
  /** Called on every screen before anything is done there. */
  readonly onScreen?: (name: string, page: Page) => Promise<void>;
}

/** Claims a number from the start to the record; returns the 24 words. */
export async function claim(
  web: WebLab,
  { page }: Visitor,
  { number, sip, onScreen = async () => {} }: ClaimOptions,
): Promise<string> {
  await onScreen('start', page);
  await page.getByRole('link', { name: en.start.claim, exact: true }).click();
  await heading(page, en.number.title);
  await onScreen('number', page);
  await page.getByLabel(en.number.label).fill(number);
  await page.getByRole('button', { name: en.common.next, exact: true }).click();
  const words = await backUp(page, onScreen);
  await heading(page, en.reach.title);
  await onScreen('reach', page);
  await page.getByLabel(en.reach.sip).fill(sip);
  const already = (await web.codes(`tel:${number}`)).length;
  await page.getByRole('button', { name: en.reach.sendCode, exact: true }).click();
  await page.locator('#code').waitFor();
  await onScreen('code', page);
  await giveCodes(web, page, { to: `tel:${number}`, already, until: en.record.title });
  await page.getByText(en.record.states.good).waitFor();
  await onScreen('record', page);
  return words;
}

/** Writes the words down and reads three of them from the paper. */
export async function backUp(
  page: Page,
  onScreen: ClaimOptions['onScreen'] = async () => {},
): Promise<string> {
  await heading(page, en.backup.title);
  await onScreen('backup', page);
  await page.getByRole('button', { name: en.backup.showWords, exact: true }).click();
  await page.locator('ol.words > li').first().waitFor();
  const words = await page.locator('ol.words > li').allInnerTexts();
  await page.getByRole('button', { name: en.backup.written, exact: true }).click();
  const quiz = page.locator('input[id^=word-]');
  await quiz.first().waitFor();
  for (const field of await quiz.all()) {
    const place = Number((await field.getAttribute('id'))!.slice('word-'.length));
    await field.fill(words[place - 1]!);
  }
  await page.getByRole('button', { name: en.backup.test, exact: true }).click();
  return words.join(' ');
}

/** The code that comes next to a number that none had come to. */
export async function firstCode(web: WebLab, to: string): Promise<string> {
  const [code] = await eventually(
    async () => await web.codes(to),
    (codes) => codes.length > 0,
    30_000,
  );
  return code!;
}

export interface GiveCodesOptions {
  readonly to: string;
  /** How many codes had been sent to it before. */
  readonly already: number;
  /** The heading of the screen that is come to at the end. */
  readonly until: string;
}

/** How long a person goes on typing codes. */
const codesMsMax = 90_000;

/**
 * Has codes sent and types them, until the screen that they lead to is shown. All members of a testnet are
 * `localhost` in their messages, so that of several codes each is tried where it may be meant.
 */
export async function giveCodes(
  web: WebLab,
  page: Page,
  { to, already, until }: GiveCodesOptions,
): Promise<void> {
  const end = page.getByRole('heading', { level: 1, name: until, exact: true });
  const field = page.locator('#code');
  const buttons = [page.getByRole('button', { name: en.code.send, exact: true })];
  const tried = new Set<string>();
  const step = async (): Promise<boolean> => {
    if (await end.isVisible()) return true;
    if (await page.locator('[data-failure]').isVisible()) {
      throw new Error(await page.locator('[data-failure]').innerText(quickly));
    }
    for (const button of buttons) {
      if (await button.isVisible()) await button.click(quickly);
    }
    // What was typed stands there until the screen has gone on with it.
    if (!(await field.isVisible()) || (await field.inputValue(quickly)) !== '') return false;
    const asked = await page.locator('label[for=code]').innerText(quickly);
    const sent = (await web.codes(to)).slice(already);
    const code = sent.find((one) => !tried.has(`${asked} ${one}`));
    if (code === undefined) return false;
    tried.add(`${asked} ${code}`);
    await field.fill(code, quickly);
    await page.getByRole('button', { name: en.code.check, exact: true }).click(quickly);
    return false;
  };
  await eventually(
    async () =>
      await step().catch((error: unknown) => {
        // What was there a moment ago may be on its way out.
        if (error instanceof errors.TimeoutError) return false;
        throw error;
      }),
    (isOver) => isOver,
    codesMsMax,
  );
}

/** For what is there already. */
const quickly = { timeout: 2000 };

export async function heading(page: Page, text: string): Promise<void> {
  await page.getByRole('heading', { level: 1, name: text, exact: true }).waitFor();
}
