/**
 * A way to PostgreSQL that can be made bad: slow, stopped in the middle, or stopped as soon as a certain
 * statement has passed. A socket in a folder of its own, as libpq names them.
 */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const socketName = '.s.PGSQL.5432';
const stoppedPollMs = 20;

export class BadWay implements AsyncDisposable {
  /** What each piece waits, one way. */
  delayMs = 0;
  /** Nothing moves, and nobody is told. */
  isStopped = false;
  /** Stops for good what comes from a client after a statement with this in it. */
  stopsAfter: string | undefined;
  /** Of the database, by this way. */
  readonly url: string;
  readonly #server: Server;
  readonly #folder: string;
  readonly #sockets = new Set<Socket>();

  private constructor(folder: string, target: URL) {
    const targetPath = join(target.searchParams.get('host')!, socketName);
    this.#folder = folder;
    this.#server = createServer({ allowHalfOpen: true }, (client) => {
      const server = connect({ path: targetPath, allowHalfOpen: true });
      for (const socket of [client, server]) this.#keep(socket);
      void this.#carry(client, server, true);
      void this.#carry(server, client, false);
    });
    const user = target.searchParams.get('user');
    this.url = `postgresql:///postgres?host=${encodeURIComponent(folder)}&user=${user}`;
  }

  static async open(url: string): Promise<BadWay> {
    const folder = await mkdtemp(join(tmpdir(), 'callbook-way-'));
    const way = new BadWay(folder, new URL(url.replace(':///', '://localhost/')));
    way.#server.listen(join(folder, socketName));
    await once(way.#server, 'listening');
    return way;
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    // An error is followed by `close`, and that ends the other side.
    socket.on('error', () => undefined);
  }

  async #carry(from: Socket, to: Socket, isFromClient: boolean): Promise<void> {
    let isHeld = false;
    // A side that has been stopped says nothing of its end either, as a machine that sleeps.
    from.once('close', () => isHeld || to.destroy());
    try {
      for await (const piece of from as AsyncIterable<Buffer>) {
        if (this.delayMs > 0) await sleep(this.delayMs);
        while (this.isStopped) await sleep(stoppedPollMs);
        if (isHeld) continue;
        to.write(piece);
        isHeld = isFromClient && this.stopsAfter !== undefined && piece.includes(this.stopsAfter);
      }
      if (!isHeld) to.end();
    } catch {
      if (!isHeld) to.destroy();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.isStopped = false;
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    await rm(this.#folder, { recursive: true, force: true });
  }
}
