/**
 * What a holder's browser and its user may do to the page: storage that is full or refused, cryptography that
 * is blocked, codes that run out while they are typed, a telephone that fills codes in, rubbish that is
 * pasted, keys that are brought along, and members that lie. Nothing is lost, and the next step is there.
 */
import { generateKeyPairSync } from 'node:crypto';
import { en } from '@callbook/web/messages';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { eventually } from '../lab.ts';
import { inspect } from '../web/inspect.ts';
import { backUp, firstCode, giveCodes, heading } from '../web/journey.ts';
import {
  blockingKeys,
  fillingUp,
  telephone,
  withoutEd25519,
  withoutStorage,
} from '../web/platforms.ts';
import { expectQuiet, openWebLab, type Visitor, type WebLab } from '../web/web-lab.ts';

vi.setConfig({ testTimeout: 150_000 });

const number = '+4915123456789';
const email = 'anna@mail.example';

let web: WebLab;
/** Holds `number`, with the key sealed: their browser has no Ed25519. */
let holder: Visitor;

beforeAll(async () => {
  // A name that is not this machine's: what browsers keep for secure origins is not there.
  web = await openWebLab({ flags: ['--host-resolver-rules=MAP callbook.test 127.0.0.1'] });
  holder = await web.visit('alpha', { platform: withoutEd25519, clockAheadMs: 0 });
}, 120_000);
afterAll(async () => await web[Symbol.asyncDispose]());

/** From the start to the screen on which the code is typed. */
async function comeToCode({ page }: Visitor, of: { number: string; sip: string }): Promise<void> {
  await page.getByRole('link', { name: en.start.claim, exact: true }).click();
  await heading(page, en.number.title);
  await page.getByLabel(en.number.label).fill(of.number);
  await page.getByRole('button', { name: en.common.next, exact: true }).click();
  await backUp(page);
  await heading(page, en.reach.title);
  await page.getByLabel(en.reach.sip).fill(of.sip);
  await page.getByRole('button', { name: en.reach.sendCode, exact: true }).click();
  await page.locator('#code').waitFor();
}

async function check(page: Page, code: string): Promise<void> {
  await page.locator('#code').fill(code);
  await page.getByRole('button', { name: en.code.check, exact: true }).click();
}

describe('storage', () => {
  it('that is full stops before anything is sent, and goes on where it was', async () => {
    const visitor = await web.visit('beta', { platform: fillingUp });
    const { page, context } = visitor;
    const to = 'tel:+447700900001';
    await comeToCode(visitor, { number: '+447700900001', sip: 'carl@sip.example' });
    const code = await firstCode(web, to);
    await page.evaluate('globalThis.isFull = true');
    const { requested } = visitor;
    const before = requested.length;
    await check(page, code);
    await page.locator('[data-failure=storage]').waitFor();
    await inspect(page, 'code-storage-full');
    expect(requested.slice(before).filter((url) => url.endsWith('/v1/entries'))).toEqual([]);
    await page.evaluate('globalThis.isFull = false');
    await page.getByRole('button', { name: en.common.again, exact: true }).click();
    await giveCodes(web, page, { to, already: 0, until: en.record.title });
    await page.getByText(en.record.states.good).waitFor();
    expectQuiet(visitor);
    await context.close();
  });

  it('that the browser refuses is said, and all goes on without it', async () => {
    const visitor = await web.visit('beta', { platform: withoutStorage, at: 'number' });
    const { page, context } = visitor;
    await page.getByText(en.common.notLasting).waitFor();
    await page.getByLabel(en.number.label).fill('+447700900002');
    await page.getByRole('button', { name: en.common.next, exact: true }).click();
    await backUp(page);
    await heading(page, en.reach.title);
    await inspect(page, 'reach-not-lasting');
    expectQuiet(visitor);
    await context.close();
  });
});

describe('cryptography that is blocked', () => {
  it('as browsers do on pages that are not secure, is said with the way out', async () => {
    const { page, context } = await web.visit('alpha');
    const { port } = new URL(web.urlOf('alpha'));
    await page.goto(`http://callbook.test:${port}/#/number`);
    await page.locator('[data-failure=crypto]').waitFor();
    await inspect(page, 'crypto-blocked');
    await context.close();
  });

  it('as add-ons do, is said as well', async () => {
    const { page, context } = await web.visit('alpha', { platform: blockingKeys, at: 'number' });
    await page.locator('[data-failure=crypto]').waitFor();
    await context.close();
  });
});

describe('a code', () => {
  it('is filled in by a telephone that reads the message', async () => {
    const visitor = await web.visit('gamma', { platform: telephone });
    const { page, context } = visitor;
    await comeToCode(visitor, { number: '+34912345678', sip: 'bea@sip.example' });
    const asked = async (): Promise<unknown> => await page.evaluate('globalThis.asked');
    // The page asks when the field has been painted, and stops when the screen has gone.
    await expect.poll(asked).toEqual([{ otp: { transport: ['sms'] }, isOpen: true }]);
    expect(await page.locator('#code').getAttribute('autocomplete')).toBe('one-time-code');
    expect(await page.locator('#code').getAttribute('inputmode')).toBe('numeric');
    const code = await firstCode(web, 'tel:+34912345678');
    // What tells a telephone whose page a code is for, and which it is: the last line of the message.
    expect((await web.messages('tel:+34912345678'))[0]).toMatch(
      new RegExp(`\n@localhost #${code}$`),
    );
    await page.evaluate(`globalThis.receive('${code}')`);
    await heading(page, en.record.title);
    await expect.poll(asked).toEqual([{ otp: { transport: ['sms'] }, isOpen: false }]);
    await page.getByText(en.record.states.good).waitFor();
    expectQuiet(visitor);
    await context.close();
  });

  it('that ran out while the page was open is sent anew, and everything else is kept', async () => {
    const { page } = holder;
    const to = `tel:${number}`;
    await comeToCode(holder, { number, sip: 'anna@sip.example' });
    const code = await firstCode(web, to);
    await rubbish(page, async () => await page.locator('#code').inputValue());
    await page.evaluate('globalThis.clockAheadMs = 601_000');
    await page.getByText(en.code.over).waitFor();
    await inspect(page, 'code-over');
    await page.evaluate('globalThis.clockAheadMs = 0');
    await page.getByRole('button', { name: en.code.check, exact: true }).waitFor();
    // To a member that has started anew, no code is known.
    await web.lab.testnet.restart('alpha');
    await check(page, code);
    // Whoever is next sends another by itself.
    await page.getByLabel(en.code.label.replace('{member}', 'beta')).waitFor();
    await inspect(page, 'code-anew');
    const [, next] = await eventually(
      async () => await web.codes(to),
      (codes) => codes.length > 1,
      30_000,
    );
    // The whole message, as people paste it.
    await check(page, `Callbook code: ${next}\nNobody asks you for it.\n\n@localhost #${next}`);
    await heading(page, en.record.title);
    await page.getByText(en.record.states.good).waitFor();
    await page.getByText(en.record.keySealed).waitFor();
  });

  it('is on the handset of the testnet, with the member that has sent it', async () => {
    const context = await web.browser.newContext({ locale: 'en-GB' });
    const page = await context.newPage();
    await page.goto(web.lab.description.handset!);
    const message = page.locator('li.message', { hasText: number }).first();
    await message.waitFor();
    expect(await message.innerText()).toMatch(/^(alpha|beta|gamma) to \+4915123456789 · /);
    await inspect(page, 'handset');
    await context.close();
  });

  it('shows a clock that is an hour wrong, and the claim goes on', async () => {
    const visitor = await web.visit('beta', { clockAheadMs: -3_900_000 });
    const { page, context } = visitor;
    await comeToCode(visitor, { number: '+447700900003', sip: 'dora@sip.example' });
    await page.getByText(en.code.clock.replace('{minutes}', '65')).waitFor();
    await inspect(page, 'code-clock');
    const to = 'tel:+447700900003';
    await giveCodes(web, page, { to, already: 0, until: en.record.title });
    await page.locator('tr[data-dns]').first().waitFor();
    await inspect(page, 'record-clock');
    await context.close();
  });
});

/** What is no code is said beside the field, and stays there. */
async function rubbish(page: Page, shown: () => Promise<string>): Promise<void> {
  for (const text of ['Hello?', '1234', '☎'.repeat(200), '<b>12345678</b>']) {
    await check(page, text);
    await page.getByText(en.code.malformed).waitFor();
    expect(await shown()).toBe(text);
  }
}

describe('what is pasted', () => {
  it('as addresses and keys is judged line by line; a private key is sent to nobody', async () => {
    const { page, requested } = holder;
    await page.getByRole('link', { name: en.record.edit, exact: true }).click();
    await heading(page, en.reach.editTitle);
    const before = requested.length;
    const save = page.getByRole('button', { name: en.reach.save, exact: true });
    await page.getByText(en.reach.more, { exact: true }).click();
    await page.getByLabel(en.reach.moreLabel).fill('xmpp:anna@chat.example\njavascript:alert(1)');
    await save.click();
    await page.getByText(en.reach.moreFault.replace('{place}', '2')).waitFor();
    await page.getByLabel(en.reach.moreLabel).fill('xmpp:anna@chat.example');
    await page.getByText(en.reach.keys, { exact: true }).click();
    const keys = page.getByLabel(en.reach.keysLabel);
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    for (const [text, fault] of [
      ['no key at all', en.reach.keysFault.replace('{place}', '1')],
      [privateKey.export({ format: 'pem', type: 'pkcs8' }), en.reach.keysPrivate],
    ] as const) {
      await keys.fill(text);
      await save.click();
      await page.getByText(fault).waitFor();
    }
    await inspect(page, 'reach-faults');
    expect(requested.slice(before).filter((url) => url.endsWith('/v1/entries'))).toEqual([]);
    await keys.fill(publicKey.export({ format: 'pem', type: 'spki' }));
    await save.click();
    await page.getByText(en.reach.saved).waitFor();
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
    const point = Buffer.concat([
      Buffer.of(4),
      Buffer.from(x, 'base64url'),
      Buffer.from(y, 'base64url'),
    ]);
    // By another way than the page: the key that was brought along is the one that everybody gets. It is
    // saved when a quorum has it, to which gamma need not belong.
    const atGamma = async (): Promise<string> => {
      const answer = await fetch(`${web.urlOf('gamma')}/v1/lookups`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ identifiers: [`tel:${number}`] }),
      });
      return await answer.text();
    };
    await expect.poll(atGamma).toContain(point.toString('base64url'));
    await page.getByRole('link', { name: en.record.title, exact: true }).last().click();
    await page.getByText('xmpp:anna@chat.example').waitFor();
  });

  it('as a backup is not taken for one', async () => {
    const { page, context } = await web.visit('gamma', { at: 'restore' });
    const go = page.getByRole('button', { name: en.restore.go, exact: true });
    await page.getByLabel(en.number.label).fill(number);
    for (const words of ['', 'abandon '.repeat(24), 'zoo '.repeat(5000)]) {
      await page.getByLabel(en.restore.words, { exact: true }).fill(words);
      await go.click();
      await page.locator('[data-failure=words]').waitFor();
      expect(await page.getByLabel(en.restore.words, { exact: true }).inputValue()).toBe(words);
    }
    await inspect(page, 'restore-rubbish');
    await page.getByLabel(en.restore.ways.file, { exact: true }).check();
    await go.click();
    await page.locator('[data-failure=file_missing]').waitFor();
    const buffer = Buffer.alloc(100_000, 'callbook');
    await page.locator('#file').setInputFiles({ name: 'me.jpg', mimeType: 'image/jpeg', buffer });
    await go.click();
    await page.locator('[data-failure=file]').waitFor();
    await context.close();
  });
});

describe('an e-mail address', () => {
  it('is confirmed by a code, and kept nowhere', async () => {
    const { page } = holder;
    await page.getByRole('link', { name: en.record.protect, exact: true }).click();
    await heading(page, en.protect.title);
    await page.locator('#email').waitFor();
    await inspect(page, 'protect');
    const confirm = page.getByRole('button', { name: en.protect.emailGo, exact: true });
    await page.locator('#email').fill('anna at mail');
    await confirm.click();
    await page.getByText(en.protect.emailFault).waitFor();
    await page.locator('#email').fill(email);
    await confirm.click();
    await page.locator('#code').waitFor();
    await check(page, await firstCode(web, `mailto:${email}`));
    await page.getByText(en.protect.emailOn).waitFor();
    await page.reload();
    await page.getByText(en.protect.emailOn).waitFor();
    expect(await page.locator('main').innerText()).not.toContain(email);
  });
});

describe('a lock', () => {
  it('that was switched off is said to hold until it is off', async () => {
    const { page } = holder;
    await page.getByRole('button', { name: en.protect.doLock, exact: true }).click();
    await page.locator('[data-lock=on]').waitFor();
    await page.getByRole('button', { name: en.protect.doUnlock, exact: true }).click();
    await page.locator('[data-lock=ending]').waitFor();
    await inspect(page, 'protect-unlocked');
    await page.reload();
    await page.locator('[data-lock=ending]').waitFor();
  });
});

describe('a member that lies', () => {
  it('is named on the screen of the number, and in an alert above every screen', async () => {
    const { page } = holder;
    await page.goto(`${web.urlOf('alpha')}/#/record`);
    const origin = web.urlOf('beta');
    await page.route(`${origin}/v1/lookups`, async (route) => {
      const response = await route.fetch().catch(() => undefined);
      if (response === undefined) return await route.abort('connectionreset');
      const text = await response.text();
      const lie = text.replace('anna@sip.example', 'eve@sip.example');
      const body = lie.replace(/(?<="entryId":")./, (digit) => (digit === '0' ? '1' : '0'));
      return await route.fulfill({ response, body });
    });
    await page.reload();
    await page.locator('tr[data-member=beta][data-api=other]').waitFor();
    await page.locator('[data-alarm=member_differs]', { hasText: 'beta' }).waitFor();
    await inspect(page, 'record-liar');
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    await page.goto(
      `${web.urlOf('alpha')}/#/release?number=${encodeURIComponent(`tel:${number}`)}`,
    );
    await page.getByRole('button', { name: en.release.go, exact: true }).waitFor();
    await inspect(page, 'release');
    expectQuiet(holder);
  });
});
