/**
 * Threads that verify, one for each core: orders go to the one that has the fewest, and each answers
 * in turn. A thread that fails ends the audit: what it held may be what made it fail.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { auditorError } from '../errors.ts';
import { ordersPerThread, threadsMax } from '../limits.ts';
import type { BundleOrder, BundleResult } from './bundle-order.ts';

export class VerifierPool implements AsyncDisposable {
  readonly #threads: readonly VerifierThread[];

  /** `charterNotes` are a chain that has been verified. */
  constructor(charterNotes: readonly string[], threads: number = availableParallelism()) {
    const count = Math.max(1, Math.min(threads, threadsMax));
    this.#threads = Array.from({ length: count }, () => new VerifierThread(charterNotes));
  }

  /** Orders that may be under way at once. */
  get ordersMax(): number {
    return this.#threads.length * ordersPerThread;
  }

  read(order: BundleOrder): Promise<BundleResult> {
    return this.#threads.reduce((a, b) => (b.waiting < a.waiting ? b : a)).read(order);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.stop()));
  }
}

class VerifierThread {
  readonly #worker: Worker;
  readonly #waiting: PromiseWithResolvers<BundleResult>[] = [];
  #failure: Error | undefined;

  constructor(charterNotes: readonly string[]) {
    // Threads make much short-lived garbage; a larger young generation would only be memory.
    const resourceLimits = { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 64 };
    this.#worker = new Worker(workerUrl(), {
      name: 'verifier',
      workerData: charterNotes,
      resourceLimits,
    });
    this.#worker.unref();
    this.#worker.on('message', (result: BundleResult) => {
      this.#waiting.shift()?.resolve(result);
      if (this.#waiting.length === 0) this.#worker.unref();
    });
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(undefined));
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  async read(order: BundleOrder): Promise<BundleResult> {
    if (this.#failure !== undefined) throw this.#failure;
    const answer = Promise.withResolvers<BundleResult>();
    this.#waiting.push(answer);
    this.#worker.ref();
    this.#worker.postMessage(order, []);
    return await answer.promise;
  }

  #fail(cause: unknown): void {
    this.#failure ??= auditorError('audit_worker_failed', 'a thread has ended', { cause });
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}

/** Built files end in `.js`, and references in strings are not rewritten by the build. */
function workerUrl(): URL {
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  return new URL(`./verifier-worker${extension}`, import.meta.url);
}
