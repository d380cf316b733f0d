/**
 * Puts this process behind all others that want the processor or the disk. Its niceness alone is not enough:
 * setpriority(2) on Linux is of one thread, so those that read and write for Node would go on as before, and
 * a thread that is merely nice keeps its turn, of some milliseconds, when one wakes up that has a datagram to
 * answer. One with the policy SCHED_IDLE (sched(7)) gives it up sooner, and rests do the rest (`src/backup/rests.ts`). Both are set by the programs of util-linux, which
 * every Debian has; where they are missing, or nothing may be changed, the process goes on as nice as it is.
 * Plain JavaScript: the launcher reads it before anything of the program is loaded, which takes half a second of a core.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { constants, setPriority } from 'node:os';

/** Threads and processes that are started later inherit it all. */
export function goBehindEverybody() {
  const threads = threadIds();
  for (const thread of threads) setPriority(thread, constants.priority.PRIORITY_LOW);
  attempt('chrt', ['--all-tasks', '--idle', '--pid', '0', String(process.pid)]);
  attempt('ionice', ['--class', 'idle', '--pid', ...threads.map(String)]);
}

function threadIds() {
  try {
    return readdirSync('/proc/self/task').map(Number);
  } catch {
    return [0];
  }
}

function attempt(program, args) {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
  } catch {
    // Not on this system, or not allowed: it is about courtesy, and nothing depends on it.
  }
}
