/**
 * TCP (RFC 7766): any number of queries on a connection, answered in order. A connection ends when no
 * whole query has come for the idle time, so a client that sends an octet now and then holds nothing;
 * it is not read from while its answers are not taken.
 */
import { once } from 'node:events';
import { createServer, isIPv6 } from 'node:net';
import type { Socket } from 'node:net';
import type { Responder } from './responder.ts';
import type { Listener, ListenAddress } from './dns-server.ts';

const idleMsMax = 10_000;
/** Connections at once; more are closed as they come. */
const connectionsMax = 512;
/** RFC 7766 §8: "DNS messages … prefixed with a two-byte length field". */
const lengthBytes = 2;

/** Binds and answers. Rejects with the socket's own error when the address cannot be bound. */
export async function startTcpListener(at: ListenAddress, respond: Responder): Promise<Listener> {
  const connections = new Set<Socket>();
  const server = createServer({ noDelay: true }, (connection) => {
    connections.add(connection);
    connection.on('close', () => connections.delete(connection));
    serveConnection(connection, respond);
  });
  server.maxConnections = connectionsMax;
  server.listen({
    host: at.address,
    port: at.port,
    ipv6Only: isIPv6(at.address),
    exclusive: true,
  });
  await once(server, 'listening');
  const bound = server.address();
  return {
    port: bound !== null && typeof bound === 'object' ? bound.port : at.port,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const connection of connections) connection.destroy();
      await closed;
    },
  };
}

function serveConnection(connection: Socket, respond: Responder): void {
  let pending: Uint8Array = new Uint8Array(0);
  const idle = setTimeout(() => connection.destroy(), idleMsMax);
  const answerPending = (): void => {
    connection.cork();
    // Answers that nobody takes stop the reading of queries, so a connection holds little memory.
    while (!connection.writableNeedDrain) {
      const query = firstQuery(pending);
      if (query === undefined) break;
      idle.refresh();
      pending = pending.subarray(lengthBytes + query.length);
      const response = respond(query, 'tcp');
      if (response !== undefined) connection.write(framed(response));
    }
    connection.uncork();
    if (connection.writableNeedDrain) connection.pause();
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
