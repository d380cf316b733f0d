/**
 * Processes of one member on one ledger, in an order that a seed picks. Whatever a process waits for, an
 * answer of the ledger, of its disk or of a timer, comes when the world lets it come: so a process sleeps
 * between any two of its steps for as long as it likes, dies there, or hears nothing of the ledger. Time does
 * not pass otherwise; whoever looks often enough takes over, however well the other is.
 */
import { setImmediate } from 'node:timers/promises';
import type { Ed25519Signer } from '@callbook/protocol';
import { DirectoryError } from '@callbook/protocol';
import { memoryStore } from '@callbook/replication';
import type { Replica, Scheduler, Store } from '@callbook/replication';
import { standBy } from '@callbook/replication/shared-database';
import type { SharedStore } from '@callbook/replication/shared-database';
import { crypto, openReplica } from '../../../packages/replication/test/support/federation.ts';
import type { TestFederation } from '../../../packages/replication/test/support/federation.ts';
import { Holder, submissionOf } from '../../../packages/replication/test/support/holder.ts';
import type { SeededRandom } from '../../src/simulation/seeded-random.ts';

interface Step {
  readonly of: Process;
  /** Reaches the ledger also while the process sleeps. */
  readonly isOnItsWay: boolean;
  readonly run: () => void;
}

interface Process {
  readonly disk: Store;
  readonly stop: AbortController;
  isDead: boolean;
  isAsleep: boolean;
  isCutOff: boolean;
}

/** A leaf that somebody has a receipt for. */
interface Receipted {
  readonly index: number;
  readonly leaf: string;
}

export interface LeaseWorldOptions {
  readonly federation: TestFederation;
  readonly random: SeededRandom;
  readonly processCount: number;
  /** For the proof that the test finds what it looks for: the ledger takes every write. */
  readonly isUnfenced?: boolean;
}

/** What the member has signed, and promised, by whichever process. */
export class LeaseWorld {
  /** Roots by size of the log, as an auditor who never sleeps would have them. */
  readonly signed = new Map<number, Set<string>>();
  readonly receipted: Receipted[] = [];
  /** Why processes ended by themselves. */
  readonly ends: string[] = [];
  takenOver = 0;
  readonly #options: LeaseWorldOptions;
  readonly #rows = memoryStore();
  readonly #processes: Process[] = [];
  #steps: Step[] = [];
  #nextNumber = 100_000;

  constructor(options: LeaseWorldOptions) {
    this.#options = options;
    for (let n = 0; n < options.processCount; n++) this.#start(memoryStore());
  }

  /** Plays so many steps, with sleep, death and silence among them. */
  async play(stepCount: number): Promise<void> {
    const { random } = this.#options;
    for (let n = 0; n < stepCount; n++) {
      if (random.chance(0.02)) this.#disturb();
      await this.#step();
    }
  }

  /** Wakes everybody, and plays on until so many receipts more are given. */
  async settle(receiptCount: number, stepsMax: number): Promise<boolean> {
    for (const one of this.#processes) Object.assign(one, { isAsleep: false, isCutOff: false });
    const wanted = this.receipted.length + receiptCount;
    for (let n = 0; n < stepsMax && this.receipted.length < wanted; n++) await this.#step();
    return this.receipted.length >= wanted;
  }

  #disturb(): void {
    const { random } = this.#options;
    const one = random.pick(this.#processes);
    const what = random.below(6);
    if (what < 3) one.isAsleep = !one.isAsleep;
    else if (what < 5) one.isCutOff = !one.isCutOff;
    else this.#restart(one);
  }

  async #step(): Promise<void> {
    // Everything that follows from the last step without waiting.
    await setImmediate();
    this.#steps = this.#steps.filter(({ of }) => !of.isDead);
    const ready = this.#steps.filter(({ of, isOnItsWay }) => isOnItsWay || !of.isAsleep);
    if (ready.length === 0) {
      for (const one of this.#processes) one.isAsleep = false;
      return;
    }
    const step = this.#options.random.pick(ready);
    this.#steps.splice(this.#steps.indexOf(step), 1);
    step.run();
  }

  #start(disk: Store): void {
    const stop = new AbortController();
    const one: Process = { disk, stop, isDead: false, isAsleep: false, isCutOff: false };
    this.#processes.push(one);
    this.#live(one).catch((error: unknown) => {
      if (one.isDead) return;
      this.ends.push(error instanceof DirectoryError ? error.code : String(error));
      this.#restart(one);
    });
  }

  /** Kills a process and starts another on its disk. */
  #restart(one: Process): void {
    one.isDead = true;
    this.#processes.splice(this.#processes.indexOf(one), 1);
    this.#start(one.disk);
  }

  /** As the daemon does it: waits for the lease, opens the log, logs what comes. */
  async #live(one: Process): Promise<void> {
    const { federation, random } = this.#options;
    const scheduler: Scheduler = {
      delay: async (_delayMs, signal) => {
        if (signal?.aborted !== true) {
          const { promise, resolve } = Promise.withResolvers<void>();
          signal?.addEventListener('abort', () => resolve(), { once: true });
          this.#later(one, resolve);
          await promise;
        }
      },
      yield: async () => await this.#turn(one),
    };
    const leased = await standBy({
      store: this.#slow(one),
      ledger: this.#ledgerOf(one),
      clock: { nowMs: () => 1_760_000_000_000 },
      random: random.branch(`process ${this.#nextNumber++}`),
      scheduler,
      signal: one.stop.signal,
    });
    if (leased === undefined) return;
    this.takenOver += 1;
    const replica = await openReplica(federation, 'alpha', {
      store: leased.store,
      scheduler,
      ownLogConfirmed: true,
      logSigner: this.#signer(),
    });
    await Promise.race([leased.lost.then((error) => Promise.reject(error)), this.#serve(replica)]);
  }

  async #serve(replica: Replica): Promise<void> {
    for (;;) {
      const people = Array.from({ length: 3 }, () => new Holder(`tel:+34912${this.#nextNumber++}`));
      await Promise.all(
        people.map(async (person) => {
          const verdict = await replica.log(submissionOf(await person.register(), 'challenged'));
          if (verdict.verdict !== 'accept') throw new Error(verdict.code);
          const { index, leaf } = verdict.value;
          this.receipted.push({ index, leaf: leaf.toHex() });
        }),
      );
    }
  }

  /** Signs as the member does, and keeps what was signed: there is no way to take it back. */
  #signer(): Ed25519Signer {
    const { logSecretKey, origin } = this.#options.federation.members[0]!;
    const inner = crypto.ed25519Signer(logSecretKey);
    return {
      ...inner,
      publicKey: inner.publicKey,
      sign: (message) => {
        const [name, size, root] = new TextDecoder().decode(message).split('\n');
        if (name === origin) {
          const roots = this.signed.get(Number(size)) ?? new Set();
          this.signed.set(Number(size), roots.add(root!));
        }
        return inner.sign(message);
      },
    };
  }

  #ledgerOf(one: Process): SharedStore {
    const rows = this.#rows;
    const { isUnfenced, random } = this.#options;
    const call = async <T>(run: () => Promise<T>): Promise<T> => {
      await new Promise<void>((resolve) => {
        this.#steps.push({ of: one, isOnItsWay: true, run: resolve });
      });
      if (one.isCutOff && random.chance(0.5)) {
        await this.#turn(one);
        throw unavailable();
      }
      const answer = await run();
      await this.#turn(one);
      // It was done, and nobody hears of it.
      if (one.isCutOff) throw unavailable();
      return answer;
    };
    return {
      get: async (rowKey) => await call(async () => rows.get(rowKey)),
      getMany: async (rowKeys) => await call(async () => await rows.getMany(rowKeys)),
      range: async (range) => await call(async () => await rows.range(range)),
      batch: async (changes, options) => await call(async () => await rows.batch(changes, options)),
      batchIf: async ({ rowKey, value }, changes) =>
        await call(async () => {
          const found = rows.get(rowKey);
          const isSame =
            found === undefined ? value === undefined : value?.toHex() === found.toHex();
          if (!isSame && isUnfenced !== true) return false;
          await rows.batch(changes, { durable: true });
          return true;
        }),
      snapshot: () => Promise.reject(unavailable()),
      hint: () => Promise.resolve(),
      onHint: () => ({ [Symbol.asyncDispose]: () => Promise.resolve() }),
      close: () => Promise.resolve(),
    };
  }

  /** The disk of a process: each batch is there at some moment, and is answered at a later one. */
  #slow(one: Process): Store {
    const { disk } = one;
    return {
      ...disk,
      batch: async (changes, options) => {
        await this.#turn(one);
        await disk.batch(changes, options);
        await this.#turn(one);
      },
    };
  }

  async #turn(one: Process): Promise<void> {
    await new Promise<void>((resolve) => this.#later(one, resolve));
  }

  #later(one: Process, run: () => void): void {
    this.#steps.push({ of: one, isOnItsWay: false, run });
  }
}

function unavailable(): DirectoryError {
  return new DirectoryError('shared_store_unavailable', 'cut off');
}
