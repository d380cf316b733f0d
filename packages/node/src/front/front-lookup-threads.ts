/** The threads that look up for a front end: started, started again when they crash, told what changes. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { SeenPosition } from '@callbook/replication/shared-database';
import type { FrontLookupData, LookupMessage } from './front-lookup-worker.ts';
import type { FrontNotice } from './front-worker.ts';

const restartPauseMs = 500;

export interface LookupThreadsOptions {
  /** For each thread; asked at each start. */
  readonly dataOf: readonly (() => FrontLookupData)[];
  /** A thread has read of a position that is later than those before. */
  readonly onSeen: (seen: SeenPosition) => void;
  readonly onCrash: (cause: unknown) => void;
}

export class LookupThreads implements AsyncDisposable {
  private readonly options: LookupThreadsOptions;
  private readonly workers: Worker[] = [];
  private readonly stopping = new AbortController();

  private constructor(options: LookupThreadsOptions) {
    this.options = options;
  }

  /** Resolves when all can look up; rejects with what ended one before. */
  static async start(options: LookupThreadsOptions): Promise<LookupThreads> {
    const threads = new LookupThreads(options);
    try {
      await Promise.all(options.dataOf.map(async (_data, index) => await threads.open(index)));
    } catch (cause) {
      await threads[Symbol.asyncDispose]();
      throw cause;
    }
    return threads;
  }

  tell(notice: FrontNotice): void {
    for (const worker of this.workers) worker.postMessage(notice, []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.workers.map(async (worker) => await worker.terminate()));
  }

  private async open(index: number): Promise<void> {
    const worker = new Worker(workerModule(), {
      workerData: this.options.dataOf[index]!(),
      name: `front-lookup-${index}`,
    });
    this.workers[index] = worker;
    worker.on('message', (message: LookupMessage) => {
      if (message.kind === 'seen') this.options.onSeen(message.seen);
    });
    let cause: unknown;
    worker.on('error', (error) => (cause = error));
    const exited = once(worker, 'exit').catch(() => undefined);
    const isReady = await Promise.race([
      once(worker, 'message').then(() => true),
      exited.then(() => false),
    ]);
    if (!isReady) throw cause ?? new Error('a look-up thread ended');
    void exited.then(async () => await this.reopen(index, cause));
  }

  private async reopen(index: number, cause: unknown): Promise<void> {
    const { signal } = this.stopping;
    for (let failure = cause; !signal.aborted;) {
      this.options.onCrash(failure);
      await sleep(restartPauseMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        return await this.open(index);
      } catch (error) {
        failure = error;
      }
    }
  }
}

/** Built files end in `.js`, and references in strings are not rewritten by the build. */
function workerModule(): URL {
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  return new URL(`./front-lookup-worker${extension}`, import.meta.url);
}
