/**
 * How long a member of a federation is without its writer: what the test of that sees, which has the
 * processes, the load and the witnesses; here it is run, and its figure read.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { measured } from './measurement.ts';
import type { Measurement } from './measurement.ts';

const root = join(import.meta.dirname, '../..');
const test = 'testnet/test/scale/fail-over.test.ts';
const failureCharactersMax = 2_000;

/**
 * From the moment at which the writer stops to the next checkpoint that another member has of the log; not a
 * number where the test fails, as it does on a machine that has no time for a federation.
 */
export async function benchFailOver(say: (line: string) => void): Promise<Measurement> {
  say('a stand-by takes over from a writer that is stopped');
  const { error, output } = await runTest();
  if (error !== undefined) say(`${test} fails: ${output.slice(-failureCharactersMax)}`);
  const [, milliseconds] = /next checkpoint after (\d+) ms/.exec(output) ?? [];
  const value = error === undefined ? Number(milliseconds) / 1000 : Number.NaN;
  const name = 'scale, fail-over to the next checkpoint';
  return measured({ name, value, unit: 's', goal: '<= 10' });
}

async function runTest(): Promise<{ readonly error: Error | undefined; readonly output: string }> {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const args = [vitest, 'run', '--reporter', 'verbose', test];
  const { promise, resolve } = Promise.withResolvers<Awaited<ReturnType<typeof runTest>>>();
  execFile(process.execPath, args, { cwd: root }, (error, stdout, stderr) =>
    resolve({ error: error ?? undefined, output: stdout + stderr }),
  );
  return await promise;
}
