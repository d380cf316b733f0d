/**
 * A member among the others: one replica on one network. Gossip announces, the tail delivers, the
 * notary gathers leaves; each is a part of its own and needs only the replica and the network port.
 */
import { randomBytes } from 'node:crypto';

import type { Clock, Cryptography, Random, Receipt, VerdictCode } from '@callbook/protocol';
import type { PrivateKey } from '@libp2p/interface';

import { CosignExchange } from './cosign/cosign-exchange.ts';
import { EvidenceExchange } from './evidence/evidence-exchange.ts';
import { GossipExchange } from './gossip/gossip-exchange.ts';
import { createLibp2pNetwork } from './network/libp2p-network.ts';
import type { MeshPeer, Network } from './network/network.ts';
import type { NotariseRequest } from './notarise/notarise-messages.ts';
import { Notary } from './notarise/notary.ts';
import { PayloadSeeker } from './payloads/payload-seeker.ts';
import { servePayloads } from './payloads/payload-server.ts';
import { serveSnapshots } from './snapshot/snapshot-server.ts';
import { guardNetwork } from './peers/guarded-network.ts';
import { Incidents } from './peers/incidents.ts';
import type { MeshIncident } from './peers/incidents.ts';
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

/** Joins the other members of the charter over libp2p. Errors: `listen_failed`. */
export async function createMesh(options: MeshOptions): Promise<Mesh> {
  const { replica, peerKey, listen, gossip, addressesOf } = options;
  const { scheduler = systemScheduler, random = systemRandom } = options;
  const peers = meshPeers(replica, addressesOf);
  const network = await createLibp2pNetwork({ peerKey, listen, peers, gossip, scheduler, random });
  const clock = options.clock ?? { nowMs: () => Date.now() };
  const mesh = await Mesh.join({ replica, crypto: options.crypto, network, clock, scheduler });
  replica.onCharter(() => network.admit(meshPeers(replica, addressesOf)));
  // A charter may have come into force while the mesh was joined.
  network.admit(meshPeers(replica, addressesOf));
  return mesh;
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
  #evidence: EvidenceExchange | undefined;
  readonly #incidents: Incidents;

  private constructor(options: JoinOptions, notary: Notary, incidents: Incidents) {
    const { replica, network, clock, scheduler, crypto } = options;
    const onIncident = incidents.report;
    this.#network = network;
    this.#notary = notary;
    this.#incidents = incidents;
    this.#follower = new LogFollower({ replica, network, clock, scheduler, crypto, onIncident });
    const wake = this.#follower.wake.bind(this.#follower);
    this.#gossip = new GossipExchange({ replica, network, clock, wake, onIncident });
    this.#payloads = new PayloadSeeker({ replica, network, clock, scheduler, onIncident });
  }

  /** Joins over any network: what a simulation calls. */
  static async join(joining: JoinOptions): Promise<Mesh> {
    const { replica, clock, scheduler } = joining;
    const incidents = new Incidents(clock);
    const network = guardNetwork(joining.network, incidents.scores, scheduler);
    const options = { ...joining, network, onIncident: incidents.report };
    await serveTail(network, replica);
    await servePayloads({ replica, network, onIncident: incidents.report });
    await serveSnapshots({ replica, network, onIncident: incidents.report });
    const notary = await Notary.open({
      replica,
      network,
      scheduler,
      onIncident: incidents.report,
    });
    const mesh = new Mesh(options, notary, incidents);
    const wake = mesh.#follower.wake.bind(mesh.#follower);
    mesh.#cosign = await CosignExchange.open({ ...options, wake });
    mesh.#evidence = await EvidenceExchange.open(options);
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
    this.#incidents.report(memberName, code);
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
    return this.#incidents.onIncident(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#gossip[Symbol.dispose]();
    this.#notary[Symbol.dispose]();
    await this.#cosign?.[Symbol.asyncDispose]();
    await this.#evidence?.[Symbol.asyncDispose]();
    await this.#follower[Symbol.asyncDispose]();
    await this.#payloads[Symbol.asyncDispose]();
    await this.#network[Symbol.asyncDispose]();
  }
}

/** The other members as peers; an expelled member has none, as nobody would let it in. */
export function meshPeers(replica: Replica, addressesOf: MeshOptions['addressesOf']): MeshPeer[] {
  const { memberName, membership } = replica;
  if (membership.byName(memberName) === undefined) return [];
  const addressesNow = (name: string): readonly string[] =>
    addressesOf?.(name) ?? replica.membership.byName(name)?.member.addresses ?? [];
  return membership.members
    .filter(({ member }) => member.name !== memberName)
    .map(({ member: { name, peerId } }) => ({ name, peerId, addresses: () => addressesNow(name) }));
}

export const systemRandom: Random = { bytes: (size) => randomBytes(size) };
