/**
 * The network on libp2p: TCP, TLS, Yamux, among the peers of the charter only. The gater decides on
 * the proven peer id, after encryption; whoever is not in the charter gets no further.
 *
 * Two parts of libp2p are replaced: the connection monitor aborts a busy connection after one late
 * ping, so it is off and time-outs are those of the streams; and redialling is our own.
 */
import type { Random } from '@callbook/protocol';
import { DirectoryError } from '@callbook/protocol';
import { TopicValidatorResult } from '@libp2p/gossipsub';
import type { GossipSub, GossipSubComponents } from '@libp2p/gossipsub';
import { identify } from '@libp2p/identify';
import type { Connection, ConnectionGater, Libp2p, PeerId, PrivateKey } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import { tcp } from '@libp2p/tcp';
import { tls } from '@libp2p/tls';
import { yamux } from '@libp2p/yamux';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';

import type { ReplicationErrorCode } from '../errors.ts';
import { connectionsMax, dialTimeoutMs } from '../limits.ts';
import { Listeners } from '../listeners.ts';
import type { Scheduler } from '../scheduler.ts';
import { withFewerWrites } from './fewer-writes.ts';
import { frameStream } from './frame-stream.ts';
import { batchesTopic, gossipService } from './gossip-service.ts';
import type { FrameStream, GossipVerdict, MeshPeer, Network, StreamProtocol } from './network.ts';
import { PeerTable } from './peer-table.ts';
import { keepConnected } from './redial.ts';

export interface Libp2pNetworkOptions {
  readonly peerKey: PrivateKey;
  /** Multiaddrs. */
  readonly listen: readonly string[];
  readonly peers: readonly MeshPeer[];
  /** False leaves everything to the tail. */
  readonly gossip: boolean;
  readonly scheduler: Scheduler;
  readonly random: Random;
}

interface Redialling {
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

/** Starts listening and dialling. Errors: `listen_failed`. */
export async function createLibp2pNetwork(options: Libp2pNetworkOptions): Promise<Libp2pNetwork> {
  const peers = new PeerTable();
  peers.admit(options.peers);
  let gossip: GossipSub | undefined;
  const withGossip = {
    gossip: (components: GossipSubComponents): GossipSub => (gossip = gossipService()(components)),
  };
  const isMember = (peerId: PeerId): boolean => peers.nameOf(peerId) !== undefined;
  let node: Libp2p;
  try {
    node = await createLibp2p({
      privateKey: options.peerKey,
      addresses: { listen: [...options.listen] },
      transports: [tcp()],
      connectionEncrypters: [withFewerWrites(tls())],
      streamMuxers: [yamux()],
      connectionGater: membersOnly(isMember),
      connectionMonitor: { enabled: false },
      connectionManager: {
        maxConnections: connectionsMax,
        maxIncomingPendingConnections: connectionsMax,
        // Several members may run on one host, and all of them redial after a cut.
        inboundConnectionThreshold: connectionsMax,
        reconnectRetries: 0,
        dialTimeout: dialTimeoutMs,
      },
      services: options.gossip ? { identify: identify(), ...withGossip } : { identify: identify() },
    });
  } catch (cause) {
    const message = 'the mesh cannot listen on its configured addresses';
    throw new DirectoryError<ReplicationErrorCode>('listen_failed', message, { cause });
  }
  return new Libp2pNetwork(node, gossip, { ...options, table: peers });
}

function membersOnly(isMember: (peerId: PeerId) => boolean): ConnectionGater {
  return {
    // Private addresses are dialled too: a testnet has no others.
    denyDialMultiaddr: () => false,
    denyDialPeer: (peerId) => !isMember(peerId),
    denyInboundEncryptedConnection: (peerId) => !isMember(peerId),
    denyOutboundEncryptedConnection: (peerId) => !isMember(peerId),
  };
}

export class Libp2pNetwork implements Network {
  readonly #node: Libp2p;
  readonly #gossip: GossipSub | undefined;
  readonly #options: Libp2pNetworkOptions;
  readonly #peers: PeerTable;
  readonly #connects = new Listeners<string>();
  /** By member, aborted when its last connection closes. */
  readonly #lost = new Map<string, AbortController>();
  readonly #stop = new AbortController();
  /** Loops that keep a member connected, and what ends each. */
  readonly #redialling = new Map<string, Redialling>();

  constructor(
    node: Libp2p,
    gossip: GossipSub | undefined,
    options: Libp2pNetworkOptions & { readonly table: PeerTable },
  ) {
    this.#node = node;
    this.#gossip = gossip;
    this.#options = options;
    this.#peers = options.table;
    node.addEventListener('peer:connect', ({ detail }) => {
      const name = this.#peers.nameOf(detail);
      if (name !== undefined) this.#connects.tell(name);
    });
    node.addEventListener('connection:open', ({ detail }) => this.#replace(detail));
    node.addEventListener('peer:disconnect', ({ detail }) => {
      const name = this.#peers.nameOf(detail) ?? '';
      this.#lost.get(name)?.abort();
      this.#lost.delete(name);
    });
    gossip?.subscribe(batchesTopic);
    for (const peer of options.peers) this.#dial(peer);
  }

  admit(peers: readonly MeshPeer[]): void {
    const { added, gone } = this.#peers.admit(peers);
    for (const { name, peerId } of gone) {
      this.#redialling.get(name)?.stop.abort();
      this.#redialling.delete(name);
      // The gater lets nobody in again; what is open is closed here, gossip with it.
      this.#node.hangUp(peerId).catch(() => undefined);
    }
    if (this.#stop.signal.aborted) return;
    for (const peer of added) this.#dial(peer);
  }

  /** Addresses that this node listens on, with its peer id. */
  addresses(): string[] {
    return this.#node.getMultiaddrs().map(String);
  }

  connected(): readonly string[] {
    return this.#peers.names.filter((name) => this.#connectionTo(name) !== undefined);
  }

  async open(memberName: string, protocol: StreamProtocol): Promise<FrameStream> {
    const connection = this.#connectionTo(memberName);
    if (connection === undefined) {
      throw new DirectoryError<ReplicationErrorCode>('peer_unreachable', 'no connection');
    }
    try {
      const stream = await connection.newStream(protocol.name, {
        signal: AbortSignal.timeout(dialTimeoutMs),
        maxOutboundStreams: protocol.streamsMax,
        runOnLimitedConnection: false,
      });
      return frameStream(stream, protocol.answerBytesMax);
    } catch (cause) {
      throw new DirectoryError<ReplicationErrorCode>('peer_unreachable', 'no stream', { cause });
    }
  }

  /**
   * The newest one. A member that goes on elsewhere, or after its power was cut, connects anew; to what it
   * was before there may still be a connection on which nobody answers.
   */
  #connectionTo(memberName: string): Connection | undefined {
    const peerId = this.#peers.peerIdOf(memberName);
    if (peerId === undefined) return undefined;
    return this.#node
      .getConnections(peerId)
      .filter(({ status }) => status === 'open')
      .reduce<Connection | undefined>(
        (newest, one) =>
          newest === undefined || one.timeline.open >= newest.timeline.open ? one : newest,
        undefined,
      );
  }

  /**
   * Who is connected does not connect again, but that two dial each other at once. So an older connection that was
   * dialled from the same side, or long before, is to what the member was before: what waits on it for an answer
   * would wait until its time is over.
   */
  #replace({ remotePeer, direction, timeline }: Connection): void {
    for (const older of this.#node.getConnections(remotePeer)) {
      const ageMs = timeline.open - older.timeline.open;
      const isBefore = ageMs > dialTimeoutMs || (ageMs > 0 && older.direction === direction);
      if (isBefore) older.abort(new Error('the peer has connected anew'));
    }
  }

  async serve(
    protocol: StreamProtocol,
    serveStream: (stream: FrameStream, memberName: string) => Promise<void>,
  ): Promise<void> {
    await this.#node.handle(
      protocol.name,
      async (stream, connection) => {
        const frames = frameStream(stream, protocol.requestBytesMax);
        const name = this.#peers.nameOf(connection.remotePeer);
        if (name === undefined) return frames.abort();
        try {
          await serveStream(frames, name);
          await frames.close();
        } catch {
          // The peer sees the reset; whoever serves has told what it thinks of the peer.
          frames.abort();
        }
      },
      { maxInboundStreams: protocol.streamsMax, runOnLimitedConnection: false },
    );
  }

  onConnect(listener: (memberName: string) => void): () => void {
    return this.#connects.add(listener);
  }

  async publish(message: Uint8Array): Promise<void> {
    await this.#gossip?.publish(batchesTopic, message);
  }

  onMessage(judge: (message: Uint8Array, memberName: string) => GossipVerdict): void {
    this.#gossip?.topicValidators.set(batchesTopic, (peerId, { data }) => {
      const name = this.#peers.nameOf(peerId);
      return results[name === undefined ? 'ignore' : judge(data, name)];
    });
  }

  #dial(peer: MeshPeer): void {
    const stop = new AbortController();
    this.#redialling.set(peer.name, { stop, ended: this.#keepConnected(peer, stop.signal) });
  }

  #keepConnected(peer: MeshPeer, stopped: AbortSignal): Promise<void> {
    const peerId = peerIdFromString(peer.peerId);
    const ended = AbortSignal.any([stopped, this.#stop.signal]);
    const target = {
      isConnected: () => this.#connectionTo(peer.name) !== undefined,
      untilLost: () => this.#untilLost(peer.name),
      dial: async () => {
        const addresses = peer.addresses().map((address) => addressOf(address, peerId));
        if (addresses.length === 0) throw new Error('no address to dial');
        const timeout = AbortSignal.timeout(dialTimeoutMs);
        const signal = AbortSignal.any([timeout, ended]);
        await this.#node.dial(addresses, { signal });
      },
    };
    return keepConnected(target, this.#options, ended);
  }

  #untilLost(name: string): AbortSignal {
    const lost = this.#lost.get(name) ?? new AbortController();
    this.#lost.set(name, lost);
    return lost.signal;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all([...this.#redialling.values()].map(({ ended }) => ended));
    await this.#node.stop();
  }
}

const results: Readonly<Record<GossipVerdict, TopicValidatorResult>> = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
};

function addressOf(address: string, peerId: PeerId): ReturnType<typeof multiaddr> {
  const suffix = `/p2p/${peerId.toString()}`;
  return multiaddr(address.endsWith(suffix) ? address : `${address}${suffix}`);
}
