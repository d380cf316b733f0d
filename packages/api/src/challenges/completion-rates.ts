/**
 * How many of the codes that a range of numbers was sent were answered. Who pumps messages to numbers
 * that pay them does not type codes: a range where hardly any is answered is left alone for a while.
 * A code is settled by its right answer, by a receipt that it was not delivered, or when its time is
 * over; a receipt of delivery says nothing, since the pump gives one too.
 */
import type { Cryptography, Random } from '@callbook/protocol';
import { hourMs } from './leaky-buckets.ts';
import { rowKeyOf } from './row-key.ts';

export interface CompletionOptions {
  /** Settled codes from which a rate says something. */
  readonly settledMin: number;
  /** Below this the range is suspended, in hundredths. */
  readonly percentMin: number;
  readonly suspendedMs: number;
  /** Time in which a code can be answered. */
  readonly answerMsMax: number;
  readonly rowsMax: number;
  readonly openMax: number;
}

interface Rate {
  settled: number;
  answered: number;
  atMs: number;
  suspendedUntilMs: number;
}

/** Counts lose half their weight in this time: what was long ago says little. */
const halfLifeMs = 12 * hourMs;
const forgottenAfterMs = 4 * halfLifeMs;

export class CompletionRates {
  /** Row key of the range → rate, by latest use. */
  readonly #rates = new Map<string, Rate>();
  /** Send id → row key and end of the time to answer, oldest first. */
  readonly #open = new Map<string, { readonly rowKey: string; readonly untilMs: number }>();
  readonly #hmacKey: Uint8Array;
  readonly #crypto: Cryptography;
  readonly #options: CompletionOptions;

  constructor(
    options: CompletionOptions,
    ports: { readonly crypto: Cryptography; readonly random: Random },
  ) {
    this.#options = options;
    this.#crypto = ports.crypto;
    this.#hmacKey = ports.random.bytes(32);
  }

  /** How long a range stays suspended; 0 when it is not. */
  waitMs(range: string, nowMs: number): number {
    this.forget(nowMs);
    const until = this.#rates.get(this.#rowKey(range))?.suspendedUntilMs ?? 0;
    return Math.max(0, until - nowMs);
  }

  sent(range: string, sendId: string, nowMs: number): void {
    this.#open.set(sendId, {
      rowKey: this.#rowKey(range),
      untilMs: nowMs + this.#options.answerMsMax,
    });
    if (this.#open.size > this.#options.openMax) {
      const [oldest] = this.#open.keys();
      this.#open.delete(oldest!);
    }
  }

  /** Settles a code; one that is settled already, or unknown, changes nothing. */
  settle(sendId: string, isAnswered: boolean, nowMs: number): void {
    const open = this.#open.get(sendId);
    if (open === undefined) return;
    this.#open.delete(sendId);
    this.#count(open.rowKey, isAnswered, nowMs);
  }

  /** Settles what nobody answered, and drops rates that say nothing any more. */
  forget(nowMs: number): void {
    for (const [sendId, { untilMs }] of this.#open) {
      if (untilMs > nowMs) break;
      this.settle(sendId, false, nowMs);
    }
    for (const [rowKey, { atMs, suspendedUntilMs }] of this.#rates) {
      if (atMs > nowMs - forgottenAfterMs) break;
      if (suspendedUntilMs <= nowMs) this.#rates.delete(rowKey);
    }
  }

  get rowCount(): number {
    return this.#rates.size + this.#open.size;
  }

  #count(rowKey: string, isAnswered: boolean, nowMs: number): void {
    const { settledMin, percentMin, suspendedMs, rowsMax } = this.#options;
    const before = this.#rates.get(rowKey);
    const weight = before === undefined ? 0 : 0.5 ** ((nowMs - before.atMs) / halfLifeMs);
    const rate: Rate = {
      settled: (before?.settled ?? 0) * weight + 1,
      answered: (before?.answered ?? 0) * weight + (isAnswered ? 1 : 0),
      atMs: nowMs,
      suspendedUntilMs: before?.suspendedUntilMs ?? 0,
    };
    // Rounded: what was counted a minute ago weighs a little less than one, and answers are counted
    // minutes before the codes that get none.
    const [settled, answered] = [Math.round(rate.settled), Math.round(rate.answered)];
    if (settled >= settledMin && answered * 100 < percentMin * settled) {
      rate.suspendedUntilMs = nowMs + suspendedMs;
      // After the pause the range is judged by what happens then.
      rate.settled = 0;
      rate.answered = 0;
    }
    this.#rates.delete(rowKey);
    this.#rates.set(rowKey, rate);
    if (this.#rates.size > rowsMax) {
      const [oldest] = this.#rates.keys();
      this.#rates.delete(oldest!);
    }
  }

  #rowKey(range: string): string {
    return rowKeyOf(this.#crypto.hmacSha256(this.#hmacKey, new TextEncoder().encode(range)));
  }
}
