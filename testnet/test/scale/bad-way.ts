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
  /** Stops for good, both ways, what comes after a statement of a client with this in it. */
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
      const way = { isHeld: false };
      void this.#carry(client, server, { way, isFromClient: true });
      void this.#carry(server, client, { way, isFromClient: false });
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

  async #carry(
    from: Socket,
    to: Socket,
    { way, isFromClient }: { readonly way: { isHeld: boolean }; readonly isFromClient: boolean },
  ): Promise<void> {
    // Neither side hears of the other's end then, as of a machine that sleeps: both have limits of time, and
    // which ends first is a matter of a millisecond.
    from.once('close', () => way.isHeld || to.destroy());
    try {
      for await (const piece of from as AsyncIterable<Buffer>) {
        if (this.delayMs > 0) await sleep(this.delayMs);
        while (this.isStopped) await sleep(stoppedPollMs);
        if (way.isHeld) continue;
        to.write(piece);
        if (isFromClient && this.stopsAfter !== undefined && piece.includes(this.stopsAfter)) {
          way.isHeld = true;
        }
      }
      if (!way.isHeld) to.end();
    } catch {
      if (!way.isHeld) to.destroy();
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
