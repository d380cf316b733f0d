/**
 * `npm test`: runs every suite, two lanes at a time and the timing-sensitive ones alone, holds each
 * to its budget and ends with one line, `N passed, N failed`. With arguments it hands them to
 * vitest instead (`npm test -- packages/dns`).
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inOwnNetworkCommand } from '../testnet/src/sip/own-network.ts';
import { suites } from './suites.ts';
import type { Suite } from './suites.ts';

interface SuiteResult {
  readonly suite: Suite;
  readonly seconds: number;
  readonly passed: number;
  readonly failed: number;
  readonly output: string;
}

const laneCount = 2;

const wanted = process.argv.slice(2);
process.exitCode =
  wanted.length > 0
    ? await runVitest(wanted, { output: 'inherit', ownNetwork: wanted.some(wantsOwnNetwork) })
    : await runSuites();

async function runSuites(): Promise<number> {
  const scratch = await mkdtemp(join(tmpdir(), 'callbook-test-'));
  try {
    const queue = suites.filter(({ alone }) => !alone);
    const results: SuiteResult[] = [];
    const lane = async (): Promise<void> => {
      for (let suite = queue.shift(); suite !== undefined; suite = queue.shift()) {
        results.push(await runSuite(suite, scratch));
      }
    };
    await Promise.all(Array.from({ length: laneCount }, lane));
    for (const suite of suites.filter(({ alone }) => alone)) {
      results.push(await runSuite(suite, scratch));
    }
    return summarise(results);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function runSuite(suite: Suite, scratch: string): Promise<SuiteResult> {
  console.log(`suite ${suite.name}: started`);
  const outputFile = join(scratch, `${suite.name}.json`);
  const chunks: Buffer[] = [];
  const startedMs = performance.now();
  const workers = suite.alone ? [] : ['--maxWorkers=1'];
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${outputFile}`];
  // vitest takes them for parts of names: without the slash, `packages/cli` is `packages/client` too.
  const folders = suite.paths.map((path) => `${path}/`);
  const { ownNetwork = false } = suite;
  const args = [...folders, ...workers, ...reporters];
  const status = await runVitest(args, { output: chunks, ownNetwork });
  const seconds = (performance.now() - startedMs) / 1000;
  const counts = await countsOf(outputFile);
  const output = Buffer.concat(chunks).toString();
  const brokenOutsideTests = status !== 0 && counts.failed === 0;
  const budgetSeconds = budgetOf(suite);
  const slow = seconds > budgetSeconds;
  const failed = counts.failed + (brokenOutsideTests ? 1 : 0) + (slow ? 1 : 0);
  console.log(
    `suite ${suite.name}: ${counts.passed} passed, ${failed} failed in ${seconds.toFixed(0)} s` +
      (slow ? `; its budget is ${budgetSeconds} s` : ''),
  );
  return { suite, seconds, passed: counts.passed, failed, output };
}

function budgetOf({ budgetSeconds, fullBudgetSeconds }: Suite): number {
  const isFull = process.env['CALLBOOK_FULL'] !== undefined;
  return isFull ? (fullBudgetSeconds ?? budgetSeconds) : budgetSeconds;
}

async function countsOf(outputFile: string): Promise<{ passed: number; failed: number }> {
  try {
    const report = JSON.parse(await readFile(outputFile, 'utf8')) as Record<string, number>;
    const notRun = (report['numPendingTests'] ?? 0) + (report['numTodoTests'] ?? 0);
    return {
      passed: report['numPassedTests'] ?? 0,
      failed: (report['numFailedTests'] ?? 0) + notRun,
    };
  } catch {
    return { passed: 0, failed: 0 };
  }
}

function summarise(results: readonly SuiteResult[]): number {
  for (const { suite, output, failed } of results) {
    if (failed > 0) console.log(`\n──── suite ${suite.name} ────\n${output}`);
  }
  const passed = results.reduce((sum, result) => sum + result.passed, 0);
  const failed = results.reduce((sum, result) => sum + result.failed, 0);
  console.log(`\n${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

/** Whether what vitest is handed is a part of a suite with a network of its own. */
function wantsOwnNetwork(path: string): boolean {
  const own = suites.filter(({ ownNetwork }) => ownNetwork).flatMap(({ paths }) => paths);
  return own.some((folder) => path.startsWith(folder));
}

interface VitestOptions {
  /** Its output goes to the terminal or is collected. */
  readonly output: 'inherit' | Buffer[];
  readonly ownNetwork: boolean;
}

/** Runs vitest with this Node. */
async function runVitest(
  args: readonly string[],
  { output, ownNetwork }: VitestOptions,
): Promise<number> {
  const vitest = join(import.meta.dirname, '../node_modules/vitest/vitest.mjs');
  const stdio = output === 'inherit' ? 'inherit' : 'pipe';
  const command = [process.execPath, vitest, 'run', ...args];
  const {
    program,
    args: rest,
    env,
  } = ownNetwork
    ? inOwnNetworkCommand([...command, '--no-file-parallelism'])
    : { program: command[0]!, args: command.slice(1), env: process.env };
  const child = spawn(program, rest, {
    cwd: join(import.meta.dirname, '..'),
    stdio: ['ignore', stdio, stdio],
    env,
  });
  if (output !== 'inherit') {
    child.stdout?.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => output.push(chunk));
  }
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}
