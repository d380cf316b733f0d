/** Threads of one process share V8's flags, and may wash themselves at the same moment. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';

const threads = 8;
const rounds = 4;

it('washes all threads that begin at once', async () => {
  for (let round = 0; round < rounds; round += 1) {
    const barrier = new Int32Array(new SharedArrayBuffer(4));
    const workers = Array.from(
      { length: threads },
      () => new Worker(new URL('wash-racer.ts', import.meta.url), { workerData: barrier }),
    );
    await Promise.all(workers.map(async (worker) => await once(worker, 'message')));
    const washed = Promise.all(workers.map(async (worker) => await once(worker, 'message')));
    const ended = Promise.all(workers.map(async (worker) => await once(worker, 'exit')));
    Atomics.store(barrier, 0, 1);
    Atomics.notify(barrier, 0);
    expect((await washed).flat()).toEqual(Array.from({ length: threads }, () => 'washed'));
    await ended;
  }
});
