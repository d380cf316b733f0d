/**
 * Loaded before anything else by a member of a test that kills it in the middle of sending: the member
 * ends as by `kill -9` at the step of its journal of sent notices that a file names, and does nothing
 * more, not even what it had begun. The steps are those of `SendJournal`: an id is written with a plus,
 * made durable, and struck out with a minus.
 */
import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

const file = process.env['KILLED_AT_FILE']!;

function dieAt(step: string): void {
  if (readFileSync(file, 'latin1') !== step) return;
  process.kill(process.pid, 'SIGKILL');
  // The signal has its effect when this thread comes back from a system call; it comes back to nothing.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

const probe = await open(file);
const prototype = Object.getPrototypeOf(probe) as FileHandle;
await probe.close();
const { appendFile, datasync } = prototype;

prototype.appendFile = async function (this: FileHandle, ...args: Parameters<typeof appendFile>) {
  const [line] = args;
  const verb = typeof line === 'string' ? line[0] : undefined;
  if (verb === '+') dieAt('before writing');
  if (verb === '-') dieAt('before striking out');
  await appendFile.apply(this, args);
  if (verb === '+') dieAt('before syncing');
  if (verb === '-') dieAt('struck out');
};

prototype.datasync = async function (this: FileHandle) {
  await datasync.call(this);
  dieAt('before handing over');
};
