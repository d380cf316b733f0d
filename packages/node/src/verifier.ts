/**
 * Verifies leaves in threads of their own while a member catches up: one fewer than there are cores,
 * because the thread that folds keeps one busy. Threads start with the first leaves and end when there
 * have been none for a while. A thread that fails fails what it was given, which is then verified by
 * the caller, and a new one is started only after a pause.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { LeafVerdicts, LeafVerifier } from '@callbook/replication';

/** Bytes of leaves that may wait for one thread: some six pages. */
const waitingBytesMax = 2 * 1024 * 1024;
const threadsMax = 4;
const idleMs = 10_000;
const restartPauseMs = 5_000;

export interface VerifierOptions {
  /** Threads; none on a machine with one core. */
  readonly threads?: number;
  /** What each thread runs. */
  readonly workerUrl?: URL;
}

/** A stretch of leaves as it goes to a thread; the memory of the leaves goes with it. */
export interface VerifierOrder {
  /** The leaves, one after the other. */
  readonly bytes: Uint8Array;
  /** Where each ends. */
  readonly ends: Uint32Array;
  /** Of the `LeafVerdicts`. */
  readonly shared: SharedArrayBuffer;
}

/** Gives a verifier, or undefined where there is no core for it. */
export function startVerifier(options: VerifierOptions = {}): ThreadVerifier | undefined {
  const threads = options.threads ?? Math.min(threadsMax, availableParallelism() - 1);
  return threads < 1 ? undefined : new ThreadVerifier(threads, options.workerUrl ?? ownWorkerUrl());
}

export class ThreadVerifier implements LeafVerifier, AsyncDisposable {
  readonly #threads: readonly VerifierThread[];

  constructor(threads: number, workerUrl: URL) {
    this.#threads = Array.from({ length: threads }, () => new VerifierThread(workerUrl));
  }

  async verify(leaves: readonly Uint8Array[], verdicts: LeafVerdicts): Promise<void> {
    const free = this.#threads.reduce((a, b) => (b.waitingBytes < a.waitingBytes ? b : a));
    await free.verify(orderOf(leaves, verdicts));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.stop()));
  }
}

/** One seat for a thread, whoever sits in it. */
class VerifierThread {
  readonly #workerUrl: URL;
  #worker: Worker | undefined;
  /** Answers come in the order of the orders. */
  #waiting: { readonly size: number; readonly answer: PromiseWithResolvers<void> }[] = [];
  #waitingBytes = 0;
  #idle: NodeJS.Timeout | undefined;
  #restartAt = 0;
  #stopped = false;

  constructor(workerUrl: URL) {
    this.#workerUrl = workerUrl;
  }

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  async verify(order: VerifierOrder): Promise<void> {
    const { bytes, ends } = order;
    const size = bytes.length;
    if (this.#waitingBytes + size > waitingBytesMax) throw new Error('the verifier is busy');
    const worker = this.#running();
    if (worker === undefined) throw new Error('the verifier is not running');
    clearTimeout(this.#idle);
    const answer = Promise.withResolvers<void>();
    this.#waiting.push({ size, answer });
    this.#waitingBytes += size;
    worker.postMessage(order, [bytes.buffer as ArrayBuffer, ends.buffer as ArrayBuffer]);
    await answer.promise;
  }

  #running(): Worker | undefined {
    if (this.#stopped || performance.now() < this.#restartAt) return undefined;
    return (this.#worker ??= this.#start());
  }

  #start(): Worker {
    // It makes little garbage; the daemon's large young generation would only be memory.
    const resourceLimits = { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 64 };
    const worker = new Worker(this.#workerUrl, { name: 'verifier', resourceLimits });
    worker.unref();
    worker.on('message', () => this.#answered(worker));
    // An error is followed by the exit, which tells all who wait.
    worker.on('error', () => (this.#restartAt = performance.now() + restartPauseMs));
    worker.on('exit', () => this.#ended(worker));
    return worker;
  }

  #answered(worker: Worker): void {
    const done = worker === this.#worker ? this.#waiting.shift() : undefined;
    if (done === undefined) return;
    this.#waitingBytes -= done.size;
    done.answer.resolve();
    if (this.#waiting.length > 0) return;
    this.#idle = setTimeout(() => void this.#end(), idleMs);
    this.#idle.unref();
  }

  #ended(worker: Worker): void {
    if (worker !== this.#worker) return;
    this.#worker = undefined;
    this.#waitingBytes = 0;
    for (const { answer } of this.#waiting.splice(0)) {
      answer.reject(new Error('the verifier has ended'));
    }
  }

  async #end(): Promise<void> {
    clearTimeout(this.#idle);
    const worker = this.#worker;
    if (worker === undefined) return;
    this.#ended(worker);
    await worker.terminate();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#end();
  }
}

function orderOf(leaves: readonly Uint8Array[], { shared }: LeafVerdicts): VerifierOrder {
  const ends = new Uint32Array(leaves.length);
  let size = 0;
  for (const [place, leaf] of leaves.entries()) ends[place] = size += leaf.length;
  const bytes = new Uint8Array(size);
  for (const [place, leaf] of leaves.entries()) bytes.set(leaf, ends[place]! - leaf.length);
  return { bytes, ends, shared };
}

/** Built files end in `.js`, and references in strings are not rewritten by the build. */
function ownWorkerUrl(): URL {
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  return new URL(`./verifier-worker${extension}`, import.meta.url);
}
