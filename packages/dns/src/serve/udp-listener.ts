/**
 * UDP by `node:dgram`: one socket, one answer a datagram, nothing kept between them. The faster
 * engine of docs/architecture.md takes the same responder.
 */
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import type { LateResponder } from './responder.ts';
import type { Listener, ListenAddress } from './dns-server.ts';
import { SocketClient } from './transport.ts';

/** Room for bursts; the kernel may grant less. */
const receiveBufferBytes = 4 * 1024 * 1024;

/** Binds and answers. Rejects with the socket's own error when the address cannot be bound. */
export async function startUdpListener(
  at: ListenAddress,
  respond: LateResponder,
): Promise<Listener> {
  const isIpv6 = isIPv6(at.address);
  const socket = createSocket({
    type: isIpv6 ? 'udp6' : 'udp4',
    ipv6Only: isIpv6,
    recvBufferSize: receiveBufferBytes,
    // Peers are always addresses; the default would ask the resolver's queue for each answer.
    lookup: (address, _options, found) => found(null, address, isIpv6 ? 6 : 4),
  });
  const listening = once(socket, 'listening');
  socket.bind({ address: at.address, port: at.port, exclusive: true });
  try {
    await listening;
  } catch (cause) {
    socket.close();
    throw cause;
  }
  answerDatagrams(socket, respond);
  return {
    port: socket.address().port,
    [Symbol.asyncDispose]: async () => {
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    },
  };
}

function answerDatagrams(socket: Socket, respond: LateResponder): void {
  // An answer that cannot be sent is lost, as any datagram may be; the client asks again.
  const ignoreLoss = (): void => undefined;
  socket.on('error', ignoreLoss);
  socket.on('message', (query, peer) => {
    // RFC 1035 knows no source port 0; only a forger waits there.
    if (peer.port === 0) return;
    const send = (response: Uint8Array | undefined): void => {
      if (response !== undefined) socket.send(response, peer.port, peer.address, ignoreLoss);
    };
    const response = respond(query, 'udp', new SocketClient(peer.address, peer.port));
    if (!(response instanceof Promise)) send(response);
    // The socket may be closed by then.
    else void response.then(send).catch(ignoreLoss);
  });
}
