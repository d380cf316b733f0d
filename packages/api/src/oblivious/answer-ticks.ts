/**
 * Lets answers go at ticks that are fixed before anything is known of them: the second tick after the
 * question has come. How long an answer took shows only if it took longer than that; and those of one
 * tick leave in the order in which their questions came.
 */
import { answerTickMs } from './limits.ts';

interface Waiting {
  readonly place: number;
  readonly release: () => void;
}

/** When an answer is to leave. */
export interface Departure {
  readonly tick: number;
  readonly place: number;
}

export class AnswerTicks {
  readonly #nowMs: () => number;
  readonly #byTick = new Map<number, Waiting[]>();
  #count = 0;

  /** The clock must never be set back. */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** Settles, as a question comes, when its answer leaves. */
  settle(): Departure {
    const now = Math.floor(this.#nowMs() / answerTickMs);
    return { tick: now + 2, place: this.#count++ };
  }

  /** Resolves at the tick that was settled, or at the next one where that is over. */
  async departed({ tick, place }: Departure): Promise<void> {
    const nowMs = this.#nowMs();
    const next = Math.max(tick, Math.floor(nowMs / answerTickMs) + 1);
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting = this.#byTick.get(next);
    if (waiting !== undefined) waiting.push({ place, release: resolve });
    else {
      this.#byTick.set(next, [{ place, release: resolve }]);
      setTimeout(() => this.#release(next), next * answerTickMs - nowMs);
    }
    await promise;
  }

  #release(tick: number): void {
    const waiting = this.#byTick.get(tick) ?? [];
    this.#byTick.delete(tick);
    for (const { release } of waiting.sort((a, b) => a.place - b.place)) release();
  }
}
