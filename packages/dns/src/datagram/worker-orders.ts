/**
 * Orders from an engine to one of its workers: notices for the responder, and the order to stop. A
 * worker in a blocking loop has no event loop that would bring it messages. It looks at a shared
 * count between batches, one load, and takes messages from the port only when the count has moved.
 */
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';

export type WorkerOrder =
  { readonly kind: 'notice'; readonly notice: unknown } | { readonly kind: 'stop' };

/** The worker's end, as it travels in `workerData`; `port` must be in the transfer list. */
export interface OrdersSeat {
  readonly port: MessagePort;
  readonly count: SharedArrayBuffer;
}

/** The engine's end. */
export class OrdersSender {
  readonly seat: OrdersSeat;
  private readonly port: MessagePort;
  private readonly count: Int32Array<SharedArrayBuffer>;

  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.count = new Int32Array(new SharedArrayBuffer(4));
    this.seat = { port: port2, count: this.count.buffer };
    this.port = port1;
    this.port.unref();
  }

  send(order: WorkerOrder): void {
    this.port.postMessage(order, []);
    // After the message: whoever sees the new count finds the message that raised it.
    Atomics.add(this.count, 0, 1);
  }

  close(): void {
    this.port.close();
  }
}

/** The worker's end, for a thread that never returns to its event loop. */
export class OrdersInbox {
  private readonly port: MessagePort;
  private readonly count: Int32Array<SharedArrayBuffer>;
  private seenCount = 0;

  constructor(seat: OrdersSeat) {
    this.port = seat.port;
    this.count = new Int32Array(seat.count);
  }

  /** Gives notices to `takeNotice`; returns whether the order to stop was among what came. */
  take(takeNotice: (notice: unknown) => void): boolean {
    const count = Atomics.load(this.count, 0);
    if (count === this.seenCount) return false;
    this.seenCount = count;
    for (;;) {
      const received = receiveMessageOnPort(this.port);
      if (received === undefined) return false;
      const order: WorkerOrder = received.message;
      if (order.kind === 'stop') return true;
      takeNotice(order.notice);
    }
  }
}
