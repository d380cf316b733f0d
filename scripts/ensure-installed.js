/**
 * Runs before `npm start` and `npm test`: installs the locked dependencies when they are missing or
 * older than the lock file. Plain JavaScript without imports from node_modules, because it runs
 * first and on whatever Node the machine has; everything after it runs on the Node that npm pins.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const installed = new URL('../node_modules/.package-lock.json', import.meta.url);
const locked = new URL('../package-lock.json', import.meta.url);

if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(locked).mtimeMs) {
  console.error('callbook: installing dependencies (npm ci), once and after each change of them …');
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) {
    console.error('callbook: npm ci failed; run it by hand to see why');
    process.exit(1);
  }
}
