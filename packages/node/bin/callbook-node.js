#!/usr/bin/env node
/**
 * Starts the member daemon with the flags that it wants of Node (`node-flags.json`: a young
 * generation large enough that batches of entries die in it, collected when it is full and not before; an old
 * one that may double before it is; no warning about `node:ffi`; and trust in the authorities that this
 * machine trusts), and with memory that is overwritten when it is freed (`node-environment.json`, read by
 * the C library before anything of Node runs). A checkout runs the source, a published package its build, each on the
 * Node that `runtime.js` finds.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { goBehindEverybody } from './behind-everybody.js';
import { nodePath } from './runtime.js';

const read = (name) => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'));
const flags = read('node-flags.json');
const env = { ...process.env, ...read('node-environment.json') };
const source = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const isCheckout = existsSync(source);
const main = isCheckout
  ? ['--conditions=@callbook/source', source]
  : [fileURLToPath(new URL('../dist/main.js', import.meta.url))];
const args = [...flags, ...main, ...process.argv.slice(2)];
// The member that is copied goes on answering.
if (process.argv[2] === 'backup') goBehindEverybody();
const child = spawn(nodePath({ isCheckout }), args, { stdio: 'inherit', env });
// A terminal sends SIGINT to both; a service manager sends SIGTERM to this process alone.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.once('close', (code) => process.exit(code ?? 1));
