/** `npm run chaos` and `npm run soak` as people run them, with a seed that the commit chooses. */
import { execFile, execFileSync } from 'node:child_process';
import { join } from 'node:path';

const repository = join(import.meta.dirname, '../..');

/** Longer than any of these runs takes, and within a suite's budget. */
export const runMsMax = 175_000;

/** Runs a script of the package to its end, and tells what it printed. */
export async function runOfCommit(
  script: string,
  args: readonly string[],
): Promise<{ code: number; stdout: string; stderr: string }> {
  const command = ['run', '-s', script, '--', ...args, '--seed', seedOfCommit()];
  const options = { cwd: repository, maxBuffer: 16 << 20, timeout: runMsMax };
  return await new Promise((resolve) => {
    execFile('npm', command, options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
    });
  });
}

/** Another run for each commit; a checkout without git gets one of its own. */
function seedOfCommit(): string {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], { cwd: repository, encoding: 'utf8' }).trim();
  } catch {
    return 'no commit';
  }
}
