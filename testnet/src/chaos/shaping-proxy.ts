/**
 * A TCP proxy that makes a good link a bad one: delay, stalls as lost packets cause them, resets, and
 * a cut in which nothing moves and nobody is told, as when packets are dropped on the way. What was
 * under way at a cut arrives when it is over, or its owner has given up by then.
 */
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SeededRandom } from '../simulation/seeded-random.ts';

export interface LinkShape {
  /** What each piece waits, one way. */
  readonly delayMs: number;
  /** Chance of a piece to wait for a retransmission, and the longest such wait. */
  readonly stallChance: number;
  readonly stallMsMax: number;
  /** Chance of a piece to end the connection. */
  readonly resetChance: number;
  readonly cut: boolean;
}

export const goodLink: LinkShape = {
  delayMs: 0,
  stallChance: 0,
  stallMsMax: 0,
  resetChance: 0,
  cut: false,
};

const cutPollMs = 50;

export class ShapingProxy implements AsyncDisposable {
  shape: LinkShape = goodLink;
  readonly #server: Server;
  readonly #targetPort: number;
  readonly #random: SeededRandom;
  readonly #sockets = new Set<Socket>();
  #closed = false;

  private constructor(targetPort: number, random: SeededRandom) {
    this.#targetPort = targetPort;
    this.#random = random;
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
  }

  /** Listens on a free port of loopback. */
  static async open(targetPort: number, random: SeededRandom): Promise<ShapingProxy> {
    const proxy = new ShapingProxy(targetPort, random);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  #accept(client: Socket): void {
    this.#keep(client);
    void this.#untilWhole(client).then(() => {
      if (client.destroyed || this.#closed) return;
      const server = connect({ port: this.#targetPort, host: '127.0.0.1', allowHalfOpen: true });
      this.#keep(server);
      void this.#carry(client, server);
      void this.#carry(server, client);
    });
  }

  #keep(socket: Socket): void {
    socket.setNoDelay(true);
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    // An error is followed by `close`, and that ends the other side.
    socket.on('error', () => undefined);
  }

  /** Carries one direction, a piece at a time: what waits stays in the sender's buffers. */
  async #carry(from: Socket, to: Socket): Promise<void> {
    from.once('close', () => to.destroy());
    try {
      for await (const piece of from as AsyncIterable<Buffer>) {
        await this.#holdUp(from);
        if (to.destroyed) break;
        if (!to.write(piece)) await Promise.race([once(to, 'drain'), once(to, 'close')]);
      }
      to.end();
    } catch {
      to.destroy();
    }
  }

  async #holdUp(socket: Socket): Promise<void> {
    const { delayMs, resetChance, stallChance, stallMsMax } = this.shape;
    if (this.#random.chance(resetChance)) socket.resetAndDestroy();
    const stallMs = this.#random.chance(stallChance) ? this.#random.below(stallMsMax) : 0;
    if (delayMs + stallMs > 0) await sleep(delayMs + stallMs);
    await this.#untilWhole(socket);
  }

  async #untilWhole(socket: Socket): Promise<void> {
    while (this.shape.cut && !socket.destroyed && !this.#closed) await sleep(cutPollMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    if (this.#server.listening) await once(this.#server, 'close');
  }
}
