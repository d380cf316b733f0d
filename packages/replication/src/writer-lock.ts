/**
 * One writer at a time, in the order of arrival: each write reads the rows that the one before it
 * wrote. A write that fails does not stop those behind it; whether they may go on is their business.
 */
export class WriterLock {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `write` when all writes before it have ended. */
  run<T>(write: () => Promise<T>): Promise<T> {
    const result = this.#last.then(write);
    this.#last = result.catch(() => undefined);
    return result;
  }
}
