/**
 * A short soak with a seed of the commit's, as `npm run soak` makes it.
 */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

const repository = join(import.meta.dirname, '../../..');
const runMsMax = 160_000;

/** Another run for each commit; a checkout without git gets one of its own. */
function seedOfCommit(): string {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], { cwd: repository, encoding: 'utf8' }).trim();
  } catch {
    return 'no commit';
  }
}

it(
  'loses nothing and tells nothing wrong while members are killed, their disks full and their clocks wrong',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'callbook-soak-test-'));
    onTestFinished(async () => await rm(folder, { recursive: true, force: true }));
    const out = join(folder, 'soak.svg');
    const args = ['run', '-s', 'soak', '--', '--json', '--minutes', '0.4', '--out', out];
    const ran = await run('npm', [...args, '--seed', seedOfCommit()]);
    expect(ran, ran.stderr).toMatchObject({ code: 0 });
    const report = JSON.parse(ran.stdout) as {
      readonly answered: Readonly<Record<string, number>>;
      readonly faults: Readonly<Record<string, number>>;
      readonly acknowledged: number;
      readonly members: readonly object[];
    };
    // Of every kind there were some.
    expect(Math.min(...Object.values(report.answered)), ran.stdout).toBeGreaterThan(0);
    expect(report.answered['udp']).toBeGreaterThan(100);
    expect(report.acknowledged).toBeGreaterThan(20);
    expect(Object.keys(report.faults).sort()).toEqual(['clock', 'fill-disk', 'kill']);
    expect(report.members).toHaveLength(5);
    expect(await readFile(out, 'utf8')).toMatch(/^<svg [\s\S]*alpha[\s\S]*<\/svg>\n$/);
  },
  runMsMax,
);

async function run(
  command: string,
  args: readonly string[],
): Promise<{ code: number; stdout: string; stderr: string }> {
  return await new Promise((resolve) => {
    const options = { cwd: repository, maxBuffer: 16 << 20, timeout: runMsMax };
    execFile(command, args, options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
    });
  });
}
