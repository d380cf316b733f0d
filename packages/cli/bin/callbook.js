#!/usr/bin/env node
// Starts the command. Plain JavaScript, as any Node may be the one that reads it: a published package has
// `dist`, in the repository the sources run by type stripping. The Node that started it runs it where
// it can; else the one that `runtime.js` finds.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isOwnNodeNewEnough, nodePath } from './runtime.js';

const here = dirname(fileURLToPath(import.meta.url));
const source = join(here, '../src/main.ts');
const built = join(here, '../dist/main.js');
const isCheckout = existsSync(source);

if (!isCheckout && isOwnNodeNewEnough) {
  await import(pathToFileURL(built).href);
} else {
  const main = isCheckout ? ['--conditions=@callbook/source', source] : [built];
  const child = spawn(nodePath({ isCheckout }), [...main, ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  // Interrupts reach the child by itself, as it shares the terminal; only its end matters here.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('exit', (code) => {
    process.exitCode = code ?? 1;
  });
}
