/**
 * Erases what releases leave behind once their pause is over: payload, opening and every row that
 * says whose label it was. The fold reads no clock, so this is where time has its effect.
 *
 * Erased rows stay in the files of the database until it rewrites them, which may be never; so the
 * ranges where something was erased are compacted soon after, and when the member stops. If we crash
 * before that, they stay until the database comes by on its own.
 */
import type { Clock, Identifier } from '@callbook/protocol';

import {
  erasedRowsMax,
  erasureCompactionMs,
  releasesPerSweepMax,
  releaseSweepIntervalMs,
} from '../limits.ts';
import type { Scheduler } from '../scheduler.ts';
import { releaseOf, releasesUntil } from '../store/row-keys.ts';
import type { StoreWriter } from '../store/store-writer.ts';
import { ViewBatch } from './view-batch.ts';
import type { ViewContext } from './view-batch.ts';

/** Family, and the beginning of the label or hash after it. */
const compactedPrefixBytes = 5;

export interface ReleaseSweepContext {
  readonly view: ViewContext;
  readonly writer: StoreWriter;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** Hears of identifiers that are not published any more. */
  readonly onEnded: (identifiers: readonly Identifier[]) => void;
}

export class ReleaseSweep implements AsyncDisposable {
  readonly #context: ReleaseSweepContext;
  readonly #stop = new AbortController();
  readonly #sweeping: Promise<void>;
  /** Keys of rows that were erased and are in the files still. */
  #erased: Uint8Array[] = [];
  #compactAtMs = 0;

  constructor(context: ReleaseSweepContext) {
    this.#context = context;
    this.#sweeping = this.#sweep();
  }

  async #sweep(): Promise<void> {
    const { scheduler, writer } = this.#context;
    const { signal } = this.#stop;
    while (!signal.aborted && writer.failure === undefined) {
      try {
        await this.#endReleases();
        if (this.#isDue()) await this.#compact();
      } catch (error) {
        // A store that has failed has been told of; nobody else waits for this loop.
        writer.fail('releases could not be ended', error);
      }
      await scheduler.delay(releaseSweepIntervalMs, signal);
    }
  }

  /** Ends the releases that are due, at most one batch of them. */
  async #endReleases(): Promise<void> {
    const { view: context, writer, clock, onEnded } = this.#context;
    const due = () =>
      context.store.range({ ...releasesUntil(clock.nowMs()), countMax: releasesPerSweepMax });
    if ((await due()).length === 0) return;
    const { identifiers } = await writer.run(async (commit) => {
      const rowKeys = (await due()).map(([rowKey]) => rowKey);
      const labels = rowKeys.map((rowKey) => releaseOf(rowKey).label);
      const view = await ViewBatch.open(context, labels);
      for (const label of labels) view.review(label);
      const changed = view.finish(clock.nowMs());
      const done = rowKeys.map((rowKey) => ({ rowKey, erase: true }) as const);
      // If we crash before this is on disk, the rows of the releases are still there and are found
      // again; a release that another entry has displaced meanwhile erases nothing.
      await commit([...changed.changes, ...done], { durable: true });
      return changed;
    });
    if (identifiers.length > 0) onEnded(identifiers);
  }

  /** Takes note of rows that this sweep, or a leaf that came after the pause, has erased. */
  note(rowKeys: readonly Uint8Array[]): void {
    if (this.#erased.length === 0) {
      this.#compactAtMs = this.#context.clock.nowMs() + erasureCompactionMs;
    }
    // Copies: they wait, and each shares its memory with rows that do not.
    this.#erased.push(...rowKeys.map((rowKey) => new Uint8Array(rowKey)));
  }

  #isDue(): boolean {
    if (this.#erased.length >= erasedRowsMax) return true;
    return this.#erased.length > 0 && this.#context.clock.nowMs() >= this.#compactAtMs;
  }

  async #compact(): Promise<void> {
    const erased = this.#erased;
    this.#erased = [];
    for (const rowKey of erased) {
      // Databases note the bounds of what they rewrite: a few bytes tell nobody's number.
      const first = rowKey.subarray(0, compactedPrefixBytes);
      const last = Buffer.concat([first, Buffer.alloc(rowKey.length, 0xff)]);
      await this.#context.view.store.compact(first, last);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#sweeping;
    if (this.#context.writer.failure === undefined) await this.#compact();
  }
}
