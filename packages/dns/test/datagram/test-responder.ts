/**
 * Responder of the acceptance suite. The first octet of a query says what to do; what is not an order is
 * answered with: thread, notices so far, the responder's data, the client's port, its address, the query.
 */
import { threadId } from 'node:worker_threads';
import type { ClientAddress, WorkerResponder } from '../../src/datagram/datagram-engine.ts';

export const queryOrders = {
  stayQuiet: 0xf0,
  exitThread: 0xf1,
  throwError: 0xf2,
  returnTooMuch: 0xf3,
  loopForEver: 0xf4,
} as const;

export const echoHeadBytes = 6;

export function createWorkerResponder(data: unknown): WorkerResponder {
  if (data === 'fail') throw new Error('made to fail');
  let notices = 0;
  return {
    respondInto(query, out, client) {
      switch (query[0]!) {
        case queryOrders.stayQuiet:
          return 0;
        case queryOrders.exitThread:
          return process.exit(3);
        case queryOrders.throwError:
          throw new Error('made to fail');
        case queryOrders.returnTooMuch:
          return out.length + 1;
        case queryOrders.loopForEver:
          for (;;) notices += 1;
        default:
          return writeEcho(out, query, { notices, data: Number(data), client });
      }
    },
    takeNotice(notice) {
      notices += Number(notice);
    },
  };
}

function writeEcho(
  out: Uint8Array,
  query: Uint8Array,
  told: { readonly notices: number; readonly data: number; readonly client: ClientAddress },
): number {
  const { octets, port } = told.client;
  const head = [threadId, told.notices, told.data, port >> 8, port & 0xff, octets.length];
  out.set(head);
  out.set(octets, echoHeadBytes);
  out.set(query, echoHeadBytes + octets.length);
  return echoHeadBytes + octets.length + query.length;
}
