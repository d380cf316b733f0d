/**
 * Counts round trips as a phone far away would feel them: every request takes as long as any other, so
 * those that do not wait for each other run together, and what is counted is the longest chain.
 */
import type { Fetch } from '@callbook/client';

/** Longer than a loaded machine needs to send what it sends at once. */
const delayMs = 250;

export class RoundTrips {
  /** Requests that were sent. */
  requests = 0;
  /** The longest chain of requests of which each began after the one before had ended. */
  count = 0;
  #ended = 0;

  /** The same fetch over a long way. */
  over(fetch: Fetch): Fetch {
    return async (url, init) => {
      this.requests += 1;
      const depth = this.#ended + 1;
      this.count = Math.max(this.count, depth);
      const [response] = await Promise.all([
        fetch(url, init),
        new Promise((resolve) => setTimeout(resolve, delayMs)),
      ]);
      this.#ended = Math.max(this.#ended, depth);
      return response;
    };
  }
}
