/**
 * GossipSub, set so that it suits a handful of members that all know each other.
 *
 * Its own message signatures are off (StrictNoSign): the signed checkpoint in each message says more
 * than the sender's key would. A frame above `maxInboundDataLength` wedges its link for good while
 * the sender still counts a recipient, so the bound is explicit and senders stay at half of it.
 * A message is known by the hash of its bytes; `fastMsgIdFn` spares copies of it the rest.
 *
 * Members are connected each with each, and whoever publishes sends to all it is connected to. So
 * there is no mesh in which messages are passed on: among five members three of four copies, and the
 * messages that announce and refuse copies, would be for nothing. Whom a message does not reach, for
 * want of a connection, hears of it by the next poll (see `log-follower.ts`). A peer that wants to be
 * in our mesh gets in only when we have dialled it.
 */
import { createHash } from 'node:crypto';

import { gossipsub, StrictNoSign } from '@libp2p/gossipsub';
import type { GossipSub, GossipSubComponents } from '@libp2p/gossipsub';

import { gossipFrameBytesMax, gossipOutboundBytesMax } from '../limits.ts';

export const batchesTopic = 'callbook/1/batches';

export function gossipService(): (components: GossipSubComponents) => GossipSub {
  return gossipsub({
    globalSignaturePolicy: StrictNoSign,
    allowedTopics: [batchesTopic],
    allowPublishToZeroTopicPeers: true,
    fallbackToFloodsub: false,
    emitSelf: false,
    doPX: false,
    floodPublish: true,
    ...noMesh,
    maxInboundDataLength: gossipFrameBytesMax,
    maxOutboundBufferSize: gossipOutboundBytesMax,
    // One RPC at a time from a peer, one message at a time from an RPC: validation stays bounded.
    awaitRpcHandler: true,
    awaitRpcMessageHandler: true,
    msgIdFn: ({ data }) => digest(data),
    fastMsgIdFn: ({ data }) => digest(data ?? new Uint8Array(0)).toString('latin1'),
    scoreParams: {
      // Members are known by their keys; several may run on one host.
      IPColocationFactorWeight: 0,
      topics: { [batchesTopic]: topicScore },
    },
  });
}

/** Links in the mesh: wanted, at least, at most, kept by score, dialled; and peers told of message ids. */
const noMesh = {
  D: 0,
  Dlo: 0,
  Dhi: 0,
  Dscore: 0,
  Dout: 0,
  Dlazy: 0,
  gossipFactor: 0,
  idontwantMinDataSize: Number.MAX_SAFE_INTEGER,
  // Nobody is told of message ids, so nobody asks for messages: they are kept for one heartbeat.
  mcacheLength: 1,
  mcacheGossip: 1,
};

/** A member that has nothing to say must not lose score; one that breaks a rule must. */
const topicScore = {
  topicWeight: 1,
  timeInMeshWeight: 0,
  timeInMeshQuantum: 1000,
  timeInMeshCap: 1,
  firstMessageDeliveriesWeight: 0,
  firstMessageDeliveriesDecay: 0.5,
  firstMessageDeliveriesCap: 1,
  meshMessageDeliveriesWeight: 0,
  meshMessageDeliveriesDecay: 0.5,
  meshMessageDeliveriesCap: 1,
  meshMessageDeliveriesThreshold: 1,
  meshMessageDeliveriesWindow: 10,
  meshMessageDeliveriesActivation: 1000,
  meshFailurePenaltyWeight: 0,
  meshFailurePenaltyDecay: 0.5,
  invalidMessageDeliveriesWeight: -10,
  invalidMessageDeliveriesDecay: 0.9,
};

function digest(data: Uint8Array): Buffer {
  return createHash('sha256').update(data).digest();
}
