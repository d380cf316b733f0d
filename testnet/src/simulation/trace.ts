/**
 * What happened, as a running SHA-256 over every line and the last lines in clear. Two runs of one
 * seed have the same hash, or something in them is left to chance.
 */
import { createHash } from 'node:crypto';

const tailLines = 400;

export class Trace {
  readonly #hash = createHash('sha256');
  readonly #tail: string[] = [];
  #count = 0;

  note(atMs: number, owner: string, what: string): void {
    const line = `${atMs} ${owner} ${what}`;
    this.#hash.update(line).update('\n');
    this.#tail[this.#count % tailLines] = line;
    this.#count++;
  }

  get count(): number {
    return this.#count;
  }

  /** The last lines, oldest first. */
  tail(): string[] {
    const start = this.#count % tailLines;
    return [...this.#tail.slice(start), ...this.#tail.slice(0, start)];
  }

  /** Ends the trace: 64 hexadecimal digits. */
  finish(): string {
    return this.#hash.digest('hex');
  }
}
