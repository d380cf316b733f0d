/**
 * A member's disk: the store port over memory, with the crashes that the port allows. A batch is
 * there as a whole or not at all; a durable one, and all before it, survive; of the others a crash
 * takes a suffix. At each durable batch the process may die or be told of a failure, in pairs: *failed,
 * not persisted* and *failed, but persisted*.
 */
import type { RowChange, Store } from '@callbook/replication';
import { memoryStore } from '@callbook/replication';
import type { Lifetime } from './lifetime.ts';
import type { SeededRandom } from './seeded-random.ts';

export interface DiskFault {
  /** Whether the process dies or is told of the failure. */
  readonly ends: 'crash' | 'error';
  /** Whether the batch is on disk nevertheless. */
  readonly persisted: boolean;
}

export const diskFaults: readonly DiskFault[] = [
  { ends: 'crash', persisted: false },
  { ends: 'crash', persisted: true },
  { ends: 'error', persisted: false },
  { ends: 'error', persisted: true },
];

export interface DiskOptions {
  readonly random: SeededRandom;
  /** Called at each durable batch, counted from 1: whether, and how, it fails. */
  readonly faultAt: (durableStep: number) => DiskFault | undefined;
  /** Called when a fault kills the process. */
  readonly onCrash: () => void;
}

export class SimulatedDisk {
  readonly #options: DiskOptions;
  /** Every batch that is applied, oldest first. */
  #batches: (readonly RowChange[])[] = [];
  /** How many of them survive a crash. */
  #durableCount = 0;
  #memory: Store = memoryStore();
  /** Durable batches asked for so far, failed ones included. */
  #durableSteps = 0;

  constructor(options: DiskOptions) {
    this.#options = options;
  }

  get durableSteps(): number {
    return this.#durableSteps;
  }

  /** The process or the machine has died: what was not flushed may be gone. */
  crash(): void {
    const { random } = this.#options;
    const kept = random.between(this.#durableCount, this.#batches.length);
    this.#batches = this.#batches.slice(0, kept);
    this.#durableCount = kept;
    this.#memory = memoryStore();
    // Memory takes a batch over in the same turn: only its answer comes later.
    for (const changes of this.#batches) void this.#memory.batch(changes, { durable: true });
  }

  /** A backup takes the place of what was there: all that was written since is gone. */
  restoreBackup(): void {
    this.#batches = this.#batches.slice(0, this.#options.random.between(0, this.#batches.length));
    this.#durableCount = this.#batches.length;
    this.crash();
  }

  /** The store as one process sees it. */
  open(life: Lifetime): Store {
    const memory = this.#memory;
    return {
      get: (rowKey) => memory.get(rowKey),
      getMany: (rowKeys) => answer(life, () => memory.getMany(rowKeys)),
      range: (range) => answer(life, () => memory.range(range)),
      batch: (changes, { durable }) =>
        durable ? this.#writeDurable(changes, life) : this.#write(changes, life),
      snapshot: () => memory.snapshot(),
      compact: async () => {},
      close: async () => {},
    };
  }

  async #write(changes: readonly RowChange[], life: Lifetime): Promise<void> {
    const { random } = this.#options;
    if (random.chance(0.3)) await wait(life, random.below(4), 'write');
    if (!life.alive) return never();
    await this.#apply(changes);
  }

  async #writeDurable(changes: readonly RowChange[], life: Lifetime): Promise<void> {
    const { random, faultAt, onCrash } = this.#options;
    await wait(life, random.chance(0.05) ? random.below(400) : random.below(12), 'flush');
    const fault = faultAt(++this.#durableSteps);
    if (fault === undefined || fault.persisted) {
      await this.#apply(changes);
      this.#durableCount = this.#batches.length;
    }
    if (fault?.ends === 'error') throw new Error('simulated disk failure');
    if (fault?.ends === 'crash') {
      onCrash();
      return never();
    }
  }

  async #apply(changes: readonly RowChange[]): Promise<void> {
    this.#batches.push(changes);
    await this.#memory.batch(changes, { durable: true });
  }
}

/** Answers a living process; a dead one waits for ever. */
async function answer<T>(life: Lifetime, read: () => Promise<T>): Promise<T> {
  const value = await read();
  return life.alive ? value : never();
}

function wait(life: Lifetime, delayMs: number, what: string): Promise<void> {
  return new Promise((resolve) => life.after(delayMs, what, resolve));
}

function never(): Promise<never> {
  return new Promise(() => {});
}
