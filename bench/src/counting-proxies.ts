/** Stands before the members' HTTPS ports and counts every octet on the wire, TLS and headers included. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { Fetch } from '@callbook/client';
import type { Testnet } from '@callbook/testnet';

export class CountingProxies implements AsyncDisposable {
  /** Octets in both directions so far. */
  count = 0;
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  /** By the port of a member's API. */
  readonly #ports = new Map<string, number>();

  static async before({ layout }: Testnet): Promise<CountingProxies> {
    const proxies = new CountingProxies();
    for (const { apiPort } of layout.members) await proxies.#open(apiPort);
    return proxies;
  }

  /** The same fetch by way of the proxies. */
  readonly fetch: Fetch = async (url, init) => {
    const through = new URL(url);
    through.port = String(this.#ports.get(through.port) ?? through.port);
    return await fetch(through.href, init);
  };

  async #open(apiPort: number): Promise<void> {
    const server = createServer((client) => {
      const member = connect({ host: 'localhost', port: apiPort });
      this.#join(client, member);
      this.#join(member, client);
    });
    this.#servers.push(server);
    server.listen(0, 'localhost');
    await once(server, 'listening');
    this.#ports.set(String(apiPort), (server.address() as AddressInfo).port);
  }

  #join(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.setNoDelay(true);
    from.on('data', (chunk: Buffer) => (this.count += chunk.length));
    from.on('error', () => to.destroy());
    from.pipe(to);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(
      this.#servers.map(async (server) => {
        server.close();
        await once(server, 'close');
      }),
    );
  }
}
