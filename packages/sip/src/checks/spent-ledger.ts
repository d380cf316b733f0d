/**
 * What was used and must not be used again, until it expires by itself. Only what a published key has
 * signed gets in here, so that nobody fills it for others; one number has a share. It is in memory: what was
 * signed before this process began is refused instead, and no crash makes anything good a second time.
 */
import { hash } from 'node:crypto';
import type { Clock } from '@callbook/protocol';
import { spentMax, spentPerNumberMax } from '../limits.ts';

export type Spending = 'full' | 'replayed' | 'spent' | 'too_many';

export class SpentLedger {
  readonly startedAtMs: number;
  readonly #clock: Clock;
  /** SHA-256 of owner and name → when it expires. In the order of arrival, and all live about as long. */
  readonly #spent = new Map<string, { readonly owner: string; readonly expiresAtMs: number }>();
  readonly #counts = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.startedAtMs = clock.nowMs();
  }

  /** Whether something that was signed then might have been used before this process began. */
  isBeforeStart(signedAtMs: number): boolean {
    // Times of tokens are whole seconds.
    return signedAtMs < Math.floor(this.startedAtMs / 1000) * 1000;
  }

  /** Spends `name` of `owner`, if it has not been spent. */
  spend(owner: string, name: string, expiresAtMs: number): Spending {
    this.#forgetExpired();
    const rowKey = digest(`${owner}\n${name}`);
    if (this.#spent.has(rowKey)) return 'replayed';
    if (this.#spent.size >= spentMax) return 'full';
    const ownerKey = digest(owner);
    const count = this.#counts.get(ownerKey) ?? 0;
    if (count >= spentPerNumberMax) return 'too_many';
    this.#spent.set(rowKey, { owner: ownerKey, expiresAtMs });
    this.#counts.set(ownerKey, count + 1);
    return 'spent';
  }

  /** From the oldest on: one that lives longer holds back those behind it, by a few minutes at most. */
  #forgetExpired(): void {
    const nowMs = this.#clock.nowMs();
    for (const [rowKey, { owner, expiresAtMs }] of this.#spent) {
      if (expiresAtMs > nowMs) return;
      this.#spent.delete(rowKey);
      const count = this.#counts.get(owner)! - 1;
      if (count === 0) this.#counts.delete(owner);
      else this.#counts.set(owner, count);
    }
  }
}

/** Memory then holds no numbers. */
function digest(text: string): string {
  return hash('sha256', text, 'base64');
}
