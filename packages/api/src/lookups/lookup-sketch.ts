/**
 * How many look-ups come from a network: leaky buckets in a count-min sketch. A name is hashed, under a key
 * drawn at start that never leaves memory, to one bucket in each of four rows; the emptiest of the four counts.
 * So no address is kept, not even for a moment, the memory is one megabyte whoever asks, and two names that
 * share a bucket in one row share nothing in another. It errs by refusing, never by letting more through.
 */
import { utf8 } from '@callbook/protocol';
import type { Cryptography, Random } from '@callbook/protocol';

export interface SketchBudget {
  readonly perSecond: number;
  readonly burst: number;
}

const rowCount = 4;
const columnBits = 14;
const columnCount: number = 1 << columnBits;

export class LookupSketch {
  readonly #budget: SketchBudget;
  readonly #crypto: Cryptography;
  readonly #hmacKey: Uint8Array;
  /** What is in each bucket, and when that was. */
  readonly #levels = new Float64Array(rowCount * columnCount);
  readonly #timesMs = new Float64Array(rowCount * columnCount);

  constructor(
    budget: SketchBudget,
    ports: { readonly crypto: Cryptography; readonly random: Random },
  ) {
    this.#budget = budget;
    this.#crypto = ports.crypto;
    this.#hmacKey = ports.random.bytes(32);
  }

  /** Takes `count` out of a name's budget: 0, or how long to wait until there is as much. */
  spend(name: string, count: number, nowMs: number): number {
    const { perSecond, burst } = this.#budget;
    const places = this.#places(name);
    const levels = places.map((place) => this.#levelAt(place, nowMs));
    const level = Math.min(...levels) + count;
    if (level > burst) return Math.ceil(((level - burst) / perSecond) * 1000);
    for (const [row, place] of places.entries()) {
      // Raised to what this name has at most; a bucket that others have filled stays as it is.
      this.#levels[place] = Math.max(levels[row]!, level);
      this.#timesMs[place] = nowMs;
    }
    return 0;
  }

  /** A clock that was set back empties nothing, and from then on it counts. */
  #levelAt(place: number, nowMs: number): number {
    this.#timesMs[place] = Math.min(this.#timesMs[place]!, nowMs);
    const passedMs = nowMs - this.#timesMs[place];
    return Math.max(0, this.#levels[place]! - (passedMs / 1000) * this.#budget.perSecond);
  }

  #places(name: string): readonly number[] {
    const mac = this.#crypto.hmacSha256(this.#hmacKey, utf8(name));
    return Array.from({ length: rowCount }, (_nothing, row) => {
      const drawn = (mac[2 * row]! << 8) | mac[2 * row + 1]!;
      return row * columnCount + (drawn & (columnCount - 1));
    });
  }
}
