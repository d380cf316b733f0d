/** Members over real sockets on loopback: started, stopped and started again, on a new disk unless a store is given. */
import { createMesh } from '../../src/mesh.ts';
import type { Mesh } from '../../src/mesh.ts';
import type { Replica } from '../../src/replica.ts';
import type { ReplicaOptions } from '../../src/replica-parts.ts';
import { memoryStore } from '../../src/store/memory-store.ts';
import type { Store } from '../../src/store/store.ts';
import { crypto, openReplica } from './federation.ts';
import type { TestFederation } from './federation.ts';

export interface RunningMember {
  readonly replica: Replica;
  readonly mesh: Mesh;
  /** Codes of rules that others have broken, as this member saw it. */
  readonly incidents: string[];
}

export class MeshMembers implements AsyncDisposable {
  readonly #federation: TestFederation;
  readonly #running = new Map<string, RunningMember>();
  readonly #addresses = new Map<string, readonly string[]>();

  constructor(federation: TestFederation) {
    this.#federation = federation;
  }

  async start(name: string, overrides: Partial<ReplicaOptions> = {}): Promise<RunningMember> {
    const { peerKey } = this.#federation.members.find((member) => member.name === name)!;
    const replica = await openReplica(this.#federation, name, {
      ownLogConfirmed: false,
      ...overrides,
    });
    const mesh = await createMesh({
      replica,
      crypto,
      peerKey,
      listen: ['/ip4/127.0.0.1/tcp/0'],
      gossip: false,
      ...(overrides.clock && { clock: overrides.clock }),
      addressesOf: (other) => this.#addresses.get(other) ?? [],
    });
    this.#addresses.set(name, mesh.addresses());
    const incidents: string[] = [];
    mesh.onIncident(({ code }) => incidents.push(code));
    const member = { replica, mesh, incidents };
    this.#running.set(name, member);
    return member;
  }

  async stop(name: string): Promise<void> {
    const { mesh, replica } = this.#running.get(name)!;
    this.#running.delete(name);
    this.#addresses.delete(name);
    await mesh[Symbol.asyncDispose]();
    await replica[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#running.keys()].map((name) => this.stop(name)));
  }
}

export async function until(holds: () => boolean, timeoutMs = 20_000): Promise<void> {
  const giveUpMs = Date.now() + timeoutMs;
  while (!holds()) {
    if (Date.now() > giveUpMs) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Copies a store as a backup would: all rows of one moment. */
export async function copyOf(store: Store): Promise<Store> {
  const rows = await store.range({
    gte: new Uint8Array(0),
    lt: new Uint8Array([255]),
    countMax: 1_000_000,
  });
  const copy = memoryStore();
  const changes = rows.map(([rowKey, value]) => ({ rowKey, value }));
  await copy.batch(changes, { durable: true });
  return copy;
}
