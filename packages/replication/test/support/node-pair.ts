/** Two bare libp2p nodes over real sockets, encrypted as the test says. */
import type { Connection, ConnectionEncrypter, Libp2p } from '@libp2p/interface';
import { tcp } from '@libp2p/tcp';
import type { TLSComponents } from '@libp2p/tls';
import { yamux } from '@libp2p/yamux';
import { createLibp2p } from 'libp2p';

export type CreateEncrypter = (components: TLSComponents) => ConnectionEncrypter;

export interface NodePair extends AsyncDisposable {
  readonly server: Libp2p;
  /** From the client to the server. */
  readonly connection: Connection;
}

export async function connectedPair(encrypter: CreateEncrypter): Promise<NodePair> {
  const [server, client] = [await startNode(encrypter), await startNode(encrypter)];
  return {
    server,
    connection: await client.dial(server.getMultiaddrs()),
    async [Symbol.asyncDispose]() {
      await Promise.all([server.stop(), client.stop()]);
    },
  };
}

async function startNode(encrypter: CreateEncrypter): Promise<Libp2p> {
  return await createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [encrypter],
    streamMuxers: [yamux()],
    connectionMonitor: { enabled: false },
  });
}
