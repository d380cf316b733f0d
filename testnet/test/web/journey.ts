/** A fast person on the way to a number: reads, types and presses what the screens ask for. */
import { en } from '@callbook/web/messages';
import type { Page } from 'playwright-core';
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
  const already = await web.codeCount(`tel:${number}`);
  await page.getByRole('button', { name: en.reach.sendCode, exact: true }).click();
  await page.locator('#code').waitFor();
  await onScreen('code', page);
  await giveCode(web, page, { to: `tel:${number}`, already });
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

/** Types the code that was sent, and whatever other codes are asked for after it. */
export async function giveCode(
  web: WebLab,
  page: Page,
  { to, already }: { readonly to: string; readonly already: number },
): Promise<void> {
  const code = await web.code(to, already);
  await page.locator('#code').fill(code);
  await page.getByRole('button', { name: en.code.check, exact: true }).click();
}

export async function heading(page: Page, text: string): Promise<void> {
  await page.getByRole('heading', { level: 1, name: text, exact: true }).waitFor();
}
