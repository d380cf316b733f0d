/**
 * Chance from a seed: the same seed gives the same numbers on every machine. Each part of a simulation
 * has a branch of its own, so that one more draw in one part changes nothing in another. SFC32 by
 * Chris Doty-Humphrey, seeded from a SHA-256; not fit for keys anywhere else.
 */
import { createHash } from 'node:crypto';
import type { Random } from '@callbook/protocol';

export class SeededRandom implements Random {
  readonly #name: string;
  readonly #state: Uint32Array;

  constructor(name: string) {
    this.#name = name;
    const digest = createHash('sha256').update(name).digest();
    this.#state = Uint32Array.from({ length: 4 }, (_, word) => digest.readUInt32LE(word * 4));
  }

  /** A source of its own for one part. */
  branch(name: string): SeededRandom {
    return new SeededRandom(`${this.#name} ${name}`);
  }

  /** 0 to 2^32 - 1. */
  uint32(): number {
    const state = this.#state;
    const [a = 0, b = 0, c = 0, counter = 0] = state;
    const drawn = (a + b + counter) >>> 0;
    state[0] = b ^ (b >>> 9);
    state[1] = (c + (c << 3)) >>> 0;
    state[2] = ((c << 21) | (c >>> 11)) + drawn;
    state[3] = counter + 1;
    return drawn;
  }

  /** 0 to `count` - 1. */
  below(count: number): number {
    return Math.floor((this.uint32() / 2 ** 32) * count);
  }

  /** Whole numbers, both ends included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  chance(probability: number): boolean {
    return this.uint32() / 2 ** 32 < probability;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** The list in another order. */
  shuffled<T>(list: readonly T[]): T[] {
    const shuffled = [...list];
    for (let last = shuffled.length - 1; last > 0; last--) {
      const other = this.below(last + 1);
      [shuffled[last], shuffled[other]] = [shuffled[other]!, shuffled[last]!];
    }
    return shuffled;
  }

  bytes(size: number): Uint8Array {
    return Uint8Array.from({ length: size }, () => this.below(256));
  }
}
