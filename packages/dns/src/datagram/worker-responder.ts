/** What both kinds of worker do around a responder: load it, and keep its failures from the loop. */
import assert from 'node:assert/strict';
import type { ClientAddress, CreateWorkerResponder, WorkerResponder } from './datagram-engine.ts';
import type { OrdersSeat } from './worker-orders.ts';
import type { WorkerCounts } from './worker-counts.ts';

/** What every worker is given in `workerData`. */
export interface WorkerSeat {
  readonly responderModule: string;
  readonly responderData: unknown;
  /** Of the worker's socket, where the engine knows it. */
  readonly descriptor?: number;
  readonly orders: OrdersSeat;
  readonly counts: SharedArrayBuffer;
  readonly queryBytesMax: number;
  readonly answerBytesMax: number;
}

/** Sent to the engine when the worker can answer. */
export const workerReady = 'ready';

/** Imports the responder's module and makes the responder; throws what either throws. */
export async function loadResponder(seat: WorkerSeat): Promise<WorkerResponder> {
  const exported = (await import(seat.responderModule)) as Readonly<Record<string, unknown>>;
  const create = exported['createWorkerResponder'];
  assert(typeof create === 'function', 'responder module exports no createWorkerResponder');
  const { descriptor } = seat;
  return await (create as CreateWorkerResponder)(seat.responderData, { descriptor });
}

/** A responder that cannot stop the loop it runs in. */
export class GuardedResponder {
  private readonly responder: WorkerResponder;
  private readonly counts: WorkerCounts;

  constructor(responder: WorkerResponder, counts: WorkerCounts) {
    this.responder = responder;
    this.counts = counts;
  }

  /** Returns the size of an answer that lies in `out`, or 0. A query that fails goes unanswered. */
  respondInto(query: Uint8Array, out: Uint8Array, client: ClientAddress): number {
    try {
      const size = this.responder.respondInto(query, out, client);
      if (size >= 0 && size <= out.length && Number.isInteger(size)) return size;
    } catch {
      // Counted below. The query that provokes it may come again and again; a thread that ended
      // each time would be a cheap way to silence us.
    }
    this.counts.add('responderFailures', 1);
    return 0;
  }

  takeNotice(notice: unknown): void {
    this.responder.takeNotice?.(notice);
  }

  async close(): Promise<void> {
    await this.responder.close?.();
  }
}
