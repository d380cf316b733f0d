/**
 * Looks at the shared database as long as a front end runs: at every hint, and every so often without one.
 * What it comes to goes to all threads at once, and to the log when it is something else than before.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { SharedStore, SharedView } from '@callbook/replication/shared-database';
import type { Logger } from 'pino';
import type { FrontFreshness } from './front-freshness.ts';

export interface ViewPolling extends AsyncDisposable {
  /** Resolves when the member has said what it serves, and answers may be given; rejects on `signal`. */
  described(signal: AbortSignal): Promise<void>;
}

const pollMsDefault = 250;
const describedPollMs = 50;

/** Polls until disposed of. */
export function followSharedView(parts: {
  readonly view: SharedView;
  readonly freshness: FrontFreshness;
  readonly shared: SharedStore;
  readonly log: Logger;
  readonly pollMs: number | undefined;
}): ViewPolling {
  const { view, freshness, shared, log, pollMs = pollMsDefault } = parts;
  const stop = new AbortController();
  let wake = new AbortController();
  const hints = shared.onHint(() => wake.abort());
  let told: string | undefined = 'nothing';
  const tell = (): void => {
    const { code } = view;
    if (code === told) return;
    told = code;
    const stalenessMs = Math.round(view.stalenessMs);
    if (code === undefined) log.info({ stalenessMs }, 'shared_database_followed');
    else log.error({ code, answers: freshness.isFresh() }, 'shared_database_troubled');
  };
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      wake = new AbortController();
      await view.poll();
      freshness.set(view.freshUntilMs, view.seen);
      tell();
      await sleep(pollMs, undefined, { signal: wake.signal }).catch(() => undefined);
    }
  };
  const running = run();
  return {
    described: async (signal) => {
      while (view.description === undefined || !freshness.isFresh()) {
        await sleep(describedPollMs, undefined, { signal });
      }
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      wake.abort();
      freshness.set(Number.NEGATIVE_INFINITY, view.seen);
      await running;
      await hints[Symbol.asyncDispose]();
    },
  };
}
