/** Replicas without a network: a test carries leaves between them, and moves their one clock. */
import type { Store } from '../../src/store/store.ts';
import { memoryStore } from '../../src/store/memory-store.ts';
import type { Replica } from '../../src/replica.ts';
import { openReplica, TestClock } from './federation.ts';
import type { TestFederation } from './federation.ts';
import { submissionOf } from './holder.ts';
import type { Holder, MadeEntry } from './holder.ts';

export class Ring {
  readonly clock = new TestClock();
  readonly #stores = new Map<string, Store>();
  readonly #replicas = new Map<string, Replica>();

  /** Opens a member's replica, again on the same store, under these pinned charters. */
  async open(name: string, ...pinned: readonly TestFederation[]): Promise<Replica> {
    const store = this.store(name);
    const replica = await openReplica(pinned.at(-1)!, name, {
      store: { ...store, close: async () => {} },
      clock: this.clock,
      charterNotes: pinned.map(({ note }) => note),
      indexed: true,
    });
    this.#replicas.set(name, replica);
    return replica;
  }

  store(name: string): Store {
    const store = this.#stores.get(name) ?? memoryStore();
    this.#stores.set(name, store);
    return store;
  }

  /** Has a member's next replicas opened on this store. */
  useStore(name: string, store: Store): void {
    this.#stores.set(name, store);
  }

  get(name: string): Replica {
    return this.#replicas.get(name)!;
  }

  async close(name: string): Promise<void> {
    const replica = this.#replicas.get(name);
    this.#replicas.delete(name);
    await replica?.[Symbol.asyncDispose]();
  }

  async closeAll(): Promise<void> {
    for (const name of this.#replicas.keys()) await this.close(name);
  }

  /** Brings every log to every open replica until nobody has more than another. */
  async exchange(): Promise<void> {
    for (let moved = true; moved;) {
      moved = false;
      for (const from of this.#replicas.values()) {
        for (const to of this.#replicas.values()) {
          if (from !== to) moved = (await bring(from, to)) || moved;
        }
      }
    }
  }

  /** Adopts a charter at each, while leaves travel between them; returns the verdicts. */
  async adopt(names: readonly string[], { note }: TestFederation): Promise<string[]> {
    const adopting = Promise.all(names.map((name) => this.get(name).adopt(note)));
    while ((await Promise.race([adopting, moment()])) === undefined) await this.exchange();
    const verdicts = await adopting;
    await this.exchange();
    return verdicts.map((verdict) => (verdict.verdict === 'accept' ? 'accept' : verdict.code));
  }

  /** Logs an entry at one member; returns `accept` or the code. */
  async log(name: string, made: MadeEntry, role: 'received' | 'challenged' | 'witnessed') {
    const verdict = await this.get(name).log(submissionOf(made, role));
    return verdict.verdict === 'accept' ? 'accept' : verdict.code;
  }

  /** Registers at the first of these members, and has the others witness it. */
  async register(holder: Holder, [first, ...others]: readonly string[]): Promise<MadeEntry> {
    const made = await holder.register();
    const code = await this.log(first!, made, 'challenged');
    if (code !== 'accept') throw new Error(code);
    await this.exchange();
    for (const other of others) await this.log(other, made, 'witnessed');
    await this.exchange();
    return made;
  }

  /** What the members say in their index roots, without their signatures: each text once. */
  async roots(names: readonly string[]): Promise<Set<string>> {
    const roots = new Set<string>();
    for (const name of names) {
      await this.get(name).settleIndex();
      roots.add(this.get(name).indexRoot!.split('\n\n')[0]!);
    }
    return roots;
  }
}

const moment = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

async function bring(from: Replica, to: Replica): Promise<boolean> {
  let moved = false;
  for (const { origin } of from.logSizes()) {
    if (origin === to.origin) continue;
    const page = await from.page(origin, to.expectedSize(origin));
    if (page === undefined || page.leaves.length === 0) continue;
    const taken = await to.ingest(page);
    moved ||= taken.verdict === 'accept';
  }
  return moved;
}
