/** Answers for as long as they live, at most so many: the oldest goes. Nothing stale is ever given. */
import type { Clock } from '@callbook/protocol';

export class AnswerCache<Value> {
  readonly #rows = new Map<string, { readonly value: Value; readonly expiresAtMs: number }>();
  readonly #clock: Clock;
  readonly #rowsMax: number;

  constructor(clock: Clock, rowsMax: number) {
    this.#clock = clock;
    this.#rowsMax = rowsMax;
  }

  get size(): number {
    return this.#rows.size;
  }

  /** Returns what is kept and alive, with when it ends. */
  get(rowKey: string): { readonly value: Value; readonly expiresAtMs: number } | undefined {
    const row = this.#rows.get(rowKey);
    if (row === undefined || row.expiresAtMs > this.#clock.nowMs()) return row;
    this.#rows.delete(rowKey);
    return undefined;
  }

  set(rowKey: string, value: Value, expiresAtMs: number): void {
    // Set again, a row is the youngest.
    this.#rows.delete(rowKey);
    const [oldest] = this.#rows.keys();
    if (this.#rows.size >= this.#rowsMax) this.#rows.delete(oldest!);
    this.#rows.set(rowKey, { value, expiresAtMs });
  }
}
