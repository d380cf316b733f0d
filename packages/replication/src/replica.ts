/**
 * A member's replica: its own log, mirrors of all others and the view folded from them, over one
 * store. It knows no network: `mesh.ts` carries what it gives and brings what it takes. Everything
 * it needs from outside comes in through ports, so that a simulation drives the same code.
 */
import type {
  Checkpoint,
  Clock,
  Cryptography,
  Ed25519Signer,
  Identifier,
  NextClaim,
  NoteSigner,
  Receipt,
  Verdict,
  VrfProver,
} from '@callbook/protocol';
import {
  accept,
  foldLabel,
  ignore,
  labelOf,
  nextClaim,
  noteSigner,
  reject,
  utf8,
} from '@callbook/protocol';

import type { LogBatch } from './batch/log-batch.ts';
import { loadMembership } from './charter/membership.ts';
import type { LogMember, Membership } from './charter/membership.ts';
import { ownMember, vrfProver } from './charter/own-member.ts';
import { releaseSweepIntervalMs } from './limits.ts';
import { BindingIndex } from './index/binding-index.ts';
import { proveBinding } from './index/binding-proof.ts';
import type { BindingProof } from './index/binding-proof.ts';
import type { IndexEvidence } from './index/binding-index.ts';
import { Listeners } from './listeners.ts';
import { integrateExtension } from './log/integration.ts';
import type { IntegrationContext } from './log/integration.ts';
import { LogIntake } from './log/log-intake.ts';
import type { Extension } from './log/log-intake.ts';
import { readPage } from './log/log-pages.ts';
import { OwnLog } from './log/own-log.ts';
import type { LogSubmission } from './log/own-log.ts';
import { StoredLog } from './log/stored-log.ts';
import type { TileRequest } from './log/stored-log.ts';
import { VerifiedEntries } from './log/verified-entries.ts';
import { systemScheduler } from './scheduler.ts';
import type { Scheduler } from './scheduler.ts';
import { StoreWriter } from './store/store-writer.ts';
import type { Store } from './store/store.ts';
import { Bindings, readLabel } from './view/bindings.ts';
import { entryStateOf } from './view/entry-state.ts';
import type { EntryState } from './view/entry-state.ts';
import { sweepReleases } from './view/release-sweep.ts';
import type { ViewContext } from './view/view-batch.ts';

export interface ReplicaOptions {
  /** Stays the caller's: close it after the replica. */
  readonly store: Store;
  readonly crypto: Cryptography;
  readonly clock: Clock;
  readonly scheduler?: Scheduler;
  /** Pinned charter notes, version 1 first. */
  readonly charterNotes: readonly string[];
  /** This member's name in the charter. */
  readonly memberName: string;
  readonly logSigner: Ed25519Signer;
  /** 32 bytes, shared by the members. */
  readonly vrfSecretKey: Uint8Array;
  /** True to keep the index of the view; a store that has none gets it at the next start. */
  readonly indexed?: boolean;
}

/** A log has grown here: leaves are stored and folded. */
export interface ReplicaChange {
  readonly origin: string;
  /** Leaves stored now. */
  readonly size: number;
  /** Identifiers whose published binding has changed, come or gone. */
  readonly identifiers: readonly Identifier[];
}

/** Opens a replica. Errors: `charter_refused`, `member_unknown`, `log_key_mismatch`, `vrf_key_mismatch`, `store_corrupt`. */
export async function createReplica(options: ReplicaOptions): Promise<Replica> {
  const { crypto, store, clock, scheduler = systemScheduler, indexed = false } = options;
  const membership = loadMembership(options.charterNotes, crypto);
  const self = ownMember(membership, options);
  const prover = vrfProver(membership, options);
  const logs = await Promise.all(
    membership.members.map(({ logKey }) => StoredLog.open(logKey.name, store, crypto)),
  );
  const signer = noteSigner({ name: self.logKey.name, signer: options.logSigner }, crypto);
  const known = { membership, self, prover, signer, logs };
  const parts = { crypto, store, clock, scheduler, indexed, ...known };
  return Replica.open(parts);
}

interface ReplicaParts {
  readonly crypto: Cryptography;
  readonly store: Store;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly membership: Membership;
  readonly self: LogMember;
  readonly prover: VrfProver;
  /** Signs by the log key, under the name of the log. */
  readonly signer: NoteSigner;
  readonly logs: readonly StoredLog[];
  readonly indexed: boolean;
}

export class Replica implements AsyncDisposable {
  /** Looks up bindings at once. */
  readonly bindings: Bindings;
  readonly membership: Membership;
  readonly #parts: ReplicaParts;
  readonly #logs: ReadonlyMap<string, StoredLog>;
  readonly #intakes: ReadonlyMap<string, LogIntake>;
  readonly #integrations = new Map<string, Promise<unknown>>();
  readonly #writer: StoreWriter;
  readonly #view: ViewContext;
  readonly #entries: VerifiedEntries;
  readonly #changes = new Listeners<ReplicaChange>();
  readonly #appends = new Listeners<LogBatch>();
  readonly #failures = new Listeners<Error>();
  readonly #stop = new AbortController();
  /** Undefined where nobody asks for roots and proofs. */
  readonly #index: BindingIndex | undefined;
  #own: OwnLog | undefined;
  #sweeping: Promise<void> = Promise.resolve();

  private constructor(parts: ReplicaParts) {
    const { crypto, store, scheduler, membership, self, signer, logs } = parts;
    this.#parts = parts;
    this.membership = membership;
    this.bindings = new Bindings(store);
    this.#logs = new Map(logs.map((log) => [log.origin, log]));
    this.#entries = new VerifiedEntries(crypto);
    this.#writer = new StoreWriter(store, (error) => this.#failures.tell(error));
    const { charters, vrfPublicKey } = membership;
    this.#view = { store, crypto, charters, vrfPublicKey };
    const writer = this.#writer;
    if (parts.indexed) {
      this.#index = BindingIndex.open({ store, writer, logs, charters, crypto, scheduler, signer });
    }
    const context = { crypto, scheduler, entries: this.#entries };
    this.#intakes = new Map(
      membership.members
        .filter((member) => member !== self)
        .map(({ logKey }) => [
          logKey.name,
          new LogIntake(this.#logs.get(logKey.name)!, logKey, context),
        ]),
    );
  }

  static async open(parts: ReplicaParts): Promise<Replica> {
    const replica = new Replica(parts);
    await replica.#openOwnLog();
    replica.#sweeping = replica.#sweepReleases();
    return replica;
  }

  async #openOwnLog(): Promise<void> {
    const { crypto, clock, scheduler, membership, signer } = this.#parts;
    this.#own = await OwnLog.open({
      log: this.#logs.get(this.origin)!,
      writer: this.#writer,
      view: this.#view,
      charters: membership.charters,
      crypto,
      clock,
      scheduler,
      signer,
      entries: this.#entries,
      onAppend: (batch, { identifiers, states }) => {
        this.#index?.note(states);
        this.#appends.tell(batch);
        this.#tellChange(batch.origin, identifiers);
      },
    });
  }

  /** Name of this member's own log. */
  get origin(): string {
    return this.#parts.self.logKey.name;
  }

  get memberName(): string {
    return this.#parts.self.member.name;
  }

  /** Why the replica writes nothing any more; undefined while it does. */
  get failure(): Error | undefined {
    return this.#writer.failure;
  }

  /**
   * Logs an entry in this member's own log, if the rules allow, and answers with the receipt of its
   * leaf; the same entry again gives the receipt of the same leaf. Errors: `replica_stopped`.
   */
  async log(submission: LogSubmission): Promise<Verdict<Receipt>> {
    return this.#own!.append(submission);
  }

  /**
   * Takes in a stretch of another member's log. The verdict comes at once, and says that the leaves
   * belong to the log; `integrated` resolves when they are stored and folded.
   */
  offer(batch: LogBatch): Verdict<{ readonly integrated: Promise<void> }> {
    const intake = this.#intake(batch.origin);
    if (intake.verdict !== 'accept') return intake;
    const extensions = intake.value.extend(batch);
    if (extensions.verdict !== 'accept') return extensions;
    const before = this.#integrations.get(batch.origin) ?? Promise.resolve();
    const integrated = before.then(async () => {
      for (const extension of extensions.value) await this.#integrate(intake.value, extension);
    });
    this.#integrations.set(batch.origin, integrated);
    // An accepted stretch is counted on by those after it: one that fails ends all writing.
    integrated.catch((error) => this.#writer.fail('a log could not be integrated', error));
    return accept({ integrated });
  }

  /** Takes in a stretch of another member's log and waits until it is stored and folded. */
  async ingest(batch: LogBatch): Promise<Verdict<{ readonly size: number }>> {
    const offered = this.offer(batch);
    if (offered.verdict !== 'accept') return offered;
    await offered.value.integrated;
    return accept({ size: this.#logs.get(batch.origin)!.size });
  }

  /** Takes note of a checkpoint of another member's log: how far that log has come. */
  learn(origin: string, checkpoint: string): Verdict<Checkpoint> {
    const intake = this.#intake(origin);
    return intake.verdict === 'accept' ? intake.value.learn(checkpoint) : intake;
  }

  #intake(origin: string): Verdict<LogIntake> {
    if (origin === this.origin) return ignore('log_own', 'this is our own log');
    const intake = this.#intakes.get(origin);
    return intake === undefined
      ? reject('log_unknown', 'the charter names no log of this origin')
      : accept(intake);
  }

  async #integrate(intake: LogIntake, extension: Extension): Promise<void> {
    const context: IntegrationContext = {
      view: this.#view,
      writer: this.#writer,
      onStates: (states) => this.#index?.note(states),
      clock: this.#parts.clock,
      ownOrigin: this.origin,
    };
    await this.#index?.room();
    const { identifiers, unwitnessed } = await integrateExtension(intake, extension, context);
    this.#tellChange(intake.log.origin, identifiers);
    // "MUST witness any entry whose challenged leaves it has seen": the rules of admission decide.
    for (const { entry, opened } of unwitnessed) {
      const submission = { entry, role: 'witnessed', ...(opened && { opened }) } as const;
      this.#own?.append(submission).catch(() => undefined);
    }
  }

  /** Leaves of another member's log that are stored, or accepted and on their way there. */
  expectedSize(origin: string): number {
    return this.#intakes.get(origin)?.projectedSize ?? this.#logs.get(origin)?.size ?? 0;
  }

  /** Largest size that a log is known to have signed. */
  signedSize(origin: string): number {
    return this.#intakes.get(origin)?.signedSize ?? this.#logs.get(origin)?.size ?? 0;
  }

  /** Leaves stored of each log. */
  logSizes(): { readonly origin: string; readonly size: number }[] {
    return [...this.#logs.values()].map(({ origin, size }) => ({ origin, size }));
  }

  /** Newest signed checkpoint that this member can serve of a log. */
  checkpoint(origin: string): string | undefined {
    return this.#logs.get(origin)?.checkpoint;
  }

  /** A tile or entry bundle of a log, of any width that is stored. */
  tile(request: TileRequest & { readonly origin: string }): Uint8Array | undefined {
    return this.#logs.get(request.origin)?.tile(request);
  }

  /** A page of a log for another member; undefined while there is nothing signed of it here. */
  async page(origin: string, first: number): Promise<LogBatch | undefined> {
    const log = this.#logs.get(origin);
    return log === undefined ? undefined : readPage(log, this.#parts.store, first);
  }

  /** The state of an entry, by its 32-byte id; undefined when no log has it here. */
  entryState(entryId: Uint8Array): EntryState | undefined {
    return entryStateOf(entryId, this.#parts.store, this.membership.charters);
  }

  /** The label of an identifier, with its proof. Give it out only after a passed challenge. */
  label(identifier: Identifier): { labelEpoch: number; label: Uint8Array; vrfProof: Uint8Array } {
    const { prover, membership } = this.#parts;
    return {
      labelEpoch: membership.charters.current.charter.labelEpoch,
      label: labelOf(identifier, prover),
      vrfProof: prover.prove(utf8(identifier)),
    };
  }

  /** The newest signed root of the index; undefined while it is being built, and without one. */
  get indexRoot(): string | undefined {
    return this.#index?.signedRoot;
  }

  /** Proves the state of a label, or that it has none; undefined as for `indexRoot`. */
  async proveLabel(label: Uint8Array): Promise<IndexEvidence | undefined> {
    return this.#index?.prove(label);
  }

  /** Proves what the directory says of an identifier; undefined as long as it cannot. */
  async proveIdentifier(identifier: Identifier): Promise<BindingProof | undefined> {
    const [index, { charters }] = [this.#index, this.membership];
    const agreed = (origin: string): string | undefined => this.checkpoint(origin);
    const context = { ...this.#parts, charters, agreed, log: this.#logs.get.bind(this.#logs) };
    return index && proveBinding(this.label(identifier), { ...context, index });
  }

  /** Brings the index up to the view now, instead of a moment later. */
  async settleIndex(): Promise<void> {
    await this.#index?.settle();
  }

  /** What somebody who passed a challenge for this identifier may claim now. */
  nextClaim(identifier: Identifier): NextClaim {
    const { clock, membership, prover, store } = this.#parts;
    const { history } = readLabel(store, labelOf(identifier, prover));
    return nextClaim(foldLabel(history, membership.charters), clock.nowMs());
  }

  /** Calls back after each batch that is stored and folded. */
  onChange(listener: (change: ReplicaChange) => void): () => void {
    return this.#changes.add(listener);
  }

  /** Calls back with each stretch of the own log, once it is durable and signed. */
  onAppend(listener: (batch: LogBatch) => void): () => void {
    return this.#appends.add(listener);
  }

  /** Calls back when the store has failed and the member must be restarted. */
  onFailure(listener: (error: Error) => void): () => void {
    return this.#failures.add(listener);
  }

  #tellChange(origin: string, identifiers: readonly Identifier[]): void {
    this.#changes.tell({ origin, size: this.#logs.get(origin)!.size, identifiers });
  }

  async #sweepReleases(): Promise<void> {
    const { clock, scheduler } = this.#parts;
    const { signal } = this.#stop;
    while (!signal.aborted && this.#writer.failure === undefined) {
      const { identifiers } = await sweepReleases(this.#view, this.#writer, clock);
      if (identifiers.length > 0) this.#tellChange(this.origin, identifiers);
      await scheduler.delay(releaseSweepIntervalMs, signal);
    }
  }

  /** Ends what has begun and writes nothing more; the store stays open. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled([this.#sweeping, ...this.#integrations.values()]);
    await this.#own?.settle();
    await this.#index?.[Symbol.asyncDispose]();
    await this.#writer.stop();
  }
}
