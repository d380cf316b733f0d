/** Serves `/callbook/tail/1`: pages of every log that this member has, as fast as they are asked for. */
import { ignore } from '@callbook/protocol';

import { encodeLogBatch } from '../batch/log-batch.ts';
import { tailIdleMs, tailTimeoutMs } from '../limits.ts';
import type { FrameStream, Network } from '../network/network.ts';
import { encodeRefusal } from '../network/refusal-message.ts';
import type { Replica } from '../replica.ts';
import { encodeCheckpoints, parseTailRequest, tailProtocol } from './tail-messages.ts';
import type { NamedCheckpoint, TailRequest } from './tail-messages.ts';

/** Where the next page of a stream begins, when the reader does not say. */
interface Cursor {
  origin: string;
  next: number;
}

export async function serveTail(network: Network, replica: Replica): Promise<void> {
  await network.serve(tailProtocol, (stream) => serveStream(stream, replica));
}

async function serveStream(stream: FrameStream, replica: Replica): Promise<void> {
  const cursor: Cursor = { origin: '', next: 0 };
  for (;;) {
    const frame = await stream.read(tailIdleMs);
    if (frame === undefined) return;
    const request = parseTailRequest(frame);
    // A malformed request costs the reader its stream, after the answer that says why.
    const answer =
      request.verdict === 'accept'
        ? await answerTo(request.value, cursor, replica)
        : encodeRefusal(request);
    await stream.write(answer, tailTimeoutMs);
    if (request.verdict !== 'accept') return;
  }
}

async function answerTo(
  request: TailRequest,
  cursor: Cursor,
  replica: Replica,
): Promise<Uint8Array> {
  if (request.want === 'checkpoints') return encodeCheckpoints(newestCheckpoints(replica));
  const { origin } = request;
  const first = request.first ?? (cursor.origin === origin ? cursor.next : 0);
  const page = await replica.page(origin, first, request.until);
  if (page === undefined) {
    return encodeRefusal(ignore('log_unknown', 'nothing of this log is stored here'));
  }
  cursor.origin = origin;
  cursor.next = first + page.leaves.length;
  return encodeLogBatch(page);
}

function newestCheckpoints(replica: Replica): NamedCheckpoint[] {
  return replica.logSizes().flatMap(({ origin }) => {
    const note = replica.checkpoint(origin);
    return note === undefined ? [] : [[origin, note] as const];
  });
}
