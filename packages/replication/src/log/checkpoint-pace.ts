/**
 * How often a log signs, and is cosigned, while it grows. A checkpoint costs every member a message,
 * a signature and a write, whatever it covers, and members pay for the checkpoints of all logs. So
 * the wait grows with the number of logs that grow at once: what comes meanwhile shares a checkpoint.
 * A log that grows now and then does not wait at all.
 */
import type { Clock } from '@callbook/protocol';

import {
  cosignIntervalMs,
  cosignIntervalMsMax,
  growingIntervalMs,
  growingIntervalMsMax,
  growingWithinMs,
} from '../limits.ts';

export class CheckpointPace {
  readonly #clock: Clock;
  /** When each log has grown last: one item for each log of the charter. */
  readonly #grownAtMs = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes note that a log has grown here. */
  grown(origin: string): void {
    this.#grownAtMs.set(origin, this.#clock.nowMs());
  }

  /** Time from one checkpoint of the own log to the next; below `checkpointIntervalMs` none is signed. */
  get checkpointMs(): number {
    return Math.min(growingIntervalMsMax, growingIntervalMs * this.#growingCount);
  }

  /** Time from one agreed checkpoint of a log to the next. */
  get cosignMs(): number {
    return Math.min(cosignIntervalMsMax, cosignIntervalMs * Math.max(1, this.#growingCount));
  }

  /** Logs that have grown of late. */
  get #growingCount(): number {
    const nowMs = this.#clock.nowMs();
    let count = 0;
    // A clock that was set back must not keep a log growing.
    for (const atMs of this.#grownAtMs.values()) {
      if (Math.abs(nowMs - atMs) < growingWithinMs) count++;
    }
    return count;
  }
}
