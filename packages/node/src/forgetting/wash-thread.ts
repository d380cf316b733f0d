/**
 * Makes a thread forget what it has read: text of a request lies in V8's heap until something is put in
 * its place, which on a quiet machine is never. Octets that we hold ourselves are zeroed where they are
 * used; this is for the strings, and for what Node and V8 copy without being asked. Memory of `malloc`
 * is overwritten when it is freed, by a setting of the C library (`node-environment.json`).
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** V8's own word for giving back every page that it can do without. */
type Collect = (how: { readonly type: 'major'; readonly flavor: 'last-resort' }) => void;

/** Deeper than any call that reads a request; each frame is some hundred octets. */
const stackFrames = 2500;

/** One is enough, unless all threads begin at once. */
const attemptsMax = 1000;

let collect: Collect | undefined;

/** Takes some 20 ms in a thread that answers DNS, and more the more the heap holds. */
export function washThread(): void {
  leaveBufferPool();
  // V8 keeps the text that an expression was last tried on.
  /\d/.test('0');
  overwriteStack(stackFrames, 0, 0, 0, 0, 0, 0, 0);
  collect ??= openCollector();
  collect({ type: 'major', flavor: 'last-resort' });
}

/** Small buffers are cut from a pool, which lives until it is used up. */
function leaveBufferPool(): void {
  const almostHalf = (Buffer.poolSize >>> 1) - 8;
  for (let piece = 0; piece < 3; piece += 1) Buffer.allocUnsafe(almostHalf).fill(0);
}

/** What functions had in their frames stays below the stack until others stand there. */
function overwriteStack(depth: number, ...frame: readonly number[]): number {
  return depth === 0 ? frame.length : overwriteStack(depth - 1, ...frame) + 1;
}

/**
 * The collector has no name unless a flag is set, and then in contexts that are made later. The flag is the
 * whole process's: another thread that does the same may have taken it away in between.
 */
function openCollector(): Collect {
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
    setFlagsFromString('--expose-gc');
    const exposed = runInNewContext('globalThis.gc') as Collect | undefined;
    setFlagsFromString('--no-expose-gc');
    if (exposed !== undefined) return exposed;
  }
  throw new Error('the collector of this engine has no name');
}
