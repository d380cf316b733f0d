/**
 * Addresses of a member that move with its lease: connections go to whichever of its processes takes them,
 * as a balancer that looks at ports does it. A process that stands by opens none.
 */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';

const connectMsMax = 1_000;

export class FloatingAddress implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(targetPorts: readonly number[]) {
    this.#server = createServer((client) => void this.#accept(client, targetPorts));
  }

  /** Listens on a port of loopback. The target ports may be told later, but before anybody connects. */
  static async open(port: number, targetPorts: readonly number[]): Promise<FloatingAddress> {
    const floating = new FloatingAddress(targetPorts);
    floating.#server.listen(port, '127.0.0.1');
    await once(floating.#server, 'listening');
    return floating;
  }

  async #accept(client: Socket, targetPorts: readonly number[]): Promise<void> {
    this.#keep(client);
    for (const port of targetPorts) {
      const target = await opened(port);
      if (target === undefined) continue;
      this.#keep(target);
      client.once('close', () => target.destroy());
      target.once('close', () => client.destroy());
      client.pipe(target).pipe(client);
      return;
    }
    client.resetAndDestroy();
  }

  #keep(socket: Socket): void {
    socket.setNoDelay(true);
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    // An error is followed by `close`, and that ends the other side.
    socket.on('error', () => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

async function opened(port: number): Promise<Socket | undefined> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(connectMsMax) });
    return socket;
  } catch {
    socket.on('error', () => undefined).destroy();
    return undefined;
  }
}
