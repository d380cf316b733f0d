/**
 * Where the lines of the log go: standard output, each at once. A line that cannot be written (standard output
 * is a file on a disk without room, or nobody reads it any more) is dropped: whoever logs neither fails nor
 * waits for that, since the member serves on.
 */
import { writeSync } from 'node:fs';

/** A pipe that is full: its reader gets some time, and no more. */
const fullPipeTriesMax = 20;
const fullPipeWaitMs = 5;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

export class LogLines {
  readonly #fd: number;
  /** Half a line was written: the next begins a new one. */
  #isTorn = false;

  constructor(fd: number) {
    this.#fd = fd;
  }

  write(line: string): void {
    const bytes = Buffer.from(this.#isTorn ? `\n${line}` : line);
    let at = 0;
    for (let tries = 0; at < bytes.length && tries < fullPipeTriesMax;) {
      try {
        at += writeSync(this.#fd, bytes, at);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') break;
        tries += 1;
        Atomics.wait(sleeper, 0, 0, fullPipeWaitMs);
      }
    }
    if (at > 0) this.#isTorn = at < bytes.length;
  }
}
