/**
 * One run of one member's process. What it has set off dies with it: after a crash its timers do not
 * fire, its store and network never answer, and so none of its code runs again. It may also be frozen
 * for a while (SIGSTOP, a long pause of the machine): then everything of it happens late.
 */
import type { Scheduler } from '@callbook/replication';
import type { SeededRandom } from './seeded-random.ts';
import type { World } from './world.ts';

export class Lifetime {
  readonly owner: string;
  readonly world: World;
  readonly random: SeededRandom;
  #alive = true;
  #frozenUntilMs = 0;
  /** What has come while it was frozen. */
  readonly #held: (() => void)[] = [];
  /** Node keeps a signal that somebody listens to, and all behind it, for as long as the process lives. */
  readonly #waiting = new Set<() => void>();

  constructor(owner: string, world: World, random: SeededRandom) {
    this.owner = owner;
    this.world = world;
    this.random = random;
  }

  get alive(): boolean {
    return this.#alive;
  }

  kill(): void {
    this.#alive = false;
    for (const forget of this.#waiting) forget();
  }

  freeze(forMs: number): void {
    this.#frozenUntilMs = Math.max(this.#frozenUntilMs, this.world.elapsedMs + forMs);
  }

  /** Calls back in a later event, unless the process is dead by then. */
  after(delayMs: number, what: string, run: () => void): void {
    this.world.after(delayMs, { owner: this.owner, what }, () => {
      if (!this.#alive) return;
      // Whatever came first happens first, however often the freeze was made longer meanwhile.
      if (this.#frozenForMs > 0 || this.#held.length > 0) this.#hold(run);
      else run();
    });
  }

  get #frozenForMs(): number {
    return this.#frozenUntilMs - this.world.elapsedMs;
  }

  #hold(run: () => void): void {
    this.#held.push(run);
    if (this.#held.length === 1) this.#thawLater();
  }

  #thawLater(): void {
    this.world.after(this.#frozenForMs, { owner: this.owner, what: 'thaw' }, () => {
      if (!this.#alive) return;
      if (this.#frozenForMs <= 0) this.#held.shift()!();
      if (this.#held.length > 0) this.#thawLater();
    });
  }

  /** The scheduler port: timers of this process, a little late now and then. */
  scheduler(): Scheduler {
    return {
      delay: (delayMs, signal) =>
        new Promise((resolve) => {
          if (signal?.aborted === true) return resolve();
          const wake = (): void => this.#resume(resolve);
          const forget = (): void => {
            signal?.removeEventListener('abort', wake);
            this.#waiting.delete(forget);
          };
          signal?.addEventListener('abort', wake, { once: true });
          this.#waiting.add(forget);
          const lateMs = this.random.chance(0.05) ? this.random.below(200) : 0;
          this.after(delayMs + lateMs, 'timer', () => {
            forget();
            resolve();
          });
        }),
      yield: () => new Promise((resolve) => this.after(this.random.below(2), 'yield', resolve)),
    };
  }

  /** A dead process does not go on, whoever aborts its signal. */
  #resume(resolve: () => void): void {
    if (this.#alive) resolve();
  }
}
