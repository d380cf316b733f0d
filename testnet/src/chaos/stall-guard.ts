/**
 * Ends a run whose own process hangs or takes too much memory, with what it was doing: nothing else would, and a
 * machine that has run out of memory says nothing.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

export interface StallBounds {
  /** Without a turn of the event loop. */
  readonly silentMsMax: number;
  readonly residentBytesMax: number;
}

const beatEveryMs = 500;
const boundsDefault: StallBounds = { silentMsMax: 60_000, residentBytesMax: 2 ** 31 };

/** Watches this process from when it resolves until it ends. */
export async function guardAgainstStalls(bounds: StallBounds = boundsDefault): Promise<void> {
  const beats = new Int32Array(new SharedArrayBuffer(4));
  setInterval(() => Atomics.add(beats, 0, 1), beatEveryMs).unref();
  const options = { workerData: { beats, bounds }, execArgv: [] };
  const watcher = new Worker(new URL('stall-worker.ts', import.meta.url), options);
  await once(watcher, 'message');
  watcher.unref();
}
