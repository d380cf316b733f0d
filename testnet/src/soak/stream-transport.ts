/** Questions of DNS by TCP and by TLS, each over a connection of its own, as a validator asks them. */
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { DnsTransport } from '@callbook/client';

const callMsMax = 5000;

/** `servername` makes it TLS. */
export interface StreamServer {
  readonly address: string;
  readonly port: number;
  readonly servername?: string;
}

export function streamTransport(server: StreamServer): DnsTransport {
  return {
    exchange: async (query) => {
      const socket = open(server);
      const late = setTimeout(() => socket.destroy(new Error('timed out')), callMsMax);
      try {
        const size = Buffer.alloc(2);
        size.writeUInt16BE(query.length);
        socket.write(Buffer.concat([size, query]));
        return await readMessage(socket);
      } finally {
        clearTimeout(late);
        socket.destroy();
      }
    },
  };
}

function open({ address, port, servername }: StreamServer): Socket {
  const to = { host: address, port };
  return servername === undefined ? connect(to) : connectTls({ ...to, servername });
}

/** The first message of a stream (RFC 1035 §4.2.2: two octets with its length come before it). */
async function readMessage(socket: Socket): Promise<Uint8Array> {
  let received = Buffer.alloc(0);
  for await (const piece of socket as AsyncIterable<Buffer>) {
    received = Buffer.concat([received, piece]);
    const size = received.length < 2 ? Infinity : received.readUInt16BE(0);
    if (received.length >= 2 + size) return received.subarray(2, 2 + size);
  }
  throw new Error('the stream ended before the answer');
}
