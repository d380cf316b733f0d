/**
 * One connection of TCP (RFC 7766) or TLS (RFC 7858): any number of queries, answered in the order in
 * which they come. It ends when no whole query has come for the idle time, so a client that sends an
 * octet now and then holds nothing; it is not read from while its answers are not taken.
 */
import type { Socket } from 'node:net';
import type { LateResponder } from './responder.ts';
import { streamIdleMsMax } from './stream-limits.ts';
import { SocketClient } from './transport.ts';

/** RFC 7766 §8: "DNS messages … prefixed with a two-byte length field". */
const lengthBytes = 2;

export interface StreamService {
  readonly transport: 'tcp' | 'tls';
  readonly respond: LateResponder;
  /** Told of each whole query. */
  readonly onQuery: () => void;
}

/** Answers on a connection that is ready for queries, until either side ends it. */
export function serveConnection(connection: Socket, service: StreamService): void {
  const client = new SocketClient(connection.remoteAddress, connection.remotePort);
  let pending: Uint8Array = new Uint8Array(0);
  const idle = setTimeout(() => connection.destroy(), streamIdleMsMax);
  let isWaiting = false;
  const answer = (query: Uint8Array, response: Uint8Array | undefined): void => {
    // The octets are ours alone: a connection that stays open keeps nothing of what was asked on it.
    query.fill(0);
    if (response !== undefined) connection.write(framed(response));
  };
  const answerPending = (): void => {
    if (isWaiting) return;
    connection.cork();
    // Answers that nobody takes stop the reading of queries, so a connection holds little memory.
    while (!connection.writableNeedDrain && !isWaiting) {
      const query = firstQuery(pending);
      if (query === undefined) break;
      idle.refresh();
      service.onQuery();
      pending = pending.subarray(lengthBytes + query.length);
      const response = service.respond(query, service.transport, client);
      if (!(response instanceof Promise)) {
        answer(query, response);
        continue;
      }
      // One after the other, in the order in which they came; nothing more is read meanwhile.
      isWaiting = true;
      void response.then((late) => {
        isWaiting = false;
        if (connection.destroyed) return;
        answer(query, late);
        answerPending();
      });
    }
    connection.uncork();
    if (connection.writableNeedDrain || isWaiting) connection.pause();
    else connection.resume();
  };
  connection.on('close', () => clearTimeout(idle));
  // A reset by the peer ends in `close`; there is nothing else to do about it.
  connection.on('error', () => connection.destroy());
  connection.on('drain', answerPending);
  connection.on('data', (chunk: Buffer) => {
    pending = pending.length === 0 ? chunk : joined(pending, chunk);
    answerPending();
  });
}

/** Returns the first whole query; without one, fewer than 65 537 octets are pending. */
function firstQuery(octets: Uint8Array): Uint8Array | undefined {
  if (octets.length < lengthBytes) return undefined;
  const end = lengthBytes + ((octets[0]! << 8) | octets[1]!);
  return end > octets.length ? undefined : octets.subarray(lengthBytes, end);
}

function joined(left: Uint8Array, right: Uint8Array): Uint8Array {
  const octets = new Uint8Array(left.length + right.length);
  octets.set(left);
  octets.set(right, left.length);
  return octets;
}

function framed(response: Uint8Array): Uint8Array {
  return joined(Uint8Array.of(response.length >> 8, response.length), response);
}
