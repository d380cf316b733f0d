/**
 * Counters that a worker writes and the engine reads, in memory they share, so that asking for them
 * never waits for a worker. One writer each; a double is written whole on the 64-bit machines we
 * run on, so no Atomics. They outlive the worker that wrote them.
 */
import type { DatagramCounts } from './datagram-engine.ts';

const places = {
  received: 0,
  answered: 1,
  dropped: 2,
  sendFailures: 3,
  responderFailures: 4,
} as const;

export type WorkerCount = keyof typeof places;

export class WorkerCounts {
  readonly memory: SharedArrayBuffer;
  private readonly values: Float64Array<SharedArrayBuffer>;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(Object.keys(places).length * 8)) {
    this.memory = memory;
    this.values = new Float64Array(memory);
  }

  get(count: WorkerCount): number {
    return this.values[places[count]]!;
  }

  add(count: WorkerCount, more: number): void {
    this.values[places[count]]! += more;
  }
}

/** Adds up what the workers counted. */
export function sumCounts(
  workers: readonly WorkerCounts[],
  workerRestarts: number,
): DatagramCounts {
  const sum = (count: WorkerCount): number =>
    workers.reduce((total, counts) => total + counts.get(count), 0);
  return {
    received: sum('received'),
    answered: sum('answered'),
    dropped: sum('dropped'),
    sendFailures: sum('sendFailures'),
    responderFailures: sum('responderFailures'),
    workerRestarts,
  };
}
