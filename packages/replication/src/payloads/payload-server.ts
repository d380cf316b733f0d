/** Serves `/callbook/payloads/1`: payloads that this member holds, to members that lack them. */
import type { VerdictCode } from '@callbook/protocol';

import { payloadsTimeoutMs } from '../limits.ts';
import type { FrameStream, Network } from '../network/network.ts';
import { encodeRefusal } from '../network/refusal-message.ts';
import type { Replica } from '../replica.ts';
import {
  encodePayloadsAnswer,
  parsePayloadsRequest,
  payloadsProtocol,
} from './payload-messages.ts';

export interface PayloadServerContext {
  readonly replica: Replica;
  readonly network: Network;
  /** Hears of members that break a rule. */
  readonly onIncident: (memberName: string, code: VerdictCode) => void;
}

export async function servePayloads(context: PayloadServerContext): Promise<void> {
  await context.network.serve(payloadsProtocol, (stream, name) =>
    serveStream(stream, name, context),
  );
}

async function serveStream(
  stream: FrameStream,
  name: string,
  { replica, onIncident }: PayloadServerContext,
): Promise<void> {
  const frame = await stream.read(payloadsTimeoutMs);
  if (frame === undefined) return;
  const request = parsePayloadsRequest(frame);
  if (request.verdict === 'reject') onIncident(name, request.code);
  const answer =
    request.verdict === 'accept'
      ? encodePayloadsAnswer(request.value.map((wanted) => replica.payloads.held(wanted)))
      : encodeRefusal(request);
  await stream.write(answer, payloadsTimeoutMs);
}
