#!/usr/bin/env node
/**
 * Starts the callbook command. A published package runs its build; a checkout runs the source on the Node that npm
 * pinned, whatever Node started this file.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('../src/main.ts', import.meta.url));
if (existsSync(source)) {
  const pinned = createRequire(import.meta.url).resolve('node/bin/node');
  const args = ['--conditions=@callbook/source', source, ...process.argv.slice(2)];
  const child = spawn(pinned, args, { stdio: 'inherit' });
  // A terminal sends SIGINT to both; a service manager sends SIGTERM to this process alone.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.once('close', (code) => process.exit(code ?? 1));
} else {
  await import('../dist/main.js');
}
