import { chmod, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CookieSecrets } from '@callbook/dns';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { keepDnsGuardFresh, readDnsGuard } from '../src/dns-guard.ts';

const dns = { listen: [], nameservers: [], contact: 'hostmaster@alpha.example' };
const [first, second] = ['01'.repeat(16), '02'.repeat(16)];
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'callbook-guard-'));
});
afterEach(async () => await rm(folder, { recursive: true }));

/** Writes a file as tools do that renew them: another one, moved over it. */
async function put(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
  return path;
}

class FakeServer {
  readonly cookies: CookieSecrets[] = [];
  rollCookies(secrets: CookieSecrets): void {
    this.cookies.push(secrets);
  }
}

const log = { warn: vi.fn(), info: vi.fn() };

describe('without settings', () => {
  it('cookies are made with a secret of our own, and answers limited to 200 a second', async () => {
    const { serving } = await readDnsGuard(dns);
    expect(serving.cookieSecrets.current).toHaveLength(16);
    expect(serving.rateLimit).toMatchObject({ responsesPerSecond: 200, slip: 2 });
    expect(serving.nsid).toBeUndefined();
  });

  it('secrets are rolled once a day', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const server = new FakeServer();
    const guard = await readDnsGuard(dns);
    const fresh = keepDnsGuardFresh({ guard, server, log });
    vi.advanceTimersByTime(48 * 3600 * 1000);
    fresh[Symbol.dispose]();
    vi.advanceTimersByTime(48 * 3600 * 1000);
    vi.useRealTimers();
    const [once, twice] = server.cookies;
    expect(server.cookies).toHaveLength(2);
    expect(once!.previous).toEqual(guard.serving.cookieSecrets.current);
    expect(twice!.previous).toEqual(once!.current);
  });
});

describe('with settings', () => {
  it('takes secrets, limit and NSID as they are', async () => {
    const cookies = { secrets: await put('cookies', `${first}\n${second}\n`) };
    const rateLimit = { responsesPerSecond: 7, slip: 3 };
    const guard = await readDnsGuard({ ...dns, cookies, rateLimit, nsid: 'alpha-1' });
    expect(guard.serving).toMatchObject({
      cookieSecrets: {
        current: Uint8Array.fromHex(first),
        previous: Uint8Array.fromHex(second),
      },
      rateLimit: { responsesPerSecond: 7, slip: 3 },
      nsid: new TextEncoder().encode('alpha-1'),
    });
  });

  it('has no limit at 0 answers a second', async () => {
    const { serving } = await readDnsGuard({ ...dns, rateLimit: { responsesPerSecond: 0 } });
    expect(serving.rateLimit).toBeUndefined();
  });

  it('says what is wrong with a file, and never what is in it', async () => {
    const secrets = await put('cookies', 'hunter2');
    await expect(readDnsGuard({ ...dns, cookies: { secrets } })).rejects.toMatchObject({
      code: 'key_file_malformed',
      message: expect.not.stringContaining('hunter2') as string,
    });
    await chmod(secrets, 0o640);
    await expect(readDnsGuard({ ...dns, cookies: { secrets } })).rejects.toMatchObject({
      code: 'key_file_exposed',
    });
  });

  it('takes over secrets that change, and keeps what it has when they are unusable', async () => {
    const cookies = { secrets: await put('cookies', first) };
    const server = new FakeServer();
    const guard = await readDnsGuard({ ...dns, cookies });
    using stack = new DisposableStack();
    stack.use(keepDnsGuardFresh({ guard, server, log, pollMs: 10 }));
    await sleep(50);
    expect(server.cookies).toEqual([]);
    await put('cookies', `${second}\n${first}`);
    await expect.poll(() => server.cookies.at(-1)?.current).toEqual(Uint8Array.fromHex(second));
    log.warn.mockClear();
    await put('cookies', 'none');
    await expect.poll(() => log.warn.mock.calls.length).toBe(1);
    await sleep(50);
    expect(log.warn).toHaveBeenCalledTimes(1);
    expect(server.cookies.at(-1)!.current).toEqual(Uint8Array.fromHex(second));
  });

  it('takes over secrets that have changed between the start and the first look', async () => {
    const cookies = { secrets: await put('cookies', first) };
    const server = new FakeServer();
    const guard = await readDnsGuard({ ...dns, cookies });
    await put('cookies', `${second}\n${first}`);
    using stack = new DisposableStack();
    stack.use(keepDnsGuardFresh({ guard, server, log, pollMs: 10 }));
    await expect.poll(() => server.cookies.at(-1)?.current).toEqual(Uint8Array.fromHex(second));
  });
});
