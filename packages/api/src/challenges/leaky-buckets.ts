/**
 * Counters that empty by themselves. `LeakyBuckets` keeps one for each key, under an HMAC with a key
 * drawn at start, and forgets it once it is empty; `DayWindow` keeps a sum that never exceeds its limit
 * in any 24 hours. Both are in memory only; whoever wants to keep the sums reads and gives them.
 */
import type { Cryptography, Random } from '@callbook/protocol';
import { rowKeyOf } from './row-key.ts';

export const hourMs: number = 60 * 60 * 1000;
const dayHours = 24;

interface Bucket {
  readonly level: number;
  readonly atMs: number;
}

export interface LeakyBucketsPorts {
  readonly crypto: Cryptography;
  readonly random: Random;
}

export interface LeakyBucketsOptions {
  /** What each holds. */
  readonly capacity: number;
  /** Time in which a full one empties. */
  readonly emptyMs: number;
  readonly rowsMax: number;
}

export class LeakyBuckets {
  readonly #buckets = new Map<string, Bucket>();
  readonly #hmacKey: Uint8Array;
  readonly #crypto: Cryptography;
  readonly #capacity: number;
  readonly #emptyMs: number;
  readonly #rowsMax: number;

  constructor(options: LeakyBucketsOptions, ports: LeakyBucketsPorts) {
    this.#capacity = options.capacity;
    this.#emptyMs = options.emptyMs;
    this.#rowsMax = options.rowsMax;
    this.#crypto = ports.crypto;
    this.#hmacKey = ports.random.bytes(32);
  }

  /** How long until one more fits; 0 when it does now. Never takes. */
  waitMs(name: string, nowMs: number): number {
    const level = this.#levelOf(this.#rowKey(name), nowMs);
    const over = level + 1 - this.#capacity;
    return over <= 0 ? 0 : Math.ceil((over * this.#emptyMs) / this.#capacity);
  }

  take(name: string, nowMs: number): void {
    const rowKey = this.#rowKey(name);
    const level = this.#levelOf(rowKey, nowMs);
    // Deleted first, so that the map stays in order of the latest use.
    this.#buckets.delete(rowKey);
    this.#buckets.set(rowKey, { level: level + 1, atMs: nowMs });
    if (this.#buckets.size > this.#rowsMax) {
      const [oldest] = this.#buckets.keys();
      this.#buckets.delete(oldest!);
    }
  }

  /** Drops what time without use has emptied. */
  forget(nowMs: number): void {
    for (const [rowKey, { atMs }] of this.#buckets) {
      if (atMs > nowMs - this.#emptyMs) break;
      this.#buckets.delete(rowKey);
    }
  }

  get rowCount(): number {
    return this.#buckets.size;
  }

  #levelOf(rowKey: string, nowMs: number): number {
    const bucket = this.#buckets.get(rowKey);
    if (bucket === undefined) return 0;
    // A clock that was set back empties nothing, and from then on it counts.
    if (nowMs < bucket.atMs) this.#buckets.set(rowKey, { ...bucket, atMs: nowMs });
    const leaked = (Math.max(0, nowMs - bucket.atMs) / this.#emptyMs) * this.#capacity;
    return Math.max(0, bucket.level - leaked);
  }

  #rowKey(name: string): string {
    return rowKeyOf(this.#crypto.hmacSha256(this.#hmacKey, new TextEncoder().encode(name)));
  }
}

export class DayWindow {
  /** Hour since 1970 → sum. */
  readonly #hours = new Map<number, number>();
  readonly #perDay: number;

  constructor(perDay: number) {
    this.#perDay = perDay;
  }

  /** Hours since 1970 with what was taken in each, oldest first. */
  get sums(): readonly (readonly [hour: number, sum: number])[] {
    return [...this.#hours];
  }

  /** Takes again what was taken in an hour before a start; oldest first. */
  restore(hour: number, sum: number): void {
    this.#hours.set(hour, sum);
  }

  /** How long until the amount fits; 0 when it does now, a day when it never does. */
  waitMs(amount: number, nowMs: number): number {
    this.#forget(nowMs);
    let over = this.#sum() + amount - this.#perDay;
    if (over <= 0) return 0;
    for (const [hour, sum] of this.#hours) {
      over -= sum;
      if (over <= 0) return (hour + dayHours + 1) * hourMs - nowMs;
    }
    return dayHours * hourMs;
  }

  take(amount: number, nowMs: number): void {
    const hour = Math.floor(nowMs / hourMs);
    this.#hours.set(hour, (this.#hours.get(hour) ?? 0) + amount);
  }

  #sum(): number {
    return this.#hours.values().reduce((total, sum) => total + sum, 0);
  }

  /**
   * An hour counts whole until its last moment is a day ago, so that no 24 hours exceed the limit; what was
   * taken while the clock was ahead counts as taken now.
   */
  #forget(nowMs: number): void {
    const present = Math.floor(nowMs / hourMs);
    const ahead = [...this.#hours].filter(([hour]) => hour > present);
    for (const [hour, sum] of ahead) {
      this.#hours.delete(hour);
      this.take(sum, nowMs);
    }
    for (const hour of this.#hours.keys()) {
      if ((hour + dayHours + 1) * hourMs > nowMs) break;
      this.#hours.delete(hour);
    }
  }
}
