/**
 * A count that moves in sixteens, from a place that is drawn at the start: who reads it before and after
 * something happened learns nothing of a single request, and cannot count up to the next step either.
 * It is no protection from somebody who sends requests of their own and reads after each.
 */
import type { Random } from '@callbook/protocol';

const coarseStep = 16;

export class CoarseCounter {
  readonly #phase: number;
  #count = 0;

  constructor(random: Random) {
    this.#phase = random.bytes(1)[0]! % coarseStep;
  }

  add(more: number): void {
    this.#count += more;
  }

  /** For counts that are kept elsewhere. */
  set(count: number): void {
    this.#count = count;
  }

  /** A multiple of sixteen, never less than before. */
  get value(): number {
    return Math.floor((this.#count + this.#phase) / coarseStep) * coarseStep;
  }
}
