/** How many messages each member may send: so many at once, then so many a second, by our clock. */
import type { Clock } from '@callbook/protocol';

export interface BudgetLimits {
  readonly burst: number;
  readonly perSecond: number;
}

export class MessageBudgets {
  readonly #clock: Clock;
  readonly #limits: BudgetLimits;
  /** Messages left at a time, by member; members are few. */
  readonly #left = new Map<string, { readonly messages: number; readonly atMs: number }>();

  constructor(clock: Clock, limits: BudgetLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Takes one message from a member's budget; false when there is none left. */
  take(memberName: string): boolean {
    const { burst, perSecond } = this.#limits;
    const nowMs = this.#clock.nowMs();
    const { messages, atMs } = this.#left.get(memberName) ?? { messages: burst, atMs: nowMs };
    // A clock that was set back gives nothing and takes nothing.
    const gained = (Math.max(0, nowMs - atMs) / 1000) * perSecond;
    const left = Math.min(burst, messages + gained) - 1;
    this.#left.set(memberName, { messages: Math.max(left, 0), atMs: nowMs });
    return left >= 0;
  }
}
