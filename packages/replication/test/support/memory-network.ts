/**
 * Networks in memory, joined by links that a test opens and cuts. Every node is a member by name, and
 * two nodes may bear one name: that is how a member shows different faces to different others.
 */
import { DirectoryError } from '@callbook/protocol';

import { Listeners } from '../../src/listeners.ts';
import type { FrameStream, GossipVerdict, Network } from '../../src/network/network.ts';

type ServeStream = (stream: FrameStream, memberName: string) => Promise<void>;

export class MemoryNetwork implements Network {
  readonly name: string;
  readonly #linked = new Map<string, MemoryNetwork>();
  readonly #served = new Map<string, ServeStream>();
  readonly #connects = new Listeners<string>();
  #judge: (message: Uint8Array, memberName: string) => GossipVerdict = () => 'ignore';
  #closed = false;

  constructor(name: string) {
    this.name = name;
  }

  link(other: MemoryNetwork): void {
    this.#linked.set(other.name, other);
    other.#linked.set(this.name, this);
    this.#connects.tell(other.name);
    other.#connects.tell(this.name);
  }

  cut(other: MemoryNetwork): void {
    this.#linked.delete(other.name);
    other.#linked.delete(this.name);
  }

  addresses(): string[] {
    return [];
  }

  connected(): readonly string[] {
    return this.#closed ? [] : [...this.#linked.keys()];
  }

  admit(): void {
    // Whoever is linked is a member.
  }

  open(memberName: string, protocol: { readonly name: string }): Promise<FrameStream> {
    const other = this.#linked.get(memberName);
    const serve = other === undefined ? undefined : other.#served.get(protocol.name);
    if (other === undefined || serve === undefined || this.#closed || other.#closed) {
      return Promise.reject(new DirectoryError('peer_unreachable', 'no stream'));
    }
    const [near, far] = streamPair();
    serve(far, this.name).then(
      () => far.close(),
      () => far.abort(),
    );
    return Promise.resolve(near);
  }

  serve(protocol: { readonly name: string }, serveStream: ServeStream): Promise<void> {
    this.#served.set(protocol.name, serveStream);
    return Promise.resolve();
  }

  onConnect(listener: (memberName: string) => void): () => void {
    return this.#connects.add(listener);
  }

  publish(message: Uint8Array): Promise<void> {
    for (const other of this.#linked.values()) {
      queueMicrotask(() => other.#closed || other.#judge(message.slice(), this.name));
    }
    return Promise.resolve();
  }

  onMessage(judge: (message: Uint8Array, memberName: string) => GossipVerdict): void {
    this.#judge = judge;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (const other of this.#linked.values()) other.#linked.delete(this.name);
    return Promise.resolve();
  }
}

/** One direction of a stream. */
class Pipe {
  readonly frames: Uint8Array[] = [];
  ended = false;
  #wake: (() => void) | undefined;

  push(frame: Uint8Array): void {
    if (!this.ended) this.frames.push(frame.slice());
    this.#wake?.();
  }

  end(): void {
    this.ended = true;
    this.#wake?.();
  }

  async next(timeoutMs: number): Promise<Uint8Array | undefined> {
    if (this.frames.length === 0 && !this.ended) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    const frame = this.frames.shift();
    if (frame !== undefined || this.ended) return frame;
    throw new DirectoryError('peer_timeout', 'no frame in time');
  }
}

function streamPair(): [FrameStream, FrameStream] {
  const [there, back] = [new Pipe(), new Pipe()];
  const side = (inbound: Pipe, outbound: Pipe): FrameStream => ({
    read: (timeoutMs) => inbound.next(timeoutMs),
    write: (frame) => {
      outbound.push(frame);
      return Promise.resolve();
    },
    close: () => {
      outbound.end();
      return Promise.resolve();
    },
    abort: () => {
      inbound.end();
      outbound.end();
    },
  });
  return [side(back, there), side(there, back)];
}
