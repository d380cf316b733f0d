#!/usr/bin/env node
// Starts the command. Plain JavaScript, as any Node may be the one that runs it: a published package
// has `dist` and is imported; in the repository the sources run by type stripping, under the Node
// that the workspace pins.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const source = join(here, '../src/main.ts');
const built = join(here, '../dist/main.js');

if (existsSync(source)) {
  const flags = ['--conditions=@callbook/source', source, ...process.argv.slice(2)];
  const child = spawn(pinnedNode(), flags, { stdio: 'inherit' });
  // Interrupts reach the child by itself, as it shares the terminal; only its end matters here.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('exit', (code) => {
    process.exitCode = code ?? 1;
  });
} else {
  await import(pathToFileURL(built).href);
}

function pinnedNode() {
  try {
    const require = createRequire(import.meta.url);
    return join(dirname(require.resolve('node/package.json')), 'bin/node');
  } catch {
    return process.execPath;
  }
}
