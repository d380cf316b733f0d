/** Honest members on networks in memory, all linked, and links to whoever else bears a name. */
import { Mesh } from '../../src/mesh.ts';
import type { MeshIncident } from '../../src/peers/incidents.ts';
import type { Replica } from '../../src/replica.ts';
import type { ReplicaOptions } from '../../src/replica-parts.ts';
import { systemScheduler } from '../../src/scheduler.ts';
import { memoryStore } from '../../src/store/memory-store.ts';
import type { Store } from '../../src/store/store.ts';
import { crypto, openReplica } from './federation.ts';
import type { TestFederation } from './federation.ts';
import { MemoryNetwork } from './memory-network.ts';

export interface HonestMember {
  readonly name: string;
  readonly replica: Replica;
  readonly mesh: Mesh;
  readonly network: MemoryNetwork;
  readonly store: Store;
  readonly incidents: MeshIncident[];
}

export class HonestMembers implements AsyncDisposable {
  readonly #federation: TestFederation;
  readonly #running: HonestMember[] = [];

  readonly #overrides: Partial<ReplicaOptions>;

  constructor(federation: TestFederation, overrides: Partial<ReplicaOptions> = {}) {
    this.#federation = federation;
    this.#overrides = overrides;
  }

  /** Starts a member that is linked to `others`; a name may be started twice. */
  async start(
    name: string,
    others: readonly MemoryNetwork[],
    store: Store = memoryStore(),
  ): Promise<HonestMember> {
    const clock = { nowMs: () => Date.now() };
    const replica = await openReplica(this.#federation, name, {
      store,
      clock,
      ...this.#overrides,
    });
    const network = new MemoryNetwork(name);
    const options = { replica, network, crypto, clock, scheduler: systemScheduler };
    const mesh = await Mesh.join(options);
    const incidents: MeshIncident[] = [];
    mesh.onIncident((incident) => incidents.push(incident));
    for (const other of others) network.link(other);
    const member = { name, replica, mesh, network, store, incidents };
    this.#running.push(member);
    return member;
  }

  async stop(member: HonestMember): Promise<void> {
    this.#running.splice(this.#running.indexOf(member), 1);
    await member.mesh[Symbol.asyncDispose]();
    await member.replica[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#running].map((member) => this.stop(member)));
  }
}

export async function until(holds: () => boolean, timeoutMs = 20_000): Promise<void> {
  const giveUpMs = Date.now() + timeoutMs;
  while (!holds()) {
    if (Date.now() > giveUpMs) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
