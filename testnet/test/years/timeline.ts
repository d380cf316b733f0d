/**
 * Time that a test lets pass for a whole federation at once: members, commands and the test's own client
 * show the same hour. Nothing in them is changed for it but the clock of the machine, which they take
 * from `src/moved-clock.ts`; so every length of time is the one of production.
 */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '@callbook/protocol';

export const dayMs = 86_400_000;

/** Longer than clocks take to look at the file. */
const shownAfterMs = 25;

export class Timeline implements Clock, Disposable {
  readonly #folder: string;
  readonly #before: string | undefined;
  #movedMs = 0;

  /** From here on what this process starts has the moved clock. */
  constructor() {
    this.#folder = mkdtempSync(join(tmpdir(), 'callbook-timeline-'));
    this.#before = process.env['NODE_OPTIONS'];
    this.#write();
    process.env['MOVED_CLOCK_FILE'] = this.#file;
    const preload = `--import=${join(import.meta.dirname, '../../src/moved-clock.ts')}`;
    process.env['NODE_OPTIONS'] = [this.#before, preload].filter(Boolean).join(' ');
  }

  get #file(): string {
    return join(this.#folder, 'moved-ms');
  }

  nowMs(): number {
    return Date.now() + this.#movedMs;
  }

  /** Lets time pass until a moment, never back, and returns when all clocks show it. */
  passUntil(ms: number): void {
    this.#movedMs += Math.max(0, Math.ceil(ms - this.nowMs()));
    this.#write();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, shownAfterMs);
  }

  /** Whole, as nobody may read half a number. */
  #write(): void {
    writeFileSync(`${this.#file}.new`, String(this.#movedMs));
    renameSync(`${this.#file}.new`, this.#file);
  }

  [Symbol.dispose](): void {
    if (this.#before === undefined) delete process.env['NODE_OPTIONS'];
    else process.env['NODE_OPTIONS'] = this.#before;
    delete process.env['MOVED_CLOCK_FILE'];
    rmSync(this.#folder, { recursive: true });
  }
}
