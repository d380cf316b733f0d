/**
 * The SDK in Chromium, from a page of another origin, with certificates that the browser itself checks:
 * what an app does from the claim to the release, what it loads for that, and what no network can make it
 * believe. The tests of one page build on each other, in order.
 */
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { Page, Route } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createCertificateAuthority } from '../../src/certificates.ts';
import { eventually } from '../lab.ts';
import { openBrowserLab, type BrowserLab } from './browser-lab.ts';
import type { Found } from './page/app.ts';

const held = 'tel:+4915123456789';
const free = 'tel:+447700900001';
/** Of everything that the page has loaded when it has claimed, looked up, published and watched. */
const loadedGzipBytesMax = 60_000;
const settleMsMax = 60_000;
vi.setConfig({ testTimeout: 150_000 });

let lab: BrowserLab;
let page: Page;

beforeAll(async () => {
  lab = await openBrowserLab();
  ({ page } = await lab.show('/app.html'));
  await page.evaluate((note) => app.open(note, 'plain'), lab.charterNote);
}, 90_000);
afterAll(async () => await lab[Symbol.asyncDispose]());

/**
 * Looks up until it is as wanted. While a change spreads, members and proofs may contradict each other, and
 * one that is busy gives no proof in time.
 */
async function lookUpUntil(
  identifier: string,
  wanted: (found: Found) => boolean,
  trust: 'agreed' | 'all-members' = 'agreed',
): Promise<Found> {
  const found = await eventually(
    async () =>
      await page.evaluate(
        async ([asked, by]) => await app.lookup(asked as `tel:${string}`, by).catch(codeOf),
        [identifier, trust] as const,
      ),
    (answer) => typeof answer === 'object' && wanted(answer),
    settleMsMax,
  );
  return found as Found;
}

const isBelieved = ({ proof, dnssec }: Found): boolean => proof === 'proven' && dnssec === 'secure';

/** The state that a look-up ends in, or the code of the error. */
const outcome = async (identifier: string): Promise<string> =>
  await page.evaluate(
    async (asked) => await app.lookup(asked as `tel:${string}`).then(({ state }) => state, codeOf),
    identifier,
  );

/** Waits until all members say the same, prove it and have it in their zones. */
async function settled(uri: string): Promise<Found> {
  const wanted = (found: Found): boolean => found.routes[0] === uri && isBelieved(found);
  return await lookUpUntil(held, wanted, 'all-members');
}

describe('a page in a browser', () => {
  it('claims a number with the code that was sent', async () => {
    await page.evaluate(async (asked) => await app.claim(asked), held as `tel:${string}`);
    const found = await settled('sip:alice@sip.example');
    expect(found).toMatchObject({ state: 'published', agreeing: 3 });
    expect(found.keys.map((key) => key.split(' ')[0])).toEqual(['identity', 'sip', 'box']);
  });

  it('looks it up with proof, and DNSSEC from the zone of a member', async () => {
    const found = await lookUpUntil(held, isBelieved);
    expect(found).toMatchObject({ state: 'published', proof: 'proven', dnssec: 'secure' });
    expect(new Set(found.chain)).toEqual(new Set(['denial', 'keys', 'records']));
  });

  it('has it denied by the zone that anything is published of another; a proof takes a token', async () => {
    const found = await lookUpUntil(free, ({ dnssec }) => dnssec === 'secure');
    expect(found).toMatchObject({ state: 'absent', proof: 'unavailable', dnssec: 'secure' });
    expect(found.chain).toContain('denial');
  });

  it('publishes another route', async () => {
    await page.evaluate(async () => await app.publish('sip:bob@sip.example'));
    await settled('sip:bob@sip.example');
  });

  it('watches: a change that another device makes is told', async () => {
    await page.evaluate(() => void app.watch());
    const kinds = async (): Promise<readonly string[]> => await page.evaluate(() => app.events());
    await eventually(kinds, (events) => events.includes('watching'), settleMsMax);
    await page.evaluate(async () => await app.publish('sip:carol@sip.example'));
    const events = await eventually(kinds, (told) => told.includes('changed'), settleMsMax);
    expect(events).not.toContain('replaced');
  });

  it('has loaded no more than 60 kB for all of that', () => {
    const loaded = lab.pages.served.reduce((sum, { gzipBytes }) => sum + gzipBytes, 0);
    expect(loaded).toBeGreaterThan(0);
    expect(loaded).toBeLessThanOrEqual(loadedGzipBytesMax);
  });

  it('puts the keys of a new seed in force', async () => {
    const before = await settled('sip:carol@sip.example');
    await page.evaluate(async () => await app.rotate());
    const rotated = await lookUpUntil(
      held,
      ({ keys, dnssec }) => keys[0] !== before.keys[0] && dnssec === 'secure',
    );
    expect(rotated.keys).toHaveLength(3);
  });
});

describe('a page with nothing set', () => {
  it('looks up obliviously, and loads the parts for that when it does', async () => {
    const { page: other } = await lab.show('/app.html');
    const before = lab.pages.served.length;
    await other.evaluate((note) => app.open(note, 'oblivious'), lab.charterNote);
    const found = await eventually(
      async () =>
        await other.evaluate(
          async (asked) => await app.lookup(asked).catch(codeOf),
          free as `tel:${string}`,
        ),
      (answer) => typeof answer === 'object' && answer.dnssec === 'secure',
      settleMsMax,
    );
    expect(found).toMatchObject({ state: 'absent', proof: 'unavailable', dnssec: 'secure' });
    const loaded = lab.pages.served.slice(before).map(({ name }) => name.split('-')[0]);
    expect(loaded).toContain('oblivious');
  });

  it('releases what it has claimed, once it can load how', async () => {
    const { page: other, context } = await lab.show('/app.html');
    const released = async (): Promise<string | undefined> =>
      await other.evaluate(async () => await app.release().then(() => 'released', codeOf));
    await other.evaluate(
      async ([note, asked]) => {
        app.open(note, 'plain');
        await app.claim(asked);
      },
      [lab.charterNote, 'tel:+34911111111'] as const,
    );
    await context.setOffline(true);
    expect(await released()).toBe('part_unavailable');
    await context.setOffline(false);
    expect(await released()).toBe('released');
  });

  it('is the page of the guide', async () => {
    const { page: guide } = await lab.show('/guide/');
    const answered = async (number: string): Promise<string> => {
      await guide.fill('input', number);
      await guide.click('button');
      return await eventually(
        async () => await guide.innerText('output'),
        (text) => !text.endsWith('…'),
        settleMsMax,
      );
    };
    // A member that is busy gives no proof in time.
    await expect
      .poll(async () => await answered(held.slice('tel:'.length)), { timeout: settleMsMax })
      .toBe('published, proven');
    expect(await answered('+447700900001')).toBe('absent, not proven');
    await guide.context().setOffline(true);
    expect(await answered('+447700900001')).toBe('cannot tell: directory_unavailable');
  });
});

describe('peers in a page', () => {
  const peer = 'tel:+34912345678' as const;
  let peersPage: Page;

  beforeAll(async () => {
    ({ page: peersPage } = await lab.show('/peers.html'));
    await peersPage.evaluate(async ([note, asked]) => await peers.claim(note, asked), [
      lab.charterNote,
      peer,
    ] as const);
    // Until the members' proofs have it as well, those who look it up may be told that they disagree.
    await lookUpUntil(peer, isBelieved, 'all-members');
  }, 120_000);

  it('seal to each other by published keys', async () => {
    const opened = await peersPage.evaluate(
      async ([note, asked]) => await peers.sealAndOpen(note, asked, 'only for you'),
      [lab.charterNote, peer] as const,
    );
    expect(opened).toBe('only for you');
  });

  it('hold their numbers by keys that no page can read', async () => {
    const found = await peersPage.evaluate(
      async ([note, asked]) => await peers.claimUnreadable(note, asked),
      [lab.charterNote, 'tel:+34912345698'] as const,
    );
    expect(found).toEqual(['InvalidAccessError', 'for nobody else']);
  });

  it.each([
    ['', peer],
    ['another text', 'body_mismatch'],
  ])('sign requests; with the body "%s" it is %s', async (changed, expected) => {
    const verified = await peersPage.evaluate(
      async ([note, asked, body]) => await peers.signAndVerify(note, asked, body),
      [lab.charterNote, peer, changed] as const,
    );
    expect(verified).toBe(expected);
  });
});

describe('a network that lies to a page', () => {
  const everywhere = 'https://localhost:*/**';

  const under = async (
    answer: (route: Route) => Promise<void>,
    test: () => Promise<void>,
  ): Promise<void> => {
    await page.route(everywhere, answer);
    try {
      await test();
    } finally {
      await page.unroute(everywhere);
    }
  };

  it.each([
    ['a page of a captive portal', 'text/html', '<title>Log in</title>'],
    ['nothing', 'application/json', ''],
    ['half an answer', 'application/json', '{"results": [{"state": "abs'],
    ['an empty list', 'application/json', '{"results": []}'],
  ])('is never an answer: %s', async (_what, contentType, body) => {
    const headers = { 'access-control-allow-origin': '*' };
    await under(
      async (route) => await route.fulfill({ status: 200, contentType, headers, body }),
      async () => {
        expect(await outcome(held)).toBe('directory_unavailable');
        expect(await outcome(free)).toBe('directory_unavailable');
      },
    );
  });

  it('is no answer either where the page may not read it, or there is no network', async () => {
    await under(
      async (route) => await route.fulfill({ status: 200, contentType: 'text/html', body: '' }),
      async () => expect(await outcome(free)).toBe('directory_unavailable'),
    );
    await under(
      async (route) => await route.abort('internetdisconnected'),
      async () => expect(await outcome(free)).toBe('directory_unavailable'),
    );
    expect(await outcome(free)).toBe('absent');
  });

  it('goes on to others when a member is down', async () => {
    const [first] = lab.lab.testnet.members;
    await first!.stop('SIGKILL');
    expect(await outcome(held)).toBe('published');
    expect(await outcome(free)).toBe('absent');
  });

  it('does not listen to who has taken the place of a member, without its certificate', async () => {
    const { apiPort } = lab.lab.testnet.layout.members[0]!;
    const { certificate, privateKey } = await (
      await createCertificateAuthority()
    ).issue(['localhost']);
    let askedCount = 0;
    const impostor = createServer({ cert: certificate, key: privateKey }, (_request, response) => {
      askedCount++;
      response.end();
    }).listen(apiPort, '127.0.0.1');
    await once(impostor, 'listening');
    const refused = once(impostor, 'tlsClientError');
    expect(await outcome(held)).toBe('published');
    await refused;
    expect(askedCount).toBe(0);
    impostor.close();
    impostor.closeAllConnections();
    await once(impostor, 'close');
  });
});
