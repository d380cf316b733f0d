/**
 * Debian's Chromium, which trusts the authorities it is given and nothing else that the web does not trust:
 * they are in the certificate store of a home of its own, so certificates are checked as ever.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';
import { runCommand } from '../lab.ts';

const executablePath = '/usr/bin/chromium';

export interface TrustingBrowser extends AsyncDisposable {
  readonly browser: Browser;
}

/** Starts a browser without a window. `caFiles` are certificates in PEM. */
export async function startChromium(
  caFiles: readonly string[],
  flags: readonly string[] = [],
): Promise<TrustingBrowser> {
  const home = await mkdtemp(join(tmpdir(), 'callbook-browser-'));
  const env = { ...process.env, HOME: home };
  await trust(home, caFiles);
  // Tests run as root, for which Chromium has no sandbox.
  const args = ['--no-sandbox', '--disable-dev-shm-usage', ...flags];
  const browser = await chromium.launch({ executablePath, args, env });
  return {
    browser,
    [Symbol.asyncDispose]: async () => {
      await browser.close();
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** Chromium on Linux reads the authorities of its user from this store of NSS. */
async function trust(home: string, caFiles: readonly string[]): Promise<void> {
  const folder = join(home, '.pki/nssdb');
  await mkdir(folder, { recursive: true });
  const store = ['-d', `sql:${folder}`];
  for (const args of [
    ['-N', '--empty-password'],
    ...caFiles.map((file, place) => ['-A', '-n', `authority-${place}`, '-t', 'C,,', '-i', file]),
  ]) {
    const options = { cwd: home, env: process.env };
    const { code, stderr } = await runCommand('certutil', [...store, ...args], options);
    if (code !== 0) throw new Error(`certutil ended with ${code}: ${stderr}`);
  }
}
