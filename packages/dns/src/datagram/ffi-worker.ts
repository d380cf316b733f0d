/** Thread of the fast engine: makes its responder and stays in the loop until it is to stop. */
import assert from 'node:assert/strict';
import { parentPort, workerData } from 'node:worker_threads';
import { DatagramLoop } from './datagram-loop.ts';
import type { LoopSeat } from './datagram-loop.ts';
import { openLibc } from './libc.ts';
import { WorkerCounts } from './worker-counts.ts';
import { OrdersInbox } from './worker-orders.ts';
import { GuardedResponder, loadResponder, workerReady } from './worker-responder.ts';
import type { WorkerSeat } from './worker-responder.ts';

const seat = workerData as LoopSeat & WorkerSeat;
const libc = openLibc();
assert(libc !== undefined, 'no C library to call');
const responder = new GuardedResponder(await loadResponder(seat), new WorkerCounts(seat.counts));
const loop = new DatagramLoop(seat, libc, responder);
parentPort!.postMessage(workerReady, []);
loop.run(new OrdersInbox(seat.orders));
await responder.close();
