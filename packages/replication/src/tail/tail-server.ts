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
  await network.serve(tailProtocol, (stream, name) => serveStream(stream, replica, name));
}

async function serveStream(stream: FrameStream, replica: Replica, name: string): Promise<void> {
  const cursor: Cursor = { origin: '', next: 0 };
  for (;;) {
    const frame = await stream.read(tailIdleMs);
    if (frame === undefined) return;
    const request = parseTailRequest(frame);
    // A malformed request costs the reader its stream, after the answer that says why.
    const answer =
      request.verdict === 'accept'
        ? await answerTo(request.value, cursor, { replica, name })
        : encodeRefusal(request);
    await stream.write(answer, tailTimeoutMs);
    if (request.verdict !== 'accept') return;
  }
}

async function answerTo(
  request: TailRequest,
  cursor: Cursor,
  { replica, name }: { readonly replica: Replica; readonly name: string },
): Promise<Uint8Array> {
  if (request.want === 'checkpoints') return encodeCheckpoints(newestCheckpoints(replica, name));
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

/**
 * What can be served from here. Of the asking member's own log, what it has signed as far as is known
 * here, leaves or not: if it has lost its store, it must not sign that size again.
 */
function newestCheckpoints(replica: Replica, name: string): NamedCheckpoint[] {
  const asking = replica.membership.byName(name)?.logKey.name;
  return replica.logSizes().flatMap(({ origin }) => {
    const stored = replica.checkpoint(origin);
    const note = origin === asking ? (replica.learnedCheckpoint(origin) ?? stored) : stored;
    return note === undefined ? [] : [[origin, note] as const];
  });
}
