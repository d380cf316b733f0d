/**
 * All logs of the federation as one member has them: its own, and mirrors of the others, each with
 * the intake through which it grows. What an intake has accepted is integrated in turn, log by log.
 */
import type {
  CharterSet,
  Checkpoint,
  Cryptography,
  Refusal,
  Verdict,
  LogState,
} from '@callbook/protocol';
import { accept, assert, ignore, parseCheckpoint, parseNote } from '@callbook/protocol';

import type { LogBatch } from '../batch/log-batch.ts';
import type { LogMember, Membership } from '../charter/membership.ts';
import type { Mismatch } from '../evidence/fork-watch.ts';
import { farBehindLeavesMin } from '../limits.ts';
import type { Scheduler } from '../scheduler.ts';
import type { StoreWriter } from '../store/store-writer.ts';
import type { Store } from '../store/store.ts';
import { LogIntake } from './log-intake.ts';
import type { DecodedExtension, Extension } from './log-intake.ts';
import type { LeafVerifier } from './leaf-verifier.ts';
import { readPage } from './log-pages.ts';
import type { PageRequest } from './log-pages.ts';
import { StoredLog } from './stored-log.ts';
import type { LeafProof, TileRequest } from './stored-log.ts';
import type { VerifiedCheckpoints } from './verified-checkpoints.ts';
import type { VerifiedEntries } from './verified-entries.ts';

export interface LogSetContext {
  readonly store: Store;
  readonly writer: StoreWriter;
  readonly crypto: Cryptography;
  readonly scheduler: Scheduler;
  readonly entries: VerifiedEntries;
  readonly checkpoints: VerifiedCheckpoints;
  /** Those in force; others from one write to the next. */
  readonly charters: CharterSet;
  readonly ownershipOnly: boolean;
  /** Verifies leaves elsewhere while a log is far behind. */
  readonly verifier: LeafVerifier | undefined;
  readonly ownOrigin: string;
  /** Stores and folds leaves that an intake has accepted. */
  readonly integrate: (
    intake: LogIntake,
    extension: Extension,
    said: DecodedExtension,
  ) => Promise<void>;
  /** Tells whether nothing more of a log is taken in. */
  readonly frozen: (origin: string) => boolean;
  /** Hears of genuine checkpoints that do not fit what is stored. */
  readonly onMismatch: (mismatch: Mismatch) => void;
  /** What takes lost leaves of the own log back, while it is shut. */
  readonly ownIntake: () => Verdict<LogIntake>;
}

/** A stretch that is counted on from now on. */
export interface Offered {
  /** Resolves when the leaves are stored and folded. */
  readonly integrated: Promise<void>;
}

/** A stretch on its way: decoded, then stored and folded. */
interface Integration {
  /** Resolves when it is decoded, or never will be: then `stored` rejects. */
  readonly decoded: Promise<void>;
  readonly stored: Promise<void>;
}

const nothingBefore: Integration = { decoded: Promise.resolve(), stored: Promise.resolve() };

export class LogSet {
  readonly #context: LogSetContext;
  readonly #logs = new Map<string, StoredLog>();
  readonly #intakes = new Map<string, LogIntake>();
  readonly #integrations = new Map<string, Integration>();

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
    // A cut-off says what counts, where evidence only says that something is wrong.
    if (this.#context.frozen(origin) && intake?.isEnding !== true) {
      return ignore('log_frozen', 'nothing more of a log is taken in that has broken a rule');
    }
    // A member that has the next charter already knows logs that we do not.
    return intake === undefined
      ? ignore('log_unknown', 'the charter names no log of this origin')
      : accept(intake);
  }

  /** Takes in a stretch of another member's log; the verdict says that the leaves belong to it. */
  offer(batch: LogBatch): Verdict<Offered> {
    const intake = this.intake(batch.origin);
    if (intake.verdict !== 'accept') return intake;
    const extensions = intake.value.extend(batch);
    if (extensions.verdict !== 'accept') return this.#refused(extensions, batch.checkpoint);
    const { writer } = this.#context;
    const before = this.#integrations.get(batch.origin) ?? nothingBefore;
    const { promise: decoded, resolve: onDecoded } = Promise.withResolvers<void>();
    const steps = { before, onDecoded };
    const integrated = this.#integrate(intake.value, extensions.value, steps);
    this.#integrations.set(batch.origin, { decoded, stored: integrated });
    // An accepted stretch is counted on by those after it: one that fails ends all writing.
    integrated.catch((error) => writer.fail('a log could not be integrated', error));
    return accept({ integrated });
  }

  /** While one extension is stored the next is decoded. */
  async #integrate(
    intake: LogIntake,
    extensions: readonly Extension[],
    { before, onDecoded }: { before: Integration; onDecoded: () => void },
  ): Promise<void> {
    await before.decoded;
    let { stored } = before;
    try {
      for (const [place, extension] of extensions.entries()) {
        const said = await intake.decode(extension);
        if (place === extensions.length - 1) onDecoded();
        await stored;
        stored = this.#context.integrate(intake, extension, said);
        // It is awaited after the next is decoded, and fails there.
        stored.catch(() => undefined);
      }
      await stored;
    } finally {
      onDecoded();
    }
  }

  /** Takes note of a checkpoint of another member's log: how far that log has come. */
  learn(origin: string, checkpoint: string): Verdict<Checkpoint> {
    const intake = this.intake(origin);
    if (intake.verdict !== 'accept') return intake;
    const learned = intake.value.learn(checkpoint);
    return learned.verdict === 'accept' ? learned : this.#refused(learned, checkpoint);
  }

  /** Both codes come after the log's signature has been verified: the checkpoint is its own word. */
  #refused(refusal: Refusal, note: string): Refusal {
    if (refusal.code === 'log_forked' || refusal.code === 'batch_root_mismatch') {
      const parsed = parseNote(note);
      const checkpoint = parsed.verdict === 'accept' ? parseCheckpoint(parsed.value.text) : parsed;
      if (checkpoint.verdict === 'accept') {
        this.#context.onMismatch({ checkpoint: checkpoint.value, note });
      }
    }
    return refusal;
  }

  /** Leaves of a log of which each can be proven in a tree that it has signed. */
  provableSize(origin: string): number {
    const log = this.#logs.get(origin);
    return this.#intakes.get(origin)?.provableSize ?? log?.position.signedSize ?? 0;
  }

  /** Proves a leaf in a tree that its log has signed; undefined while that is not possible. */
  prove(origin: string, index: number): LeafProof | undefined {
    const intake = this.#intakes.get(origin);
    if (intake !== undefined) return intake.prove(index);
    const log = this.#logs.get(origin);
    if (log?.checkpoint === undefined || index >= log.position.signedSize) return undefined;
    return { note: log.checkpoint, proof: log.inclusion(index) };
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

  /** Newest checkpoint seen of another member's log, if its leaves are not stored yet. */
  learnedCheckpoint(origin: string): string | undefined {
    const newest = this.#intakes.get(origin)?.newestCheckpoint;
    return newest !== undefined && newest.checkpoint.size > this.size(origin)
      ? newest.note
      : undefined;
  }

  #growing(origin: string): LogIntake | undefined {
    const intake = this.intake(origin);
    return intake.verdict === 'accept' ? intake.value : undefined;
  }

  /** True while much more of a log is known to be signed than has been accepted. */
  get isFarBehind(): boolean {
    for (const { signedSize, projectedSize } of this.#intakes.values()) {
      if (signedSize - projectedSize >= farBehindLeavesMin) return true;
    }
    return false;
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
  async page(origin: string, request: PageRequest): Promise<LogBatch | undefined> {
    const log = this.#logs.get(origin);
    return log === undefined ? undefined : readPage(log, this.#context.store, request);
  }

  /** Takes in no more of a log than it needs to prove what lies below a cut-off. */
  limit(origin: string, cutoff: LogState): void {
    this.#intakes.get(origin)?.cutOff(cutoff);
  }

  /** Opens a log anew after its rows have been erased. */
  async reopen({ logKey }: LogMember): Promise<void> {
    const { store, crypto } = this.#context;
    const log = await StoredLog.open(logKey.name, store, crypto);
    // What it has accepted and not yet stored belongs to the branch that is gone.
    this.#intakes.get(logKey.name)?.close();
    this.#logs.set(logKey.name, log);
    this.#intakes.set(logKey.name, new LogIntake(log, logKey, this.#context));
  }

  /** Ends the logs of expelled members where the charter cuts them off. */
  cutOff(membership: Membership): void {
    for (const { member, logKey } of membership.logs) {
      if (member.cutoff === undefined) continue;
      this.#logs.get(logKey.name)?.cutOff(member.cutoff.size);
      this.limit(logKey.name, member.cutoff);
    }
  }

  /** Waits until what was accepted, of one log or of all, is integrated or has failed. */
  async settle(origin?: string): Promise<void> {
    const waiting = [...this.#integrations]
      .filter(([name]) => origin === undefined || name === origin)
      .map(([, { stored }]) => stored);
    await Promise.allSettled(waiting);
  }
}
