/** Plays many seeds, one worker thread for each core, until one breaks an invariant or all are done. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { SeedRequest, SeedResult } from './seed-worker.ts';

export interface SeedRun {
  readonly seeds: Iterable<number>;
  readonly memberCount?: number;
  /** Hears of each seed that is done, in the order in which they are. */
  readonly onResult?: (result: SeedResult) => void;
}

/** Returns the first result with a violation, or undefined when all invariants held. */
export async function runSeeds(run: SeedRun): Promise<SeedResult | undefined> {
  const seeds = run.seeds[Symbol.iterator]();
  const found: { result?: SeedResult } = {};
  const workers = Array.from(
    { length: availableParallelism() },
    () => new Worker(new URL('./seed-worker.ts', import.meta.url)),
  );
  try {
    await Promise.all(workers.map((worker) => keepBusy(worker, { run, seeds, found })));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  return found.result;
}

interface Shared {
  readonly run: SeedRun;
  readonly seeds: Iterator<number>;
  readonly found: { result?: SeedResult };
}

function keepBusy(worker: Worker, { run, seeds, found }: Shared): Promise<void> {
  return new Promise((resolve, reject) => {
    const next = (): void => {
      const { done, value } = seeds.next();
      if (done === true || found.result !== undefined) return resolve();
      const { memberCount } = run;
      const request: SeedRequest = {
        seed: value,
        ...(memberCount !== undefined && { memberCount }),
      };
      worker.postMessage(request, []);
    };
    worker.on('error', reject);
    worker.on('message', (result: SeedResult) => {
      run.onResult?.(result);
      if (result.violation !== undefined) found.result ??= result;
      next();
    });
    next();
  });
}

/** Seeds from `first` on. */
export function* seedsFrom(first: number, count: number): Generator<number> {
  for (let seed = first; seed < first + count; seed++) yield seed;
}
