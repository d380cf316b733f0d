/**
 * A stream of frames between two members, as TCP would give it: in order and whole, late, or broken.
 * What is under way in a direction that is cut waits (TCP sends it again) until the cut ends or the
 * connection is given up. A frame above the reader's limit resets the stream, as in production.
 */
import { DirectoryError } from '@callbook/protocol';
import type { FrameStream, ReplicationErrorCode } from '@callbook/replication';
import type { Lifetime } from './lifetime.ts';

/** What the network does to a stream's frames. */
export interface StreamWire {
  /** Draws how long the next frame takes; undefined when the stream breaks instead. */
  delayMs(): number | undefined;
  isCut(from: string, to: string): boolean;
}

/** How long a frame waits before it is sent again through a direction that is cut. */
const resendMs = 400;

export class StreamEnd implements FrameStream {
  readonly life: Lifetime;
  readonly #wire: StreamWire;
  /** Largest frame that this end reads. */
  readonly #frameBytesMax: number;
  #other: StreamEnd | undefined;
  readonly #inbox: Uint8Array[] = [];
  /** On their way to the other end, in order; null is the end of the stream. */
  readonly #outbox: (Uint8Array | null)[] = [];
  #ended = false;
  #closed = false;
  #broken = false;
  #waiting: (() => void) | undefined;
  #onDone: (() => void) | undefined;

  private constructor(life: Lifetime, wire: StreamWire, frameBytesMax: number) {
    this.life = life;
    this.#wire = wire;
    this.#frameBytesMax = frameBytesMax;
  }

  /** Two ends that belong together. */
  static pair(
    opener: { readonly life: Lifetime; readonly frameBytesMax: number },
    server: { readonly life: Lifetime; readonly frameBytesMax: number },
    wire: StreamWire,
  ): readonly [StreamEnd, StreamEnd] {
    const near = new StreamEnd(opener.life, wire, opener.frameBytesMax);
    const far = new StreamEnd(server.life, wire, server.frameBytesMax);
    near.#other = far;
    far.#other = near;
    return [near, far];
  }

  /** Calls back once when this end is of no more use. */
  onDone(listener: () => void): void {
    this.#onDone = listener;
  }

  async read(timeoutMs: number): Promise<Uint8Array | undefined> {
    if (this.#inbox.length === 0 && !this.#ended && !this.#broken) {
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
        this.life.after(timeoutMs, 'read timeout', resolve);
      });
      this.#waiting = undefined;
    }
    const frame = this.#inbox.shift();
    if (frame !== undefined) return frame;
    if (this.#broken) throw streamError('peer_stream_broken');
    if (this.#ended) return undefined;
    throw streamError('peer_timeout');
  }

  async write(frame: Uint8Array): Promise<void> {
    if (this.#broken || this.#closed) throw streamError('peer_stream_broken');
    this.#send(frame.slice());
  }

  async close(): Promise<void> {
    if (this.#broken || this.#closed) return;
    this.#closed = true;
    this.#send(null);
    this.#tellDone();
  }

  abort(): void {
    const other = this.#other!;
    this.break();
    const delayMs = this.#wire.delayMs() ?? 0;
    other.life.after(delayMs, 'reset', () => other.break());
  }

  /** The stream is no more, at this end. */
  break(): void {
    if (this.#broken) return;
    this.#broken = true;
    this.#outbox.length = 0;
    this.#waiting?.();
    this.#tellDone();
  }

  #tellDone(): void {
    this.#onDone?.();
    this.#onDone = undefined;
  }

  #send(frame: Uint8Array | null): void {
    this.#outbox.push(frame);
    if (this.#outbox.length === 1) this.#transmit();
  }

  /** One frame at a time is under way in a direction: none overtakes another. */
  #transmit(): void {
    const other = this.#other!;
    const delayMs = this.#wire.delayMs();
    if (delayMs === undefined) return this.abort();
    other.life.after(delayMs, 'frame', () => this.#arrive());
  }

  #arrive(): void {
    const other = this.#other!;
    if (this.#broken || other.#broken) return;
    if (this.#wire.isCut(this.life.owner, other.life.owner)) {
      other.life.after(resendMs, 'frame again', () => this.#arrive());
      return;
    }
    const frame = this.#outbox.shift();
    if (frame === null) other.#ended = true;
    else if (frame === undefined || frame.length > other.#frameBytesMax) return other.abort();
    else other.#inbox.push(frame);
    other.#waiting?.();
    if (this.#outbox.length > 0) this.#transmit();
  }
}

function streamError(code: 'peer_timeout' | 'peer_stream_broken'): Error {
  return new DirectoryError<ReplicationErrorCode>(code, 'the simulated stream has no frame');
}
