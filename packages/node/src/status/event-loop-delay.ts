/**
 * How late this thread does what is due: the delay of Node's event loop, minute by minute, so that
 * two who read see the same and neither starts the count again for the other.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';

export interface LoopDelay {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** A timer this often, without JavaScript: its lateness is what is counted. */
const resolutionMs = 20;
const windowMsDefault = 60_000;

export class EventLoopDelay implements Disposable {
  readonly #histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  readonly #timer: NodeJS.Timeout;
  #whole: LoopDelay | undefined;

  constructor(windowMs: number = windowMsDefault) {
    this.#histogram.enable();
    this.#timer = setInterval(() => {
      this.#whole = this.#current();
      this.#histogram.reset();
    }, windowMs).unref();
  }

  /** Of the last whole minute; of the time since the start before there was one. */
  latest(): LoopDelay {
    return this.#whole ?? this.#current();
  }

  #current(): LoopDelay {
    const histogram = this.#histogram;
    if (histogram.count === 0) return { p50Ms: 0, p99Ms: 0, maxMs: 0 };
    return {
      p50Ms: lateMs(histogram.percentile(50)),
      p99Ms: lateMs(histogram.percentile(99)),
      maxMs: lateMs(histogram.max),
    };
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#histogram.disable();
  }
}

/** What is measured is from one tick to the next. */
function lateMs(betweenTicksNs: number): number {
  return Math.max(0, Math.round(betweenTicksNs / 1e6 - resolutionMs));
}
