/**
 * The workers of an engine: starts them, starts again what crashed, ends them. A crash pauses for
 * longer each time, so a worker that cannot live costs little; one that lived a while starts afresh
 * at the shortest pause. What a worker counted is kept.
 */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { dnsError } from '../errors.ts';
import type { DatagramCounts, DatagramEngineOptions } from './datagram-engine.ts';
import { datagramAnswerBytesMax, datagramQueryBytesMax } from './datagram-engine.ts';
import { sumCounts, WorkerCounts } from './worker-counts.ts';
import { OrdersSender } from './worker-orders.ts';
import { workerReady } from './worker-responder.ts';
import type { WorkerSeat } from './worker-responder.ts';

const restartPauseMsMin = 50;
const restartPauseMsMax = 5_000;
/** A worker that lived as long is not the one that crashed before. */
const steadyAfterMs = 10_000;
/** A worker that has not stopped by itself is terminated; an engine must stop within 1 s. */
const stopGraceMs = 500;

/**
 * What a worker makes for an answer is garbage after it: in a small young generation, whatever the
 * process's flags say, it stays in the processor's caches and costs no memory.
 */
const resourceLimits = { maxYoungGenerationSizeMb: 12 };

export interface WorkerCrewOptions {
  readonly engine: DatagramEngineOptions;
  /** Module of the loop, next to this file, without its extension. */
  readonly workerModule: string;
  /** What each worker gets beside its `WorkerSeat`: one element a worker. */
  readonly extras: readonly Readonly<Record<string, unknown>>[];
}

export class WorkerCrew {
  private readonly members: readonly CrewMember[];

  private constructor(members: readonly CrewMember[]) {
    this.members = members;
  }

  /** Resolves when all answer. Code: `dns_datagram_worker_failed`; none runs then. */
  static async start(options: WorkerCrewOptions): Promise<WorkerCrew> {
    const members = options.extras.map(
      (_extra, workerIndex) => new CrewMember(workerIndex, options),
    );
    const crew = new WorkerCrew(members);
    const started = await Promise.allSettled(members.map(async (member) => await member.start()));
    const failure = started.find((outcome) => outcome.status === 'rejected');
    if (failure === undefined) return crew;
    await crew.stop();
    throw dnsError('dns_datagram_worker_failed', 'a worker ended before it could answer', {
      cause: failure.reason,
    });
  }

  notify(notice: unknown): void {
    for (const member of this.members) member.notify(notice);
  }

  counts(): DatagramCounts {
    return sumCounts(
      this.members.map(({ counts }) => counts),
      this.members.reduce((sum, { restartCount }) => sum + restartCount, 0),
    );
  }

  async stop(): Promise<void> {
    await Promise.all(this.members.map(async (member) => await member.stop()));
  }
}

/** One seat of the crew, whoever of its successive workers sits in it. */
class CrewMember {
  readonly counts = new WorkerCounts();
  restartCount = 0;
  private readonly workerIndex: number;
  private readonly options: WorkerCrewOptions;
  private readonly stopping = new AbortController();
  private running: { readonly worker: Worker; readonly orders: OrdersSender } | undefined;
  private startedAtMs = 0;
  private crashCount = 0;

  constructor(workerIndex: number, options: WorkerCrewOptions) {
    this.workerIndex = workerIndex;
    this.options = options;
  }

  /** Resolves when the worker answers; rejects with what ended it before. */
  async start(): Promise<void> {
    const orders = new OrdersSender();
    const worker = new Worker(workerUrl(this.options.workerModule), {
      workerData: this.seat(orders),
      transferList: [orders.seat.port],
      name: `datagram-${this.workerIndex}`,
      resourceLimits,
    });
    this.running = { worker, orders };
    this.startedAtMs = performance.now();
    const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
    let isReady = false;
    let cause: unknown;
    worker.on('message', (message) => {
      isReady ||= message === workerReady;
      if (isReady) resolve();
    });
    worker.on('error', (error) => (cause = error));
    worker.on('exit', (exitCode) => {
      orders.close();
      this.running = undefined;
      cause ??= new Error(`worker exited with ${exitCode}`);
      reject(cause);
      // The first start is its caller's to try again; a start after a crash is `restart`'s.
      if (isReady && !this.stopping.signal.aborted) void this.restart(cause);
    });
    await ready;
  }

  notify(notice: unknown): void {
    this.running?.orders.send({ kind: 'notice', notice });
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    if (this.running === undefined) return;
    const { worker, orders } = this.running;
    const exited = once(worker, 'exit');
    orders.send({ kind: 'stop' });
    const grace = setTimeout(() => void worker.terminate(), stopGraceMs);
    await exited;
    clearTimeout(grace);
  }

  private async restart(firstCause: unknown): Promise<void> {
    if (performance.now() - this.startedAtMs > steadyAfterMs) this.crashCount = 0;
    for (let cause = firstCause; ;) {
      this.crashCount += 1;
      const pauseMs = Math.min(restartPauseMsMax, restartPauseMsMin * 2 ** (this.crashCount - 1));
      const { workerIndex, crashCount } = this;
      this.options.engine.onWorkerCrash?.({ workerIndex, crashCount, pauseMs, cause });
      const { signal } = this.stopping;
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      this.restartCount += 1;
      try {
        return await this.start();
      } catch (error) {
        if (signal.aborted) return;
        cause = error;
      }
    }
  }

  private seat(orders: OrdersSender): WorkerSeat {
    const { engine, extras } = this.options;
    return {
      ...extras[this.workerIndex],
      responderModule: engine.responderModule.href,
      responderData: engine.responderData(this.workerIndex),
      orders: orders.seat,
      counts: this.counts.memory,
      queryBytesMax: engine.queryBytesMax ?? datagramQueryBytesMax,
      answerBytesMax: engine.answerBytesMax ?? datagramAnswerBytesMax,
    };
  }
}

/** Built files end in `.js`, and references in strings are not rewritten by the build. */
function workerUrl(workerModule: string): URL {
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  return new URL(`./${workerModule}${extension}`, import.meta.url);
}
