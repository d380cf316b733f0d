/** A backup never has the processor while the member wants it, from the first line of the program on. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, vi } from 'vitest';

// Whoever is behind everybody may wait for long even to begin.
vi.setConfig({ testTimeout: 120_000 });

const launcher = join(import.meta.dirname, '../../bin/callbook-node.js');
/** SCHED_OTHER and SCHED_IDLE, as sched.h numbers them. */
const [usual, idle] = ['0', '5'];

/**
 * The scheduling policy under which a command begins, as its own process sees it before its program, which is
 * not run: behind everybody that would take for ever on a busy machine.
 */
async function policyOf(...command: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'callbook-policy-'));
  try {
    const seen = join(folder, 'stat');
    const look = [
      "import { readFileSync, writeFileSync } from 'node:fs';",
      `if (process.argv[1].endsWith('/main.ts')) { writeFileSync('${seen}', readFileSync('/proc/self/stat')); process.exit(); }`,
    ].join('');
    const env = {
      ...process.env,
      NODE_OPTIONS: `--import "data:text/javascript,${encodeURIComponent(look)}"`,
    };
    await promisify(execFile)(process.execPath, [launcher, ...command, '--help'], { env });
    // proc(5): field 41, and the second is the last that may have spaces in it.
    const stat = await readFile(seen, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[41 - 3]!;
  } finally {
    await rm(folder, { recursive: true });
  }
}

it.each([
  [['backup'], idle],
  [['backup', 'verify'], idle],
  [['restore'], usual],
  [['serve'], usual],
])('%j begins with the policy %s', async (command, policy) => {
  expect(await policyOf(...command)).toBe(policy);
});
