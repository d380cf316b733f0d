/**
 * Keeps codes that cost money from being abused: by range of numbers, country, day and money, with a
 * pause between two codes to one number. It knows no one who asks, and keeps no number: what it counts
 * stands under keys drawn at start, in memory, bounded, and empties by itself. A restart forgets all but
 * what the day has cost: that is on disk, and names nobody.
 *
 * Numbers only: mail and SIP cost nothing a message, and have the budgets of every identifier.
 */
import type { Cryptography, Identifier, Random } from '@callbook/protocol';
import { ApiError } from '../errors.ts';
import { apiLimits } from '../limits.ts';
import { CompletionRates } from './completion-rates.ts';
import { DayWindow, hourMs, LeakyBuckets } from './leaky-buckets.ts';
import { NumberRules, priceOf } from './number-rules.ts';
import type { NumberPlace, NumberRulesOptions } from './number-rules.ts';
import type { SpentLedger } from './spent-ledger.ts';

export interface SendGuardOptions extends NumberRulesOptions {
  readonly rangeSendsPerHourMax?: number;
  readonly countrySendsPerHourMax?: number;
  readonly sendsPerDayMax?: number;
  /** Thousandths of the operator's currency. */
  readonly moneyPerDayMax?: number;
  /** By beginning of the number, the longest that fits. */
  readonly prices?: readonly { readonly prefix: string; readonly thousandths: number }[];
  /** Where no price fits. */
  readonly priceElsewhere?: number;
  readonly resendPauseMs?: number;
  readonly suspendSettledMin?: number;
  readonly suspendPercentMin?: number;
  readonly suspendMs?: number;
}

type Defaults = Required<Omit<SendGuardOptions, 'served' | 'refused' | 'test' | 'prices'>>;

const defaults: Defaults = {
  rangeSendsPerHourMax: 60,
  countrySendsPerHourMax: 2000,
  sendsPerDayMax: 20_000,
  moneyPerDayMax: 1_000_000,
  priceElsewhere: 100,
  resendPauseMs: 30_000,
  suspendSettledMin: 20,
  suspendPercentMin: 20,
  suspendMs: 6 * hourMs,
} as const satisfies Required<Omit<SendGuardOptions, 'served' | 'refused' | 'test' | 'prices'>>;

/** Rows of each table: 16 bytes of key and a few numbers each. */
const rowsMax = 100_000;

export interface SendGuardPorts {
  readonly crypto: Cryptography;
  readonly random: Random;
  /** Keeps the sums of the day; without it a restart forgets them as well. */
  readonly ledger?: SpentLedger;
}

/** The ledger is written once for so many codes: a hundredth of the day's. */
const stepsPerDay = 100;

export class SendGuard {
  readonly #rules: NumberRules;
  readonly #options: SendGuardOptions & Defaults;
  readonly #ranges: LeakyBuckets;
  readonly #countries: LeakyBuckets;
  readonly #pauses: LeakyBuckets | undefined;
  readonly #day: DayWindow;
  readonly #money: DayWindow;
  readonly #completion: CompletionRates;
  readonly #ledger: SpentLedger | undefined;

  private constructor(
    rules: NumberRules,
    options: SendGuardOptions & Defaults,
    ports: SendGuardPorts,
  ) {
    this.#rules = rules;
    this.#options = options;
    this.#ranges = hourly(options.rangeSendsPerHourMax, ports);
    this.#countries = hourly(options.countrySendsPerHourMax, ports);
    // A bucket of one that empties in the pause.
    this.#pauses =
      options.resendPauseMs === 0
        ? undefined
        : new LeakyBuckets({ capacity: 1, emptyMs: options.resendPauseMs, rowsMax }, ports);
    this.#day = new DayWindow(options.sendsPerDayMax);
    this.#money = new DayWindow(options.moneyPerDayMax);
    this.#ledger = ports.ledger;
    for (const { hour, codes, thousandths } of ports.ledger?.hours ?? []) {
      this.#day.restore(hour, codes);
      this.#money.restore(hour, thousandths);
    }
    this.#completion = new CompletionRates(
      {
        settledMin: options.suspendSettledMin,
        percentMin: options.suspendPercentMin,
        suspendedMs: options.suspendMs,
        answerMsMax: apiLimits.challengeAnswerMsMax,
        rowsMax,
        openMax: apiLimits.challengesMax,
      },
      ports,
    );
  }

  static async open(options: SendGuardOptions, ports: SendGuardPorts): Promise<SendGuard> {
    const all = { ...defaults, ...options };
    return new SendGuard(await NumberRules.open(options), all, ports);
  }

  /**
   * Judges a code before anything is spent; takes nothing. Returns how long to wait, 0 for not at all.
   * Throws `identifier_not_served`.
   */
  waitMs(identifier: Identifier, nowMs: number): number {
    const place = this.#placeOf(identifier);
    if (place === undefined) return 0;
    return Math.max(
      this.#ranges.waitMs(place.range, nowMs),
      this.#countries.waitMs(place.country, nowMs),
      this.#pauses?.waitMs(identifier, nowMs) ?? 0,
      this.#day.waitMs(1, nowMs),
      this.#money.waitMs(this.#priceOf(identifier), nowMs),
      this.#completion.waitMs(place.range, nowMs),
    );
  }

  /** Takes a code out of every budget, as it is handed to its channel. */
  take(identifier: Identifier, sendId: string, nowMs: number): void {
    const place = this.#placeOf(identifier);
    if (place === undefined) return;
    this.#ranges.take(place.range, nowMs);
    this.#countries.take(place.country, nowMs);
    this.#pauses?.take(identifier, nowMs);
    this.#day.take(1, nowMs);
    this.#money.take(this.#priceOf(identifier), nowMs);
    this.#completion.sent(place.range, sendId, nowMs);
  }

  /** Resolves when what was taken is on disk: only then may a code go out. */
  async secure(): Promise<void> {
    const thousandths = new Map(this.#money.sums);
    const hours = this.#day.sums.map(([hour, codes]) => {
      return { hour, codes, thousandths: thousandths.get(hour) ?? 0 };
    });
    const { sendsPerDayMax, moneyPerDayMax } = this.#options;
    await this.#ledger?.secure(hours, {
      codes: Math.ceil(sendsPerDayMax / stepsPerDay),
      thousandths: Math.ceil(moneyPerDayMax / stepsPerDay),
    });
  }

  /** Counts a right answer, or a receipt that the code was not delivered. */
  settle(sendId: string, isAnswered: boolean, nowMs: number): void {
    this.#completion.settle(sendId, isAnswered, nowMs);
  }

  forget(nowMs: number): void {
    this.#ranges.forget(nowMs);
    this.#countries.forget(nowMs);
    this.#pauses?.forget(nowMs);
    this.#completion.forget(nowMs);
  }

  /** Rows held in all tables. */
  get rowCount(): number {
    const pauses = this.#pauses?.rowCount ?? 0;
    return this.#ranges.rowCount + this.#countries.rowCount + pauses + this.#completion.rowCount;
  }

  #placeOf(identifier: Identifier): NumberPlace | undefined {
    if (!identifier.startsWith('tel:')) return undefined;
    const place = this.#rules.placeOf(identifier.slice('tel:'.length));
    if (place === undefined) throw new ApiError('identifier_not_served');
    return place;
  }

  #priceOf(identifier: Identifier): number {
    const { prices = [], priceElsewhere } = this.#options;
    return priceOf(identifier.slice('tel:'.length), prices, priceElsewhere);
  }
}

function hourly(capacity: number, ports: SendGuardPorts): LeakyBuckets {
  return new LeakyBuckets({ capacity, emptyMs: hourMs, rowsMax }, ports);
}
