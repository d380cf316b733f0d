/**
 * The loop of a worker that does nothing but answer: takes up to 64 datagrams, answers each in place,
 * sends the answers, looks for orders, and again. It blocks in `recvmmsg`; the socket's timeout wakes it
 * for orders while nothing comes.
 */
import assert from 'node:assert/strict';
import { batchDatagramsMax, DatagramBatch } from './datagram-batch.ts';
import { errnos } from './libc.ts';
import type { Libc } from './libc.ts';
import { WorkerCounts } from './worker-counts.ts';
import type { OrdersInbox } from './worker-orders.ts';
import type { GuardedResponder, WorkerSeat } from './worker-responder.ts';

/** recvmmsg(2): "turns on MSG_DONTWAIT after the first message has been received". */
const MSG_WAITFORONE = 0x10000;
const noTimeout = 0n;
/** After a failure that may pass, such as no memory, so that it does not cost a whole core. */
const failurePauseMs = 1;
/** These mean that the socket or our memory is not what we think. */
const fatalErrnos: readonly number[] = [
  errnos.EBADF,
  errnos.ENOTSOCK,
  errnos.EFAULT,
  errnos.EINVAL,
];

/** What the loop needs of its worker's seat. */
export interface LoopSeat extends Pick<WorkerSeat, 'counts' | 'queryBytesMax' | 'answerBytesMax'> {
  /** A bound UDP socket with timeouts; the engine's, which closes it. */
  readonly descriptor: number;
}

/** The calls that the loop makes. */
export type DatagramCalls = Pick<Libc, 'recvmmsg' | 'sendmmsg' | 'errno' | 'pointerOf'>;

export class DatagramLoop {
  private readonly libc: DatagramCalls;
  private readonly descriptor: number;
  private readonly responder: GuardedResponder;
  private readonly batch: DatagramBatch;
  private readonly counts: WorkerCounts;
  private readonly pauseMemory = new Int32Array(new SharedArrayBuffer(4));

  constructor(seat: LoopSeat, libc: DatagramCalls, responder: GuardedResponder) {
    this.libc = libc;
    this.descriptor = seat.descriptor;
    this.responder = responder;
    this.batch = new DatagramBatch(seat, libc.pointerOf);
    this.counts = new WorkerCounts(seat.counts);
  }

  /** Returns when it is ordered to stop. */
  run(orders: Pick<OrdersInbox, 'take'>): void {
    const takeNotice = (notice: unknown): void => this.responder.takeNotice(notice);
    while (!orders.take(takeNotice)) {
      const received = this.receive();
      if (received === 0) continue;
      this.send(this.answer(received));
      this.batch.forget(received);
    }
  }

  /** Returns how many datagrams lie in the batch; 0 after the timeout or a failure that may pass. */
  private receive(): number {
    const { libc, descriptor, batch } = this;
    const pointer = batch.receivePointer;
    const received = libc.recvmmsg(
      descriptor,
      pointer,
      batchDatagramsMax,
      MSG_WAITFORONE,
      noTimeout,
    );
    if (received >= 0) return received;
    const errno = libc.errno();
    if (errno === errnos.EAGAIN || errno === errnos.EINTR) return 0;
    assert(!fatalErrnos.includes(errno), `recvmmsg failed with errno ${errno}`);
    Atomics.wait(this.pauseMemory, 0, 0, failurePauseMs);
    return 0;
  }

  /** Returns how many answers there are to send. */
  private answer(received: number): number {
    const { batch, counts, responder } = this;
    let answered = 0;
    let dropped = 0;
    for (let slot = 0; slot < received; slot += 1) {
      const query = batch.query(slot);
      if (query === undefined) {
        dropped += 1;
        continue;
      }
      const room = batch.answerRooms[answered]!;
      const sizeBytes = responder.respondInto(query, room, batch.client(slot));
      if (sizeBytes === 0) continue;
      batch.address(answered, sizeBytes, slot);
      answered += 1;
    }
    counts.add('received', received);
    counts.add('dropped', dropped);
    return answered;
  }

  /** Sends what it can. An answer that cannot be sent is lost, as any datagram may be. */
  private send(answers: number): void {
    let room = 0;
    let lost = 0;
    while (room < answers) {
      const sent = this.libc.sendmmsg(
        this.descriptor,
        this.batch.sendPointer(room),
        answers - room,
        0,
      );
      if (sent > 0) {
        room += sent;
        continue;
      }
      const errno = this.libc.errno();
      if (errno === errnos.EINTR) continue;
      // sendmmsg(2) reports an error only for the first message: the others may go. Not after
      // EAGAIN, which is the timeout: each would wait as long again.
      const lostNow = errno === errnos.EAGAIN ? answers - room : 1;
      room += lostNow;
      lost += lostNow;
    }
    this.counts.add('answered', answers - lost);
    this.counts.add('sendFailures', lost);
  }
}
