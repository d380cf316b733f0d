/**
 * The page for who holds nothing: looking numbers up, one and many, with the reasons, and who runs the
 * directory. Also what goes wrong on the way: rubbish, no network, a member that lies, one that is down.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { noteSigner, parseIndexRoot, signIndexRoot } from '@callbook/protocol';
import { nobleCryptography as crypto } from '@callbook/protocol/crypto/noble';
import { en } from '@callbook/web/messages';
import type { Route } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { eventually } from '../lab.ts';
import { inspect } from './inspect.ts';
import { expectQuiet, openWebLab, type Visitor, type WebLab } from './web-lab.ts';

const held = '+4915123456789';
const free = '+447700900001';

/** Generous: the machines that tests run on are shared. */
const testMsMax = 90_000;
vi.setConfig({ testTimeout: testMsMax });

let web: WebLab;
let visitor: Visitor;

beforeAll(async () => {
  web = await openWebLab();
  const { code } = await web.lab.callbook(
    `register ${held} --sip sip:alice@sip.example --code-from ${web.lab.description.outbox}`,
  );
  expect(code).toBe(0);
  visitor = await web.visit('alpha');
}, 120_000);
afterAll(async () => await web[Symbol.asyncDispose]());

async function lookUp({ page }: Visitor, number: string): Promise<void> {
  await page.goto(`${new URL(page.url()).origin}/#/lookup`);
  await page.getByLabel(en.lookup.one, { exact: true }).check();
  await page.getByLabel(en.lookup.number).fill(number);
  await page.getByRole('button', { name: en.lookup.ask, exact: true }).click();
}

/**
 * Looks up until the reasons are as wanted, and returns them. A member that is busy gives no proof within four
 * seconds, or no answer at all, which is said; then it is asked again.
 */
async function reasonsFor(
  number: string,
  state: 'absent' | 'published',
  wanted: (reasons: string) => boolean,
): Promise<string> {
  const { page } = visitor;
  return await eventually(
    async () => {
      await lookUp(visitor, number);
      await page.locator('[data-answer], [data-failure]').first().waitFor();
      if (!(await page.locator(`[data-answer=${state}]`).isVisible())) {
        return await page.locator('main').innerText();
      }
      return await page.locator('ol.steps').innerText();
    },
    wanted,
    60_000,
  );
}

describe('the start', () => {
  it('says what this is in three sentences, and leads everywhere', async () => {
    const { page } = visitor;
    for (const sentence of [en.start.what, en.start.why, en.start.who]) {
      await page.getByText(sentence).waitFor();
    }
    expect(await page.title()).toContain('Callbook');
    await inspect(page, 'start');
  });

  it.each([
    ['es-ES', 'es', 'Su número'],
    ['de-AT', 'de', 'Ihre Nummer'],
    ['fr-FR', 'en', 'Your number'],
  ])('speaks to a reader of %s in %s', async (locale, language, words) => {
    const { page, context } = await web.visit('beta', { locale });
    expect(await page.locator('html').getAttribute('lang')).toBe(language);
    expect(await page.locator('h1').textContent()).toContain(words);
    await context.close();
  });

  it('keeps the language that was chosen', async () => {
    const { page, context } = await web.visit('beta');
    await page.getByLabel(en.frame.language).selectOption('de');
    await page.getByRole('heading', { name: 'Ihre Nummer' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Ihre Nummer' }).waitFor();
    await context.close();
  });

  it('is walked with the keys alone', async () => {
    const { page, context } = await web.visit('beta');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe(en.frame.skip);
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: en.lookup.title }).waitFor();
    // Who listens hears where they are.
    await eventually(
      async () => await page.evaluate('document.activeElement.tagName'),
      (name) => name === 'H1',
    );
    await page.goBack();
    await page.getByRole('heading', { name: en.start.title }).waitFor();
    await context.close();
  });
});

describe('a look-up', () => {
  it('shows what is published, and why it is believed', async () => {
    const { page } = visitor;
    const reasons = await reasonsFor(
      held,
      'published',
      (text) => text.includes('It is proven') && text.includes('the zone e164.'),
    );
    await page.getByText('sip:alice@sip.example').first().waitFor();
    expect(reasons).toMatch(/[23] of [23] members/);
    expect(reasons).toMatch(/It is proven: (alpha|beta|gamma) has signed/);
    expect(reasons).toMatch(/the zone e164\.(alpha|beta|gamma)\.test, with \d signatures/);
    expect(reasons).toContain(en.lookup.oblivious);
    await page.locator('summary').click();
    await inspect(page, 'lookup-published');
  });

  it('tells that nobody has claimed another, typed as people type it', async () => {
    const { page } = visitor;
    await reasonsFor(
      '0044 (0)7700 900-001',
      'absent',
      (reasons) => reasons.includes('It is proven') || reasons.includes(en.lookup.withheld),
    );
    await inspect(page, 'lookup-absent');
  });

  it.each(['', 'who?', '<script>alert(1)</script>', '+1', '9'.repeat(60)])(
    'says beside the field why "%s" is no number, and asks nobody',
    async (rubbish) => {
      const before = visitor.requested.length;
      await lookUp(visitor, rubbish);
      await visitor.page.locator('#number[aria-invalid=true]').waitFor();
      const asked = visitor.requested.slice(before).filter((url) => url.includes('/v1/'));
      expect(asked).toEqual([]);
    },
  );

  it('does a pasted list in one go', async () => {
    const { page } = visitor;
    await page.goto(`${web.urlOf('alpha')}/#/lookup`);
    await page.getByLabel(en.lookup.list, { exact: true }).check();
    const list = `Alice;${held}\nBob\t+44 7700 900001\nno number here`;
    await page.getByLabel(en.lookup.listLabel).fill(list);
    const proven = page.locator('tr[data-answer=published]', { hasText: en.lookup.whyProven });
    // Without a proof the list is pasted once more, as above.
    await eventually(
      async () => {
        await page.getByRole('button', { name: en.lookup.ask, exact: true }).click();
        await page.locator('tr[data-answer], [data-failure]').first().waitFor();
        return await proven.count();
      },
      (count) => count === 1,
      60_000,
    );
    expect(await page.locator('tr[data-answer=absent]').count()).toBe(1);
    await inspect(page, 'lookup-list');
  });

  it('says what is wrong with a list that is none, or too long', async () => {
    const { page } = visitor;
    const list = page.getByLabel(en.lookup.listLabel);
    const ask = page.getByRole('button', { name: en.lookup.ask, exact: true });
    await list.fill('PK\u0003\u0004 \ud83d\udcc7 name;street;town\n'.repeat(300));
    await ask.click();
    await page.getByText(en.lookup.nothingRead).waitFor();
    const count = 1001;
    const lines = Array.from({ length: count }, (_, place) => `+4915120${100_000 + place}`);
    await list.fill(lines.join('\n'));
    await ask.click();
    await page
      .getByText(en.lookup.tooMany.replace('{count}', `${count}`).replace('{max}', '1000'))
      .waitFor();
    expect(await list.inputValue()).toContain(lines.at(-1));
  });

  it('asks nobody else, runs under its policy and throws nothing', () => {
    expectQuiet(visitor);
  });
});

describe('who runs it', () => {
  it('shows that all members have the same directory', async () => {
    const { page, context } = await web.visit('gamma', { at: 'transparency' });
    await page.locator('[data-verdict=equal]').waitFor();
    for (const { name } of web.lab.description.members) {
      const card = page.locator('section.card', { hasText: `(${name})` });
      // A member that did not answer in time is silent, which contradicts nobody.
      await expect.poll(async () => await card.getAttribute('data-root')).toBe('equal');
      expect(await card.innerText()).toContain('association');
    }
    expect(await page.locator('main').innerText()).toContain(en.transparency.noEvidence);
    await inspect(page, 'transparency');
    await context.close();
  });

  it('says that no member answers instead of calling them equal, and goes on asking', async () => {
    const { page, context } = await web.visit('gamma');
    await page.route('**/v1/index-root', async (route) => await route.abort('connectionrefused'));
    await page.goto(`${web.urlOf('gamma')}/#/transparency`);
    await page.locator('[data-verdict=silent]').waitFor();
    await inspect(page, 'transparency-silent');
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    await page.locator('[data-verdict=equal]').waitFor();
    await context.close();
  });

  it.each([
    // Another root over the same logs, by the same key: what a member that lies would sign.
    ['signs another root than the others', 'differs', lieAs],
    ['has not signed what it shows', 'unproven', spoil],
  ] as const)('names a member that %s', async (_what, state, changed) => {
    const { page, context } = await web.visit('gamma');
    await page.route('**/v1/index-root', async (route) => {
      // A connection that a busy member has just closed is an answer that did not come: the page asks again.
      const response = await route.fetch().catch(() => undefined);
      if (response === undefined) return await route.abort('connectionreset');
      const note = await response.text();
      const isLiar = note.includes('\n— api.e164.beta.test/log ');
      return await route.fulfill({ response, body: isLiar ? await changed(note) : note });
    });
    await page.goto(`${web.urlOf('gamma')}/#/transparency`);
    await page.locator('[data-verdict=differs]').waitFor();
    const named = page.locator(`[data-root=${state}]`, { hasText: '(beta)' });
    await expect.poll(async () => await named.count()).toBe(1);
    await inspect(page, `transparency-${state}`);
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    await context.close();
  });
});

async function spoil(note: string): Promise<string> {
  return note.replace('callbook', 'Callbook');
}

async function lieAs(note: string): Promise<string> {
  const beta = web.lab.testnet.members.find(({ layout }) => layout.name === 'beta')!.layout;
  const parsed = parseIndexRoot(note.slice(0, note.indexOf('\n\n') + 1));
  if (parsed.verdict !== 'accept') throw new Error(parsed.code);
  const signer = crypto.ed25519Signer(await readFile(join(beta.folder, 'log.key')));
  const root = crypto.sha256(parsed.value.root);
  return signIndexRoot(
    { ...parsed.value, root },
    noteSigner({ name: beta.origin, signer }, crypto),
  );
}

describe('what goes wrong', () => {
  const under = async (
    { page }: Visitor,
    answer: (route: Route) => Promise<void>,
    test: () => Promise<void>,
  ): Promise<void> => {
    const everywhere = /\/v1\/(?!charter)|dns-query/;
    await page.route(everywhere, answer);
    await test();
    await page.unroute(everywhere);
  };

  it('is said in plain words when no member answers, and tried again', async () => {
    const { page } = visitor;
    await under(
      visitor,
      async (route) => await route.abort('connectionrefused'),
      async () => {
        await lookUp(visitor, free);
        await page.locator('[data-failure=unreachable]').waitFor();
        await inspect(page, 'lookup-unreachable');
      },
    );
    await page.getByRole('button', { name: en.lookup.again }).click();
    await page.locator('[data-answer=absent]').waitFor({ timeout: 60_000 });
  });

  it('is a network that is slow: that is said, and the answer comes', async () => {
    const { page, context } = visitor;
    const cdp = await context.newCDPSession(page);
    const slow = { offline: false, downloadThroughput: -1, uploadThroughput: -1 };
    await cdp.send('Network.enable');
    await cdp.send('Network.emulateNetworkConditions', { ...slow, latency: 6000 });
    await lookUp(visitor, held);
    await page.getByText(en.common.slow).waitFor();
    await inspect(page, 'lookup-slow');
    await cdp.send('Network.emulateNetworkConditions', { ...slow, latency: 0 });
    await page.locator('[data-answer=published], [data-failure]').waitFor();
    await cdp.detach();
  });

  it('is said when the network is gone, and no longer when it is back', async () => {
    const { page, context } = visitor;
    await context.setOffline(true);
    await page.getByText(en.frame.offline).waitFor();
    await inspect(page, 'offline');
    await context.setOffline(false);
    await page.getByText(en.frame.offline).waitFor({ state: 'detached' });
  });

  it('goes on with the others when a member is killed, also its own', async () => {
    const other = await web.visit('alpha', { at: 'lookup' });
    const [alpha] = web.lab.testnet.members;
    await alpha!.stop('SIGKILL');
    await other.page.getByLabel(en.lookup.number).fill(held);
    await other.page.getByRole('button', { name: en.lookup.ask, exact: true }).click();
    await other.page
      .locator('[data-answer=published], [data-failure]')
      .waitFor({ timeout: 60_000 });
    await other.context.close();
    await web.lab.testnet.restart('alpha');
  });
});
