/** TCP (RFC 7766): a listening socket and its connections. */
import { once } from 'node:events';
import { createServer, isIPv6 } from 'node:net';
import type { Server } from 'node:net';
import { ConnectionCrowd } from './connection-crowd.ts';
import type { LateResponder } from './responder.ts';
import type { Listener, ListenAddress } from './dns-server.ts';
import { serveConnection } from './stream-connection.ts';
import { streamConnectionsMax } from './stream-limits.ts';

/** Binds and answers. Rejects with the socket's own error when the address cannot be bound. */
export async function startTcpListener(
  at: ListenAddress,
  respond: LateResponder,
): Promise<Listener> {
  const crowd = new ConnectionCrowd(streamConnectionsMax);
  const server = createServer({ noDelay: true }, (connection) => {
    crowd.add(connection);
    const onQuery = (): void => crowd.touch(connection);
    serveConnection(connection, { transport: 'tcp', respond, onQuery });
  });
  const port = await listenOn(server, at);
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      crowd.destroyAll();
      await closed;
    },
  };
}

/** Binds a server of connections; returns the port. */
export async function listenOn(server: Server, at: ListenAddress): Promise<number> {
  server.listen({
    host: at.address,
    port: at.port,
    ipv6Only: isIPv6(at.address),
    exclusive: true,
  });
  await once(server, 'listening');
  const bound = server.address();
  return bound !== null && typeof bound === 'object' ? bound.port : at.port;
}
