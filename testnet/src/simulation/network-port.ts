/** One process's view of the simulated network: the port that the engine is given. */
import { createHash } from 'node:crypto';
import { DirectoryError } from '@callbook/protocol';
import type {
  FrameStream,
  GossipVerdict,
  Network,
  ReplicationErrorCode,
  StreamProtocol,
} from '@callbook/replication';
import type { Lifetime } from './lifetime.ts';
import type { SimulatedNetwork } from './simulated-network.ts';
import { StreamEnd } from './simulated-stream.ts';

/** An attempt to open a stream to a member that cannot be reached fails after this time. */
const openTimeoutMs = 5000;

type ServeStream = (stream: FrameStream, memberName: string) => Promise<void>;

interface Served {
  readonly protocol: StreamProtocol;
  readonly serveStream: ServeStream;
}

export class NetworkPort implements Network {
  readonly life: Lifetime;
  readonly #network: SimulatedNetwork;
  readonly #connected = new Set<string>();
  /** Members that are let in; undefined while nobody has said so: all. */
  #peers: ReadonlySet<string> | undefined;
  readonly #served = new Map<string, Served>();
  readonly #listeners = new Set<(memberName: string) => void>();
  /** Streams by the member at the other end, those that it opened and those opened to it. */
  readonly #streams = new Map<string, Set<StreamEnd>>();
  readonly #inbound = new Map<string, number>();
  readonly #seen = new Set<string>();
  #judge: (message: Uint8Array, memberName: string) => GossipVerdict = () => 'ignore';

  constructor(life: Lifetime, network: SimulatedNetwork) {
    this.life = life;
    this.#network = network;
  }

  addresses(): readonly string[] {
    return [];
  }

  connected(): readonly string[] {
    return [...this.#connected];
  }

  admit(peers: readonly { readonly name: string }[]): void {
    this.#peers = new Set(peers.map(({ name }) => name));
    for (const other of this.#connected) {
      if (!this.knows(other)) this.#network.part(this.life.owner, other);
    }
  }

  /** Whether this member lets another in, and dials it. */
  knows(other: string): boolean {
    return this.#peers?.has(other) ?? true;
  }

  async open(memberName: string, protocol: StreamProtocol): Promise<FrameStream> {
    if (!this.#connected.has(memberName)) throw unreachable();
    const there = this.#network.delayMs();
    const reached = Promise.withResolvers<FrameStream>();
    this.life.after(openTimeoutMs, 'open timeout', () => reached.reject(unreachable()));
    const other = this.#network.port(memberName);
    other?.life.after(there, `open ${protocol.name}`, () => {
      if (this.#isCut(memberName) || !this.life.alive) return;
      const ends = other.accept(this, protocol);
      if (ends === undefined) return;
      this.life.after(this.#network.delayMs(), 'opened', () => {
        this.#keep(memberName, ends);
        reached.resolve(ends);
      });
    });
    return reached.promise;
  }

  #isCut(other: string): boolean {
    const { owner } = this.life;
    return this.#network.isCut(owner, other) || this.#network.isCut(other, owner);
  }

  /** Serves a stream that another member opens; returns the other member's end, or nothing. */
  accept(opener: NetworkPort, protocol: StreamProtocol): StreamEnd | undefined {
    const served = this.#served.get(protocol.name);
    const { owner } = opener.life;
    const counted = `${owner} ${protocol.name}`;
    const count = this.#inbound.get(counted) ?? 0;
    if (served === undefined || !this.knows(owner)) return undefined;
    if (count >= served.protocol.streamsMax) return undefined;
    const [near, far] = StreamEnd.pair(
      { life: opener.life, frameBytesMax: protocol.answerBytesMax },
      { life: this.life, frameBytesMax: served.protocol.requestBytesMax },
      this.#network.wire,
    );
    this.#inbound.set(counted, count + 1);
    this.#keep(owner, far);
    const end = (): void => {
      this.#inbound.set(counted, this.#inbound.get(counted)! - 1);
    };
    served
      .serveStream(far, owner)
      .then(
        () => far.close(),
        () => far.abort(),
      )
      .finally(end);
    return near;
  }

  #keep(other: string, stream: StreamEnd): void {
    const streams = this.#streams.get(other) ?? new Set();
    this.#streams.set(other, streams.add(stream));
    stream.onDone(() => streams.delete(stream));
  }

  async serve(protocol: StreamProtocol, serveStream: ServeStream): Promise<void> {
    this.#served.set(protocol.name, { protocol, serveStream });
  }

  onConnect(listener: (memberName: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async publish(message: Uint8Array): Promise<void> {
    this.#seen.add(messageName(message));
    for (const other of this.#connected) this.gossipTo(other, message);
  }

  /** What a liar needs: to tell one member what it does not tell the others. */
  gossipTo(memberName: string, message: Uint8Array): void {
    if (this.life.alive) this.#network.gossip(this.life.owner, memberName, message);
  }

  onMessage(judge: (message: Uint8Array, memberName: string) => GossipVerdict): void {
    this.#judge = judge;
  }

  /** A gossip message arrives. Only one that is new and accepted is passed on. */
  hear(from: string, message: Uint8Array, isForgotten: boolean): void {
    const name = messageName(message);
    if (!this.life.alive || !this.knows(from)) return;
    if (this.#seen.has(name) && !isForgotten) return;
    this.#seen.add(name);
    if (this.#judge(message.slice(), from) !== 'accept') return;
    for (const other of this.#connected) if (other !== from) this.gossipTo(other, message);
  }

  connect(other: string): void {
    if (this.#connected.has(other)) return;
    this.#connected.add(other);
    for (const listener of this.#listeners) listener(other);
  }

  disconnect(other: string): void {
    this.#connected.delete(other);
    for (const stream of this.#streams.get(other) ?? []) stream.break();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const other of this.#connected) this.disconnect(other);
  }
}

function unreachable(): Error {
  return new DirectoryError<ReplicationErrorCode>('peer_unreachable', 'nobody answers');
}

/** How a message is known, as in production. */
function messageName(message: Uint8Array): string {
  return createHash('sha256').update(message).digest('latin1');
}
