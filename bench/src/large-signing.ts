/** Makes the file of records, on all cores; what an earlier run has made of it is kept. */
import { open } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { Eta } from './large-eta.ts';
import { holderKeySets, recordBytes } from './large-records.ts';
import type { SigningOrder, Stretch } from './large-signing-worker.ts';

const stretchRecords = 2048;
/** Stretches that a thread has before it, so that it never waits. */
const ahead = 2;

export interface SigningOptions {
  readonly vrfSecretKey: Uint8Array;
  readonly count: number;
  readonly say: (line: string) => void;
}

/** Signs until the file has so many records, or more from before. */
export async function signRecords(path: string, options: SigningOptions): Promise<void> {
  const { vrfSecretKey, count, say } = options;
  await using file = await open(path, 'a');
  const { size } = await file.stat();
  const whole = Math.floor(size / recordBytes);
  // What a crash has left of a record is signed again.
  await file.truncate(whole * recordBytes);
  if (whole >= count) return;
  const workerData: SigningOrder = { vrfSecretKey, keySets: holderKeySets() };
  const threads = Array.from(
    { length: availableParallelism() },
    () => new Worker(new URL('large-signing-worker.ts', import.meta.url), { workerData }),
  );
  const eta = new Eta('signing', { from: whole, to: count }, say);
  try {
    const stretches = stretchesFrom(whole, count);
    const waiting: Promise<Uint8Array>[] = [];
    const give = (thread: Worker): void => {
      const next = stretches.next();
      if (next.done !== true) waiting.push(answerOf(thread, next.value));
    };
    for (let round = 0; round < ahead; round += 1) threads.forEach(give);
    // Threads are asked in turn, so the answers that come first are of the positions that come first.
    for (let place = 0; waiting.length > 0; place += 1) {
      const records = await waiting.shift()!;
      give(threads[place % threads.length]!);
      await file.appendFile(records);
      eta.add(records.length / recordBytes);
    }
  } finally {
    await Promise.all(threads.map(async (thread) => await thread.terminate()));
  }
}

function* stretchesFrom(first: number, end: number): Generator<Stretch> {
  for (let at = first; at < end; at += stretchRecords) {
    yield { first: at, count: Math.min(stretchRecords, end - at) };
  }
}

async function answerOf(thread: Worker, stretch: Stretch): Promise<Uint8Array> {
  const answer = Promise.withResolvers<Uint8Array>();
  const queue = answersOf(thread);
  queue.push(answer);
  thread.postMessage(stretch, []);
  return await answer.promise;
}

const queues = new WeakMap<Worker, PromiseWithResolvers<Uint8Array>[]>();

/** Who waits for the answers of a thread, which come in the order of the questions. */
function answersOf(thread: Worker): PromiseWithResolvers<Uint8Array>[] {
  const known = queues.get(thread);
  if (known !== undefined) return known;
  const queue: PromiseWithResolvers<Uint8Array>[] = [];
  queues.set(thread, queue);
  thread.on('message', (records: Uint8Array) => queue.shift()!.resolve(records));
  thread.on('error', (error) => {
    for (const { reject } of queue.splice(0)) reject(error);
  });
  return queue;
}
