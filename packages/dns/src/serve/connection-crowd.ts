/**
 * The open connections of a listener, those that have been idle longest first. When there are too many,
 * that one is closed: RFC 7766 §6.2.2 lets a server close idle connections when it runs short, and to
 * turn newcomers away instead would let a few hundred silent clients lock everybody out.
 */
import type { Socket } from 'node:net';

export class ConnectionCrowd {
  private readonly connectionsMax: number;
  /** A set keeps the order in which its members came. */
  private readonly idleFirst: Set<Socket>;

  constructor(connectionsMax: number) {
    this.connectionsMax = connectionsMax;
    this.idleFirst = new Set();
  }

  get size(): number {
    return this.idleFirst.size;
  }

  /** Takes a connection in until it closes, in place of the one idle longest when there are too many. */
  add(connection: Socket): void {
    this.idleFirst.add(connection);
    connection.on('close', () => this.idleFirst.delete(connection));
    if (this.idleFirst.size <= this.connectionsMax) return;
    const [longest] = this.idleFirst;
    this.idleFirst.delete(longest!);
    longest!.destroy();
  }

  /** Notes that a connection is in use. */
  touch(connection: Socket): void {
    if (this.idleFirst.delete(connection)) this.idleFirst.add(connection);
  }

  destroyAll(): void {
    for (const connection of this.idleFirst) connection.destroy();
  }
}
