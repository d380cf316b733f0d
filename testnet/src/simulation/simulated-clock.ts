/** A member's own clock: skewed, drifting, and set forward or back while the member runs. */
import type { Clock } from '@callbook/protocol';
import type { World } from './world.ts';

/** Wall-clock time at the beginning of every simulation: 15 June 2025. */
export const startsAtMs = 1_749_945_600_000;

export class SimulatedClock implements Clock {
  readonly #world: World;
  readonly #owner: string;
  #skewMs: number;
  #drift: number;

  constructor(world: World, owner: string, { skewMs, drift }: { skewMs: number; drift: number }) {
    this.#world = world;
    this.#owner = owner;
    this.#skewMs = skewMs;
    this.#drift = drift;
  }

  nowMs(): number {
    const { elapsedMs, wallMs } = this.#world;
    return Math.floor(startsAtMs + wallMs + this.#skewMs + elapsedMs * this.#drift);
  }

  /** Sets the clock off by `skewMs` from the true time, as of now. */
  set(skewMs: number): void {
    this.#skewMs = skewMs - this.#world.elapsedMs * this.#drift;
    this.#world.note(this.#owner, `clock set off by ${skewMs}`);
  }

  /** True time from now on. */
  correct(skewMs: number): void {
    this.#drift = 0;
    this.set(skewMs);
  }
}
