/**
 * A member among the others: one replica on one network. Gossip announces, the tail delivers, the
 * notary gathers leaves; each is a part of its own and needs only the replica and the network port.
 */
import { randomBytes } from 'node:crypto';

import type { Clock, Cryptography, Random, Receipt, VerdictCode } from '@callbook/protocol';
import type { PrivateKey } from '@libp2p/interface';

import { CosignExchange } from './cosign/cosign-exchange.ts';
import { GossipExchange } from './gossip/gossip-exchange.ts';
import { Listeners } from './listeners.ts';
import { createLibp2pNetwork } from './network/libp2p-network.ts';
import type { MeshPeer } from './network/libp2p-network.ts';
import type { Network } from './network/network.ts';
import type { NotariseRequest } from './notarise/notarise-messages.ts';
import { Notary } from './notarise/notary.ts';
import { PayloadSeeker } from './payloads/payload-seeker.ts';
import { servePayloads } from './payloads/payload-server.ts';
import type { Replica } from './replica.ts';
import { systemScheduler } from './scheduler.ts';
import type { Scheduler } from './scheduler.ts';
import { LogFollower } from './tail/log-follower.ts';
import { serveTail } from './tail/tail-server.ts';

export interface MeshOptions {
  /** Stays the caller's: dispose of it after the mesh. */
  readonly replica: Replica;
  readonly crypto: Cryptography;
  /** Ed25519 key whose peer id the charter names for this member. */
  readonly peerKey: PrivateKey;
  /** Multiaddrs to listen on. */
  readonly listen: readonly string[];
  /** False leaves everything to the tail. */
  readonly gossip: boolean;
  readonly clock?: Clock;
  readonly scheduler?: Scheduler;
  readonly random?: Random;
  /** Addresses of a member, by name, where they are not those of the charter. */
  readonly addressesOf?: (memberName: string) => readonly string[] | undefined;
}

/** A member has broken a rule, or sent what breaks one. */
export interface MeshIncident {
  readonly memberName: string;
  readonly code: VerdictCode;
}

/** Joins the other members of the charter over libp2p. Errors: `listen_failed`. */
export async function createMesh(options: MeshOptions): Promise<Mesh> {
  const { replica, peerKey, listen, gossip, addressesOf } = options;
  const { scheduler = systemScheduler, random = systemRandom } = options;
  const peers: MeshPeer[] = replica.membership.members
    .filter(({ member }) => member.name !== replica.memberName)
    .map(({ member: { name, peerId, addresses } }) => ({
      name,
      peerId,
      addresses: () => addressesOf?.(name) ?? addresses,
    }));
  const network = await createLibp2pNetwork({ peerKey, listen, peers, gossip, scheduler, random });
  const clock = options.clock ?? { nowMs: () => Date.now() };
  return Mesh.join({ replica, crypto: options.crypto, network, clock, scheduler });
}

export interface JoinOptions {
  readonly replica: Replica;
  readonly network: Network;
  readonly crypto: Cryptography;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
}

export class Mesh implements AsyncDisposable {
  readonly #network: Network;
  readonly #notary: Notary;
  readonly #follower: LogFollower;
  readonly #gossip: GossipExchange;
  readonly #payloads: PayloadSeeker;
  #cosign: CosignExchange | undefined;
  readonly #incidents: Listeners<MeshIncident>;

  private constructor(options: JoinOptions, notary: Notary, incidents: Listeners<MeshIncident>) {
    const { replica, network, clock, scheduler, crypto } = options;
    const onIncident = tellOf(incidents);
    this.#network = network;
    this.#notary = notary;
    this.#incidents = incidents;
    this.#follower = new LogFollower({ replica, network, clock, scheduler, crypto, onIncident });
    const wake = this.#follower.wake.bind(this.#follower);
    this.#gossip = new GossipExchange({ replica, network, clock, wake, onIncident });
    this.#payloads = new PayloadSeeker({ replica, network, clock, scheduler, onIncident });
  }

  /** Joins over any network: what a simulation calls. */
  static async join(options: JoinOptions): Promise<Mesh> {
    const { replica, network, crypto } = options;
    const incidents = new Listeners<MeshIncident>();
    await serveTail(network, replica);
    await servePayloads({ replica, network, onIncident: tellOf(incidents) });
    const notary = await Notary.open({ replica, network, crypto, onIncident: tellOf(incidents) });
    const mesh = new Mesh(options, notary, incidents);
    const wake = mesh.#follower.wake.bind(mesh.#follower);
    mesh.#cosign = await CosignExchange.open({ ...options, wake, onIncident: tellOf(incidents) });
    return mesh;
  }

  /** Names of the members to which there is a connection. */
  connected(): readonly string[] {
    return this.#network.connected();
  }

  /** The network, for what joins beside the mesh; it stops with the mesh. */
  get network(): Network {
    return this.#network;
  }

  /** Tells listeners of a rule broken that another part watches over. */
  report(memberName: string, code: VerdictCode): void {
    this.#incidents.tell({ memberName, code });
  }

  /** Addresses that this member listens on, with its peer id. */
  addresses(): readonly string[] {
    return this.#network.addresses();
  }

  /**
   * Asks the other members to log an entry and resolves with their receipts, when all that are
   * connected have answered or `enough` receipts are there.
   */
  notarise(request: NotariseRequest, enough?: number): Promise<Receipt[]> {
    return this.#notary.gather(request, enough);
  }

  /** Calls back when a member breaks a rule. */
  onIncident(listener: (incident: MeshIncident) => void): () => void {
    return this.#incidents.add(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#gossip[Symbol.dispose]();
    await this.#cosign?.[Symbol.asyncDispose]();
    await this.#follower[Symbol.asyncDispose]();
    await this.#payloads[Symbol.asyncDispose]();
    await this.#network[Symbol.asyncDispose]();
  }
}

const systemRandom: Random = { bytes: (size) => randomBytes(size) };

function tellOf(incidents: Listeners<MeshIncident>): (name: string, code: VerdictCode) => void {
  return (memberName, code) => incidents.tell({ memberName, code });
}
