/**
 * A network that serves members by their score: who broke rules of late is answered later, who broke
 * many is refused for a while. What this member asks of others is not touched: it needs their logs,
 * and whatever they answer is verified.
 */
import { ignore } from '@callbook/protocol';

import { peerSlowMs } from '../limits.ts';
import type { FrameStream, GossipVerdict, Network, StreamProtocol } from '../network/network.ts';
import { encodeRefusal } from '../network/refusal-message.ts';
import type { Scheduler } from '../scheduler.ts';
import type { PeerScores } from './peer-scores.ts';

/** Serves and judges by score; everything else is the network's own. */
export function guardNetwork(network: Network, scores: PeerScores, scheduler: Scheduler): Network {
  return {
    addresses: () => network.addresses(),
    connected: () => network.connected(),
    admit: (peers) => network.admit(peers),
    open: (memberName, protocol) => network.open(memberName, protocol),
    onConnect: (listener) => network.onConnect(listener),
    publish: (message) => network.publish(message),
    serve(
      protocol: StreamProtocol,
      serveStream: (stream: FrameStream, memberName: string) => Promise<void>,
    ): Promise<void> {
      return network.serve(protocol, (stream, memberName) =>
        serveStream(guardStream(stream, memberName, { scores, scheduler }), memberName),
      );
    },
    onMessage(judge: (message: Uint8Array, memberName: string) => GossipVerdict): void {
      network.onMessage((message, memberName) =>
        scores.isRefused(memberName) ? 'ignore' : judge(message, memberName),
      );
    },
    [Symbol.asyncDispose]: () => network[Symbol.asyncDispose](),
  };
}

function guardStream(
  stream: FrameStream,
  memberName: string,
  { scores, scheduler }: { readonly scores: PeerScores; readonly scheduler: Scheduler },
): FrameStream {
  return {
    async read(timeoutMs) {
      const frame = await stream.read(timeoutMs);
      if (frame === undefined) return undefined;
      if (scores.isRefused(memberName)) {
        const refusal = ignore('peer_refused', 'too much of what came lately broke rules');
        await stream.write(encodeRefusal(refusal), timeoutMs);
        // For whoever serves, the stream has ended.
        return undefined;
      }
      if (scores.isSlowed(memberName)) await scheduler.delay(peerSlowMs);
      return frame;
    },
    write: (frame, timeoutMs) => stream.write(frame, timeoutMs),
    close: () => stream.close(),
    abort: () => stream.abort(),
  };
}
