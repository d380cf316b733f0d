/** A thread that washes itself as soon as the others do. */
import { parentPort, workerData } from 'node:worker_threads';
import { washThread } from '../../src/forgetting/wash-thread.ts';

const barrier = workerData as Int32Array<SharedArrayBuffer>;
parentPort!.postMessage('ready', []);
Atomics.wait(barrier, 0, 0);
washThread();
parentPort!.postMessage('washed', []);
