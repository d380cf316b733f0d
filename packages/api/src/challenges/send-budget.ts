/**
 * How many codes an identifier may be sent, so that nobody's telephone can be flooded and no bill
 * run up. The table holds no identifier: rows stand under an HMAC with a key that is drawn at
 * start and never leaves memory, so a dump of it answers no question later. It forgets a row a
 * day after its last code. A restart forgets all of it, which costs at most one more budget.
 *
 * A code counts when it is handed to its channel, whether or not the channel reports success: a
 * gateway that fails after accepting has cost money already.
 */
import type { Cryptography, Identifier, Random } from '@callbook/protocol';
import type { ApiLimits } from '../limits.ts';
import { rowKeyOf } from './row-key.ts';

const hourMs = 60 * 60 * 1000;
const dayMs = 24 * hourMs;

export type SendBudgetLimits = Pick<
  ApiLimits,
  'sendsPerHourMax' | 'sendsPerDayMax' | 'totalSendsPerHourMax'
>;

export class SendBudget {
  /** Row key → times of the codes of the past day, oldest first; rows by their latest code. */
  readonly #rows = new Map<string, readonly number[]>();
  readonly #rowHmacKey: Uint8Array;
  readonly #crypto: Cryptography;
  readonly #limits: SendBudgetLimits;
  #windowStartMs = Number.NEGATIVE_INFINITY;
  #windowCount = 0;

  constructor(
    limits: SendBudgetLimits,
    ports: { readonly crypto: Cryptography; readonly random: Random },
  ) {
    this.#limits = limits;
    this.#crypto = ports.crypto;
    this.#rowHmacKey = ports.random.bytes(32);
  }

  /** Takes one code out of the budget: 0, or how long to wait when there is none left. */
  spend(identifier: Identifier, nowMs: number): number {
    this.forget(nowMs);
    const rowKey = this.#rowKey(identifier);
    const sentMs = this.#sentMs(rowKey, nowMs);
    const waitMs = Math.max(this.#identifierWaitMs(sentMs, nowMs), this.#totalWaitMs(nowMs));
    if (waitMs > 0) return waitMs;
    this.#windowCount += 1;
    // Deleted first, so that the map stays in order of the latest code.
    this.#rows.delete(rowKey);
    // A spread would leave room for sixteen more in each of thousands of rows.
    this.#rows.set(rowKey, sentMs.concat(nowMs));
    return 0;
  }

  /** Drops the rows without a code in the past day. */
  forget(nowMs: number): void {
    for (const [rowKey, sentMs] of this.#rows) {
      if (sentMs.at(-1)! > nowMs - dayMs) break;
      this.#rows.delete(rowKey);
    }
  }

  /** Rows held: at most 25 hours of `totalSendsPerHourMax`. */
  get rowCount(): number {
    return this.#rows.size;
  }

  /** Times of the codes of the past day; those of a clock that was ahead are now, and stay so. */
  #sentMs(rowKey: string, nowMs: number): readonly number[] {
    const known = this.#rows.get(rowKey);
    if (known === undefined) return [];
    const isAhead = known.some((ms) => ms > nowMs);
    const sentMs = isAhead ? known.map((ms) => Math.min(ms, nowMs)) : known;
    if (isAhead) this.#rows.set(rowKey, sentMs);
    return sentMs.filter((ms) => ms > nowMs - dayMs);
  }

  #identifierWaitMs(sentMs: readonly number[], nowMs: number): number {
    const { sendsPerHourMax, sendsPerDayMax } = this.#limits;
    const hourFreeMs = (sentMs.at(-sendsPerHourMax) ?? Number.NEGATIVE_INFINITY) + hourMs;
    const dayFreeMs = (sentMs.at(-sendsPerDayMax) ?? Number.NEGATIVE_INFINITY) + dayMs;
    return Math.max(hourFreeMs, dayFreeMs) - nowMs;
  }

  #totalWaitMs(nowMs: number): number {
    if (nowMs >= this.#windowStartMs + hourMs || nowMs < this.#windowStartMs) {
      this.#windowStartMs = nowMs;
      this.#windowCount = 0;
    }
    if (this.#windowCount < this.#limits.totalSendsPerHourMax) return 0;
    return this.#windowStartMs + hourMs - nowMs;
  }

  #rowKey(identifier: Identifier): string {
    const mac = this.#crypto.hmacSha256(this.#rowHmacKey, new TextEncoder().encode(identifier));
    return rowKeyOf(mac);
  }
}
