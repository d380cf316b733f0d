/**
 * Length-prefixed frames on a libp2p stream. The reader's side of libp2p has no back-pressure: it
 * buffers what comes, so the protocols above ask for what they can take, and the buffer here is only
 * as large as that.
 *
 * libp2p's own `lpStream` does the same with a promise for each byte of the length, an exception for
 * each length of two bytes, and abort signals for each call: more work than most of our messages are.
 */
import { once } from 'node:events';

import { assert, DirectoryError } from '@callbook/protocol';
import type { Stream } from '@libp2p/interface';

import type { ReplicationErrorCode } from '../errors.ts';
import { pagesInFlightMax } from '../limits.ts';
import type { FrameStream } from './network.ts';

/** Bytes that announce a frame's length: a varint up to 2^21. */
const lengthBytesMax = 3;

/** Speaks frames of at most `frameBytesMax` inbound. */
export function frameStream(stream: Stream, frameBytesMax: number): FrameStream {
  const inbound = new InboundFrames(stream, frameBytesMax);
  return {
    read: (timeoutMs) => inbound.read(timeoutMs),
    async write(frame, timeoutMs) {
      try {
        if (!stream.send(withLength(frame))) await drained(stream, timeoutMs);
      } catch (cause) {
        throw cause instanceof DirectoryError ? cause : streamBroken(cause);
      }
    },
    async close() {
      await stream.close().catch(() => stream.abort(new Error('not closed in time')));
    },
    abort() {
      stream.abort(new Error('given up'));
    },
  };
}

/** What the other side has sent; one reader at a time. */
class InboundFrames {
  readonly #stream: Stream;
  readonly #frameBytesMax: number;
  /** What has come and is not read yet, oldest first. */
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;
  #reader: { readonly wake: () => void; readonly fail: (error: unknown) => void } | undefined;

  constructor(stream: Stream, frameBytesMax: number) {
    this.#stream = stream;
    this.#frameBytesMax = frameBytesMax;
    stream.addEventListener('message', ({ data }) => {
      this.#add(bytesOf(data instanceof Uint8Array ? data : data.subarray()));
    });
    stream.addEventListener('remoteCloseWrite', () => this.#reader?.wake());
    stream.addEventListener('close', ({ error }) => {
      if (error === undefined) this.#reader?.wake();
      else this.#reader?.fail(streamBroken(error));
    });
  }

  #add(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes > (this.#frameBytesMax + lengthBytesMax) * pagesInFlightMax) {
      this.#giveUp('sends more than was asked for');
    }
    this.#reader?.wake();
  }

  async read(timeoutMs: number): Promise<Uint8Array | undefined> {
    assert(this.#reader === undefined, 'a stream has one reader at a time');
    for (;;) {
      const frame = this.#take();
      if (frame !== undefined || this.#isEnded) return frame;
      await this.#news(timeoutMs);
    }
  }

  get #isEnded(): boolean {
    const { readBufferLength, remoteWriteStatus } = this.#stream;
    return remoteWriteStatus !== 'writable' && readBufferLength === 0;
  }

  /** Waits for whatever comes next. Errors: `peer_timeout`, `peer_stream_broken`. */
  async #news(timeoutMs: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => reject(timedOut()), timeoutMs).unref();
    this.#reader = { wake: resolve, fail: reject };
    try {
      await promise;
    } finally {
      this.#reader = undefined;
      clearTimeout(timer);
    }
  }

  /** The next frame; undefined while it is not complete. */
  #take(): Uint8Array | undefined {
    const announced = this.#announced();
    if (announced === undefined) return undefined;
    const { lengthBytes, frameBytes } = announced;
    if (this.#bytes < lengthBytes + frameBytes) return undefined;
    return this.#consume(lengthBytes + frameBytes).subarray(lengthBytes);
  }

  /** Reads the varint of the next frame's length: seven bits a byte, least significant first. */
  #announced(): { readonly lengthBytes: number; readonly frameBytes: number } | undefined {
    let frameBytes = 0;
    for (let place = 0; place < Math.min(lengthBytesMax, this.#bytes); place++) {
      const byte = this.#byteAt(place);
      frameBytes += (byte & 0x7f) * 2 ** (7 * place);
      if (byte >= 0x80) continue;
      if (frameBytes > this.#frameBytesMax) this.#giveUp('announces too long a frame');
      return { lengthBytes: place + 1, frameBytes };
    }
    if (this.#bytes >= lengthBytesMax) this.#giveUp('announces too long a frame');
    return undefined;
  }

  #byteAt(place: number): number {
    let before = place;
    for (const chunk of this.#chunks) {
      if (before < chunk.length) return chunk[before]!;
      before -= chunk.length;
    }
    return 0;
  }

  /** The first bytes: a view where they are of one chunk, else a copy. */
  #consume(bytes: number): Uint8Array {
    this.#bytes -= bytes;
    const taken: Uint8Array[] = [];
    for (let missing = bytes; missing > 0;) {
      const chunk = this.#chunks[0]!;
      if (chunk.length > missing) this.#chunks[0] = chunk.subarray(missing);
      else this.#chunks.shift();
      taken.push(chunk.subarray(0, missing));
      missing -= Math.min(missing, chunk.length);
    }
    return taken.length === 1 ? taken[0]! : bytesOf(Buffer.concat(taken));
  }

  /** A sender that does not keep to the protocol loses the stream. Errors: `peer_stream_broken`. */
  #giveUp(found: string): void {
    const error = streamBroken(new Error(`the member ${found}`));
    this.#chunks.length = 0;
    this.#bytes = 0;
    // The event that brought this is dispatched to its end first.
    queueMicrotask(() => this.#stream.abort(error));
    this.#reader?.fail(error);
  }
}

/** Never a Buffer, of which `slice` is no copy. */
function bytesOf({ buffer, byteOffset, byteLength }: Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function withLength(frame: Uint8Array): Uint8Array {
  const length: number[] = [];
  for (let rest = frame.length; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) {
      length.push(rest);
      break;
    }
    length.push((rest % 128) | 0x80);
  }
  return Buffer.concat([Uint8Array.from(length), frame]);
}

/** Waits until more can be sent. Errors: `peer_timeout`, `peer_stream_broken`. */
async function drained(stream: Stream, timeoutMs: number): Promise<void> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const closed = new AbortController();
  const onClose = (): void => closed.abort();
  stream.addEventListener('close', onClose);
  try {
    await once(stream, 'drain', { signal: AbortSignal.any([timeout, closed.signal]) });
  } catch (cause) {
    throw timeout.aborted ? timedOut(cause) : streamBroken(cause);
  } finally {
    stream.removeEventListener('close', onClose);
  }
}

function timedOut(cause?: unknown): DirectoryError<ReplicationErrorCode> {
  return new DirectoryError('peer_timeout', 'the member did not answer in time', { cause });
}

function streamBroken(cause: unknown): DirectoryError<ReplicationErrorCode> {
  return new DirectoryError('peer_stream_broken', 'the stream to the member broke', { cause });
}
