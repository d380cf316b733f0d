/**
 * Stops guessing over the whole member. Eight digits are guessed once in 10^8 attempts: at 1 000 wrong
 * answers an hour that is one guess in eleven years of attempts without a pause, however many challenges
 * they are spread over. Codes of the form `app` cannot be guessed and are not counted. Each scheme has a
 * breaker of its own, so that addresses, which cost nothing, do not stop the claims of numbers.
 */
import type { Identifier } from '@callbook/protocol';
import { hourMs } from './leaky-buckets.ts';

export class WrongAnswers {
  /** Scheme → wrong answers that have not leaked away, and when that was so. */
  readonly #levels = new Map<string, { readonly level: number; readonly atMs: number }>();
  readonly #perHourMax: number;

  constructor(perHourMax: number) {
    this.#perHourMax = perHourMax;
  }

  count(identifier: Identifier, nowMs: number): void {
    this.#levels.set(schemeOf(identifier), {
      level: this.#levelOf(identifier, nowMs) + 1,
      atMs: nowMs,
    });
  }

  /** How long answers in digits are refused, right ones too; 0 when they are taken. */
  waitMs(identifier: Identifier, nowMs: number): number {
    const over = this.#levelOf(identifier, nowMs) + 1 - this.#perHourMax;
    return over <= 0 ? 0 : Math.ceil((over * hourMs) / this.#perHourMax);
  }

  #levelOf(identifier: Identifier, nowMs: number): number {
    const { level, atMs } = this.#levels.get(schemeOf(identifier)) ?? { level: 0, atMs: nowMs };
    return Math.max(0, level - (Math.max(0, nowMs - atMs) / hourMs) * this.#perHourMax);
  }
}

function schemeOf(identifier: Identifier): string {
  return identifier.slice(0, identifier.indexOf(':'));
}
