/**
 * All logs of the federation as one member has them: its own, and mirrors of the others, each with
 * the intake through which it grows. What an intake has accepted is integrated in turn, log by log.
 */
import type { Checkpoint, Cryptography, Verdict } from '@callbook/protocol';
import { accept, assert, reject } from '@callbook/protocol';

import type { LogBatch } from '../batch/log-batch.ts';
import type { LogMember } from '../charter/membership.ts';
import type { Scheduler } from '../scheduler.ts';
import type { StoreWriter } from '../store/store-writer.ts';
import type { Store } from '../store/store.ts';
import { LogIntake } from './log-intake.ts';
import type { Extension } from './log-intake.ts';
import { readPage } from './log-pages.ts';
import { StoredLog } from './stored-log.ts';
import type { TileRequest } from './stored-log.ts';
import type { VerifiedEntries } from './verified-entries.ts';

export interface LogSetContext {
  readonly store: Store;
  readonly writer: StoreWriter;
  readonly crypto: Cryptography;
  readonly scheduler: Scheduler;
  readonly entries: VerifiedEntries;
  readonly ownOrigin: string;
  /** Stores and folds leaves that an intake has accepted. */
  readonly integrate: (intake: LogIntake, extension: Extension) => Promise<void>;
  /** What takes lost leaves of the own log back, while it is shut. */
  readonly ownIntake: () => Verdict<LogIntake>;
}

/** A stretch that is counted on from now on. */
export interface Offered {
  /** Resolves when the leaves are stored and folded. */
  readonly integrated: Promise<void>;
}

export class LogSet {
  readonly #context: LogSetContext;
  readonly #logs = new Map<string, StoredLog>();
  readonly #intakes = new Map<string, LogIntake>();
  readonly #integrations = new Map<string, Promise<unknown>>();

  private constructor(context: LogSetContext) {
    this.#context = context;
  }

  static async open(members: readonly LogMember[], context: LogSetContext): Promise<LogSet> {
    const logs = new LogSet(context);
    await logs.add(members);
    return logs;
  }

  /** Opens the logs of these members, those that are not open yet. */
  async add(members: readonly LogMember[]): Promise<void> {
    const { store, crypto, ownOrigin } = this.#context;
    for (const { logKey } of members) {
      const origin = logKey.name;
      if (this.#logs.has(origin)) continue;
      const log = await StoredLog.open(origin, store, crypto);
      this.#logs.set(origin, log);
      if (origin !== ownOrigin) {
        this.#intakes.set(origin, new LogIntake(log, logKey, this.#context));
      }
    }
  }

  get all(): readonly StoredLog[] {
    return [...this.#logs.values()];
  }

  get own(): StoredLog {
    return this.get(this.#context.ownOrigin)!;
  }

  get(origin: string): StoredLog | undefined {
    return this.#logs.get(origin);
  }

  intake(origin: string): Verdict<LogIntake> {
    if (origin === this.#context.ownOrigin) return this.#context.ownIntake();
    const intake = this.#intakes.get(origin);
    return intake === undefined
      ? reject('log_unknown', 'the charter names no log of this origin')
      : accept(intake);
  }

  /** Takes in a stretch of another member's log; the verdict says that the leaves belong to it. */
  offer(batch: LogBatch): Verdict<Offered> {
    const intake = this.intake(batch.origin);
    if (intake.verdict !== 'accept') return intake;
    const extensions = intake.value.extend(batch);
    if (extensions.verdict !== 'accept') return extensions;
    const { integrate, writer } = this.#context;
    const before = this.#integrations.get(batch.origin) ?? Promise.resolve();
    const integrated = before.then(async () => {
      for (const extension of extensions.value) await integrate(intake.value, extension);
    });
    this.#integrations.set(batch.origin, integrated);
    // An accepted stretch is counted on by those after it: one that fails ends all writing.
    integrated.catch((error) => writer.fail('a log could not be integrated', error));
    return accept({ integrated });
  }

  /** Takes note of a checkpoint of another member's log: how far that log has come. */
  learn(origin: string, checkpoint: string): Verdict<Checkpoint> {
    const intake = this.intake(origin);
    return intake.verdict === 'accept' ? intake.value.learn(checkpoint) : intake;
  }

  /** Leaves stored of a log that is open. */
  size(origin: string): number {
    const log = this.#logs.get(origin);
    assert(log !== undefined, 'a log that is not open');
    return log.size;
  }

  /** Leaves of another member's log that are stored, or accepted and on their way there. */
  expectedSize(origin: string): number {
    return this.#growing(origin)?.projectedSize ?? this.#logs.get(origin)?.size ?? 0;
  }

  /** Largest size that a log is known to have signed. */
  signedSize(origin: string): number {
    return this.#growing(origin)?.signedSize ?? this.#logs.get(origin)?.size ?? 0;
  }

  #growing(origin: string): LogIntake | undefined {
    const intake = this.intake(origin);
    return intake.verdict === 'accept' ? intake.value : undefined;
  }

  /** Leaves stored of each log. */
  sizes(): { readonly origin: string; readonly size: number }[] {
    return this.all.map(({ origin, size }) => ({ origin, size }));
  }

  /** A tile or entry bundle of a log, of any width that is stored. */
  tile(request: TileRequest & { readonly origin: string }): Uint8Array | undefined {
    return this.#logs.get(request.origin)?.tile(request);
  }

  /** A page of a log for another member; undefined while there is nothing signed of it here. */
  async page(origin: string, first: number): Promise<LogBatch | undefined> {
    const log = this.#logs.get(origin);
    return log === undefined ? undefined : readPage(log, this.#context.store, first);
  }

  /** Waits until all that was accepted is integrated, or has failed. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#integrations.values());
  }
}
