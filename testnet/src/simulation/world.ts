/**
 * Simulated time: one event at a time, by time and then by sequence. Between two events everything
 * that promises have set off runs to its end. Nothing in the engine waits for the machine (no timer,
 * no socket, no file, no thread), so one turn of the real event loop is enough for that: promises are
 * settled as far as they go before the loop's next turn begins.
 *
 * Wall-clock time can leap ahead of the timers, for all members at once: that is how half an hour of
 * waiting is simulated without half an hour of polls.
 */
import { setImmediate } from 'node:timers/promises';
import { EventQueue } from './event-queue.ts';
import type { SeededRandom } from './seeded-random.ts';
import { Trace } from './trace.ts';

/** What must hold and did not. */
export interface Violation {
  readonly invariant: string;
  readonly message: string;
  readonly atMs: number;
}

/** Whose event it is, and what happens. */
export interface EventName {
  readonly owner: string;
  readonly what: string;
}

export class World {
  readonly random: SeededRandom;
  readonly trace = new Trace();
  readonly #queue = new EventQueue();
  #sequence = 0;
  #elapsedMs = 0;
  #leaptMs = 0;
  #violation: Violation | undefined;
  #isOver = false;

  constructor(random: SeededRandom) {
    this.random = random;
  }

  /** Time by the timers, since the beginning. */
  get elapsedMs(): number {
    return this.#elapsedMs;
  }

  /** Time by a perfect clock, since the beginning. */
  get wallMs(): number {
    return this.#elapsedMs + this.#leaptMs;
  }

  get violation(): Violation | undefined {
    return this.#violation;
  }

  /** Lets wall-clock time leap while the timers stand still. */
  leap(byMs: number): void {
    this.#leaptMs += byMs;
    this.note('world', `leap ${byMs}`);
  }

  /** Calls back once, in a later event. */
  after(delayMs: number, { owner, what }: EventName, run: () => void): void {
    const atMs = this.#elapsedMs + Math.max(0, Math.ceil(delayMs));
    this.#queue.push({ atMs, sequence: this.#sequence++, owner, what, run });
  }

  sleep(delayMs: number, owner: string): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, { owner, what: 'wake' }, resolve));
  }

  note(owner: string, what: string): void {
    this.trace.note(this.#elapsedMs, owner, what);
  }

  /** Records that an invariant does not hold; the run ends after this event. Never throws. */
  violate(invariant: string, message: string): void {
    if (this.#violation !== undefined) return;
    this.#violation = { invariant, message, atMs: this.#elapsedMs };
    this.note('VIOLATION', `${invariant}: ${message}`);
  }

  /** Ends the run after this event. */
  finish(): void {
    this.#isOver = true;
  }

  /** Runs until it is finished, an invariant is broken, or `eventsMax` events have run. */
  async run(eventsMax: number): Promise<void> {
    const onStray = (error: unknown): void => {
      this.violate('engine', `a promise was rejected and nobody looks: ${stackOf(error)}`);
    };
    process.on('unhandledRejection', onStray);
    try {
      await setImmediate();
      await this.#runEvents(eventsMax);
    } finally {
      process.off('unhandledRejection', onStray);
    }
  }

  async #runEvents(eventsMax: number): Promise<void> {
    for (let events = 0; !this.#isOver && this.#violation === undefined; events++) {
      const event = this.#queue.pop();
      if (event === undefined) return this.violate('progress', 'nothing is left to happen');
      if (events >= eventsMax) return this.violate('progress', `no end after ${eventsMax} events`);
      this.#elapsedMs = event.atMs;
      this.note(event.owner, event.what);
      event.run();
      await setImmediate();
    }
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
