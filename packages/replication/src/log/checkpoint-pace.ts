/**
 * How often a log signs, and is cosigned, while it grows. A checkpoint costs every member a message,
 * a signature and a write, whatever it covers, and members pay for the checkpoints of all logs. So
 * the wait grows with the number of logs that grow at once: what comes meanwhile shares a checkpoint.
 * A log that grows now and then does not wait at all.
 *
 * Where processor or disk are short, a batch takes long from its turn to its receipts. The log then
 * waits as long again: what a checkpoint costs is paid less often, where it is dear, and a claim or
 * an update, which took that long anyway, takes at most twice as long.
 */
import type { Clock } from '@callbook/protocol';

import {
  busyIntervalMsMax,
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
  /** How long the last batch of the own log, and the last round of cosigning, took. */
  #wroteMs = 0;
  #cosignedMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes note that a log has grown here. */
  grown(origin: string): void {
    this.#grownAtMs.set(origin, this.#clock.nowMs());
  }

  /** Takes note of how long a batch of the own log has taken; a clock that was set back says nothing. */
  wrote(durationMs: number): void {
    this.#wroteMs = Math.max(0, durationMs);
  }

  /** Takes note of how long it has taken to gather a quorum's cosignatures. */
  cosigned(durationMs: number): void {
    this.#cosignedMs = Math.max(0, durationMs);
  }

  /** Time from one checkpoint of the own log to the next; below `checkpointIntervalMs` none is signed. */
  get checkpointMs(): number {
    const growingMs = Math.min(growingIntervalMsMax, growingIntervalMs * this.#growingCount);
    return Math.max(growingMs, Math.min(busyIntervalMsMax, this.#wroteMs));
  }

  /** Time from one agreed checkpoint of a log to the next. */
  get cosignMs(): number {
    const growingMs = cosignIntervalMs * Math.max(1, this.#growingCount);
    return Math.min(cosignIntervalMsMax, Math.max(growingMs, this.#cosignedMs));
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
