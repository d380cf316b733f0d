import { expect, test } from 'vitest';
import { DatagramLoop } from '../../src/datagram/datagram-loop.ts';
import type { DatagramCalls } from '../../src/datagram/datagram-loop.ts';
import { errnos } from '../../src/datagram/libc.ts';
import { WorkerCounts } from '../../src/datagram/worker-counts.ts';
import { GuardedResponder } from '../../src/datagram/worker-responder.ts';

/** A call's result: a count, or the errno of a failure. */
type Outcome = number | keyof typeof errnos | 'ENOMEM';

const errnoNumbers: Readonly<Record<string, number>> = { ...errnos, ENOMEM: 12 };
const receiveHeaderBytes = 64;
const receivedBytesAt = 56;
const headersBytes = 2 * 64 * 64;
const vectorsBytes = 2 * 64 * 16;

/** Answers each query with its own octets, by system calls that do as the scripts say. */
function runLoop(script: { receive: Outcome[]; send: Outcome[] }): {
  readonly counts: WorkerCounts;
  /** For each call: the room it began at, and how many answers it was to send. */
  readonly sendCalls: readonly (readonly [room: number, count: number])[];
} {
  const counts = new WorkerCounts();
  const sendCalls: (readonly [number, number])[] = [];
  let memory = new ArrayBuffer(0);
  let errno = 0;
  const outcome = (result: Outcome): number => {
    if (typeof result === 'number') return result;
    errno = errnoNumbers[result]!;
    return -1;
  };
  const calls: DatagramCalls = {
    pointerOf: (ofBatch) => {
      memory = ofBatch;
      return 0n;
    },
    errno: () => errno,
    recvmmsg: () => {
      const received = outcome(script.receive.shift()!);
      for (let slot = 0; slot < received; slot += 1) {
        const header = new DataView(memory, slot * receiveHeaderBytes);
        header.setUint32(receivedBytesAt, 20, true);
        const socketAddress = new DataView(memory, headersBytes + vectorsBytes + slot * 32);
        socketAddress.setUint16(2, 1000 + slot);
      }
      return received;
    },
    sendmmsg: (_descriptor, pointer, count) => {
      sendCalls.push([(Number(pointer) - headersBytes / 2) / 64, count]);
      return outcome(script.send.shift()!);
    },
  };
  const responder = new GuardedResponder({ respondInto: (query) => query.length }, counts);
  const seat = { descriptor: 0, queryBytesMax: 512, answerBytesMax: 512, counts: counts.memory };
  const loop = new DatagramLoop(seat, calls, responder);
  loop.run({ take: () => script.receive.length === 0 });
  return { counts, sendCalls };
}

test('waits again after an interruption, the timeout, and a failure that may pass', () => {
  const receive: Outcome[] = ['EINTR', 'EAGAIN', 'ENOMEM', 'ENOBUFS', 2];
  const { counts } = runLoop({ receive, send: [2] });
  expect([counts.get('received'), counts.get('answered')]).toEqual([2, 2]);
});

test('ends when the socket is none', () => {
  expect(() => runLoop({ receive: ['EBADF', 1], send: [] })).toThrow('errno 9');
});

test('sends on what a call left, from where it stopped', () => {
  const { counts, sendCalls } = runLoop({ receive: [10], send: [4, 'EINTR', 5, 1] });
  expect(sendCalls).toEqual([
    [0, 10],
    [4, 6],
    [4, 6],
    [9, 1],
  ]);
  expect([counts.get('answered'), counts.get('sendFailures')]).toEqual([10, 0]);
});

test('loses only the answer that the kernel refuses', () => {
  const { counts, sendCalls } = runLoop({ receive: [5], send: [2, 'ENOBUFS', 'EINVAL', 1] });
  expect(sendCalls.at(-1)).toEqual([4, 1]);
  expect([counts.get('answered'), counts.get('sendFailures')]).toEqual([3, 2]);
});

test('gives up the rest of a batch when the socket stays full', () => {
  const { counts, sendCalls } = runLoop({ receive: [64, 1], send: [3, 'EAGAIN', 1] });
  expect(sendCalls.length).toBe(3);
  expect([counts.get('answered'), counts.get('sendFailures')]).toEqual([4, 61]);
});
