/**
 * An honest member: the production engine on simulated ports, started, crashed and started again.
 * What survives a crash is its disk; clock and keys are the machine's.
 */
import type { CharterSet, Cryptography, Ed25519Signer } from '@callbook/protocol';
import { DirectoryError, noteSigner } from '@callbook/protocol';
import { createMemberDirectory } from '@callbook/node/member-directory';
import { createReplica, DraftExchange, Mesh } from '@callbook/replication';
import type { MeshIncident, MeshPeer, Network, Replica, Store } from '@callbook/replication';
import { Lifetime } from './lifetime.ts';
import type { SimulatedClock } from './simulated-clock.ts';
import type { SimulatedDisk } from './simulated-disk.ts';
import type { SimulatedFederation, SimulatedSecrets } from './simulated-federation.ts';
import type { SimulatedNetwork } from './simulated-network.ts';
import { storedLeaves } from './stored-leaves.ts';
import type { World } from './world.ts';

type MemberDirectory = ReturnType<typeof createMemberDirectory>;

/** A member's process while it runs. */
export interface RunningEngine {
  readonly replica: Replica;
  readonly mesh: Mesh;
  readonly directory: MemberDirectory;
  /** Where members draft the next charter. */
  readonly exchange: DraftExchange | undefined;
}

export interface MemberParts {
  readonly world: World;
  readonly network: SimulatedNetwork;
  readonly federation: SimulatedFederation;
  readonly secrets: SimulatedSecrets;
  /** Charters in its configuration, version 1 first. */
  readonly charterNotes: readonly string[];
  /** True when charters and drafts go from member to member. */
  readonly isDrafting: boolean;
  readonly crypto: Cryptography;
  readonly clock: SimulatedClock;
  readonly disk: SimulatedDisk;
  /** Lets the process sign while it is alive. */
  readonly signerFor: (isAlive: () => boolean) => Ed25519Signer;
  /** Leaves of the own log that are durable and signed. */
  readonly onLeaves: (origin: string, first: number, leaves: readonly Uint8Array[]) => void;
  /** The own log as a start found it. */
  readonly onRestart: (origin: string, size: number) => void;
  /** The member holds proof against a log. */
  readonly onConviction: (origin: string) => void;
  readonly onIncident: (incident: MeshIncident) => void;
  /** Puts something between engine and disk: how a test plants a bug. */
  readonly wrapStore: (store: Store) => Store;
  readonly wrapNetwork: (network: Network) => Network;
}

export class SimulatedMember {
  readonly #parts: MemberParts;
  #charterNotes: readonly string[];
  #starts = 0;
  #life: Lifetime | undefined;
  #engine: RunningEngine | undefined;
  /** True once a charter expels it: then it need not start again. */
  isExpelled = false;

  constructor(parts: MemberParts) {
    this.#parts = parts;
    this.#charterNotes = parts.charterNotes;
  }

  get name(): string {
    return this.#parts.secrets.name;
  }

  get origin(): string {
    return this.#parts.secrets.origin;
  }

  get clock(): SimulatedClock {
    return this.#parts.clock;
  }

  /** True from start to crash, although the engine may not be ready yet. */
  get isUp(): boolean {
    return this.#life !== undefined;
  }

  /** The engine, once it is ready. */
  get engine(): RunningEngine | undefined {
    return this.#engine;
  }

  start(): void {
    const { world } = this.#parts;
    if (this.#life !== undefined) return;
    const random = world.random.branch(`process ${this.name} ${this.#starts++}`);
    const life = new Lifetime(this.name, world, random);
    this.#life = life;
    world.note(this.name, 'start');
    this.#open(life).catch((error: unknown) => this.#fail(error, life));
  }

  async #open(life: Lifetime): Promise<void> {
    const { clock, crypto, disk, federation, network, secrets, signerFor } = this.#parts;
    const scheduler = life.scheduler();
    const store = this.#parts.wrapStore(disk.open(life));
    const logSigner = signerFor(() => life.alive);
    const replica = await createReplica({
      store,
      crypto,
      clock,
      scheduler,
      charterNotes: this.#charterNotes,
      memberName: secrets.name,
      logSigner,
      vrfSecretKey: federation.vrfSecretKey,
      indexed: true,
    });
    replica.onFailure((error) => this.#fail(error, life));
    this.#report(replica, life);
    const { onConviction } = this.#parts;
    replica.evidence.onEvidence(({ origins }) => {
      if (life.alive) origins.forEach((origin) => onConviction(origin));
    });
    const port = this.#parts.wrapNetwork(network.join(life));
    const mesh = await Mesh.join({ replica, crypto, network: port, clock, scheduler });
    mesh.onIncident((incident) => this.#parts.onIncident(incident));
    replica.onCharter(() => port.admit(peersOf(replica)));
    port.admit(peersOf(replica));
    const signer = noteSigner({ name: this.origin, signer: logSigner }, crypto);
    const drafts = { memberName: this.name, signer, store, crypto, clock, scheduler };
    const exchange = this.#parts.isDrafting
      ? await DraftExchange.open({
          ...drafts,
          charters: replica,
          network: mesh.network,
          onFailure: (error) => this.#fail(error, life),
          onIncident: (name, code) => mesh.report(name, code),
        })
      : undefined;
    const directory = createMemberDirectory({ replica, mesh, crypto, troubles: () => [] });
    this.#engine = { replica, mesh, directory, exchange };
    this.#parts.world.note(this.name, 'ready');
  }

  /** Tells of the whole log whenever it is opened for writing, then of each append. */
  #report(replica: Replica, life: Lifetime): void {
    const { onLeaves, onRestart, world } = this.#parts;
    replica.ownLog.onState((state) => {
      if (!life.alive) return;
      world.note(this.name, `own log ${state}`);
      if (state === 'contradicted') world.violate('own log', `${this.name} is shut for good`);
      if (state !== 'confirmed') return;
      const leaves = storedLeaves(replica, this.origin);
      onRestart(this.origin, leaves.length);
      onLeaves(this.origin, 0, leaves);
    });
    replica.onAppend(({ origin, first, leaves }) => {
      // A log that is being opened may take a charter up before it is told of as a whole.
      if (life.alive && replica.ownLog.state === 'confirmed') onLeaves(origin, first, leaves);
    });
  }

  /** A member whose store has failed is restarted by whoever watches over it. */
  #fail(error: unknown, life: Lifetime): void {
    if (!life.alive) return;
    const { world } = this.#parts;
    if (this.isExpelled && error instanceof DirectoryError && error.code === 'member_unknown') {
      return this.crash();
    }
    const isExpected = error instanceof DirectoryError && stoppingCodes.has(error.code);
    if (!isExpected || !isDiskFailure(error)) {
      world.violate('engine', `${this.name} failed: ${describe(error)}`);
      return;
    }
    life.after(0, 'exit', () => {
      this.crash();
      const event = { owner: this.name, what: 'restart' };
      world.after(life.random.between(50, 3000), event, () => this.start());
    });
  }

  /** Ends the process at once; a suffix of what was not flushed may be lost. */
  crash(): void {
    const { disk, network, world } = this.#parts;
    if (this.#life === undefined) return;
    world.note(this.name, 'crash');
    this.#life.kill();
    this.#life = undefined;
    this.#engine = undefined;
    network.leave(this.name);
    disk.crash();
  }

  /** Ends the process when the simulation is over: nothing may keep it in memory. */
  forget(): void {
    this.#life?.kill();
  }

  /** Ends the process in order and starts it again some time after it has ended. */
  async restart(): Promise<void> {
    const { network, world } = this.#parts;
    const [life, engine] = [this.#life, this.#engine];
    if (life === undefined || engine === undefined) return;
    world.note(this.name, 'stop');
    this.#engine = undefined;
    await engine.exchange?.[Symbol.asyncDispose]();
    await engine.mesh[Symbol.asyncDispose]();
    await engine.replica[Symbol.asyncDispose]();
    if (!life.alive || this.#life !== life) return;
    life.kill();
    this.#life = undefined;
    network.leave(this.name);
    const event = { owner: this.name, what: 'start again' };
    world.after(life.random.between(10, 10_000), event, () => this.start());
  }

  /**
   * The disk is lost: the process starts again over an older state of it, or none, and with all
   * charters in its configuration.
   */
  restoreBackup(charters: CharterSet): void {
    this.crash();
    this.#charterNotes = charters.all.map(({ note }) => note);
    this.#parts.world.note(this.name, 'restore a backup');
    this.#parts.disk.restoreBackup();
    this.start();
  }

  freeze(forMs: number): void {
    this.#parts.world.note(this.name, `freeze ${forMs}`);
    this.#life?.freeze(forMs);
  }
}

const stoppingCodes: ReadonlySet<string> = new Set(['replica_stopped', 'store_failed']);

/** As `createMesh` does for a network of sockets; nobody is dialled here by address. */
function peersOf({ membership, memberName }: Replica): MeshPeer[] {
  return membership.members
    .filter(({ member }) => member.name !== memberName)
    .map(({ member: { name, peerId } }) => ({ name, peerId, addresses: () => [] }));
}

function isDiskFailure(error: Error): boolean {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (cause.message === 'simulated disk failure') return true;
  }
  return false;
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `; cause: ${describe(error.cause)}` : '';
  return `${error.stack ?? error.message}${cause}`;
}
