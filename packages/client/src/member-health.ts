/**
 * Which members have failed lately: they are asked last for a while, so that one that is down costs a
 * time-out once and not with every question. Nothing else follows from it.
 */
import type { Clock } from '@callbook/protocol';
import { memberRestMs } from './limits.ts';
import type { Member } from './member.ts';

export class MemberHealth {
  readonly #clock: Clock;
  readonly #failedAtMs = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  answered({ name }: Member): void {
    this.#failedAtMs.delete(name);
  }

  failed({ name }: Member): void {
    this.#failedAtMs.set(name, this.#clock.nowMs());
  }

  /** The same members in the same order, but those that have failed lately after the others. */
  inOrder(members: readonly Member[]): Member[] {
    const resting = members.filter((member) => this.#rests(member));
    return [...members.filter((member) => !resting.includes(member)), ...resting];
  }

  #rests({ name }: Member): boolean {
    const failedAtMs = this.#failedAtMs.get(name);
    // The absolute value, as a clock that is set back must not silence a member for hours.
    return failedAtMs !== undefined && Math.abs(this.#clock.nowMs() - failedAtMs) < memberRestMs;
  }
}
