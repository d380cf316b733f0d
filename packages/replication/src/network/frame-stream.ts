/**
 * Length-prefixed frames on a libp2p stream. The reader's side of libp2p has no back-pressure: it
 * buffers what comes, so the protocols above ask for what they can take, and the buffer here is only
 * as large as that.
 */
import { DirectoryError } from '@callbook/protocol';
import type { Stream } from '@libp2p/interface';
import { lpStream } from '@libp2p/utils';

import type { ReplicationErrorCode } from '../errors.ts';
import { pagesInFlightMax } from '../limits.ts';
import type { FrameStream } from './network.ts';

/** Bytes that announce a frame's length: a varint up to 2^21. */
const lengthBytesMax = 3;

/** Speaks frames of at most `frameBytesMax` inbound. */
export function frameStream(stream: Stream, frameBytesMax: number): FrameStream {
  const frames = lpStream(stream, {
    maxDataLength: frameBytesMax,
    maxLengthLength: lengthBytesMax,
    maxBufferSize: (frameBytesMax + lengthBytesMax) * pagesInFlightMax,
  });
  return {
    async read(timeoutMs) {
      try {
        return (await frames.read({ signal: AbortSignal.timeout(timeoutMs) })).subarray();
      } catch (cause) {
        if (isEnd(cause)) return undefined;
        throw streamError(cause);
      }
    },
    async write(frame, timeoutMs) {
      try {
        await frames.write(frame, { signal: AbortSignal.timeout(timeoutMs) });
      } catch (cause) {
        throw streamError(cause);
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

function isEnd(cause: unknown): boolean {
  return cause instanceof Error && cause.name === 'UnexpectedEOFError';
}

function streamError(cause: unknown): DirectoryError<ReplicationErrorCode> {
  const timedOut =
    cause instanceof Error && (cause.name === 'TimeoutError' || cause.name === 'AbortError');
  return timedOut
    ? new DirectoryError('peer_timeout', 'the member did not answer in time', { cause })
    : new DirectoryError('peer_stream_broken', 'the stream to the member broke', { cause });
}
