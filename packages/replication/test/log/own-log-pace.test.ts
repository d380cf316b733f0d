/** How long the own log waits between checkpoints, on a scheduler that only notes what it is asked for. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { LogBatch } from '../../src/batch/log-batch.ts';
import type { Replica } from '../../src/replica.ts';
import type { Scheduler } from '../../src/scheduler.ts';
import { foundFederation, openReplica, TestClock } from '../support/federation.ts';
import { Holder, submissionOf } from '../support/holder.ts';

let replica: Replica;
let clock: TestClock;
let batches: LogBatch[];
/** Delays that the log has asked for: those of other parts are longer. */
let delaysMs: number[];

/** Waits that end when the test says so, or when they are aborted. */
function notingScheduler(): Scheduler & { endAll: () => void } {
  const open = new Set<() => void>();
  return {
    delay: (delayMs, signal) => {
      if (delayMs <= 100) delaysMs.push(delayMs);
      const { promise, resolve } = Promise.withResolvers<void>();
      open.add(resolve);
      signal?.addEventListener('abort', () => resolve());
      return promise;
    },
    yield: () => new Promise((resolve) => setImmediate(resolve)),
    endAll: () => open.forEach((end) => end()),
  };
}

let scheduler: ReturnType<typeof notingScheduler>;

beforeEach(async () => {
  delaysMs = [];
  batches = [];
  clock = new TestClock();
  scheduler = notingScheduler();
  replica = await openReplica(await foundFederation(), 'alpha', { clock, scheduler });
  replica.onAppend((batch) => batches.push(batch));
});

afterEach(async () => {
  const ending = setInterval(() => scheduler.endAll(), 1);
  await replica[Symbol.asyncDispose]();
  clearInterval(ending);
});

function logSome(count: number, from: number): Promise<unknown>[] {
  return Array.from({ length: count }, async (_, n) => {
    const holder = new Holder(`tel:+${4915100000000 + from + n}`);
    return await replica.log(submissionOf(await holder.register(), 'challenged'));
  });
}

/** Lets everything run that does not wait for the scheduler. */
async function untilLogged(count: number): Promise<void> {
  const logged = (): number => batches.reduce((sum, { leaves }) => sum + leaves.length, 0);
  await expect.poll(logged).toBe(count);
}

describe('the own log', () => {
  it('logs the first entry at once, and those that come in the pause together', async () => {
    await Promise.all(logSome(1, 0));
    expect(batches).toHaveLength(1);
    const waiting = logSome(20, 1);
    await expect.poll(() => delaysMs).toEqual([25]);
    scheduler.endAll();
    await expect.poll(() => delaysMs).toEqual([25, 25]);
    expect(batches).toHaveLength(1);
    scheduler.endAll();
    await Promise.all(waiting);
    expect(batches.map(({ leaves }) => leaves.length)).toEqual([1, 20]);
  });

  it('waits longer while another log grows', async () => {
    replica.pace.grown('another log');
    await Promise.all(logSome(1, 0));
    scheduler.endAll();
    await expect.poll(() => delaysMs).toEqual([25, 75]);
  });

  it('waits no longer than 25 ms when a full batch waits', async () => {
    await Promise.all(logSome(1, 0));
    scheduler.endAll();
    await expect.poll(() => delaysMs).toEqual([25, 25]);
    const waiting = logSome(256, 1);
    await untilLogged(257);
    await Promise.all(waiting);
    expect(batches.map(({ leaves }) => leaves.length)).toEqual([1, 256]);
  });
});
