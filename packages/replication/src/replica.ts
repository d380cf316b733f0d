/**
 * A member's replica: its own log, mirrors of all others and the view folded from them, over one
 * store. It knows no network: `mesh.ts` carries what it gives and brings what it takes. Everything
 * it needs from outside comes in through ports, so that a simulation drives the same code.
 */
import type { Checkpoint, Identifier, NextClaim, Receipt, Verdict } from '@callbook/protocol';
import { accept, foldLabel, labelOf, nextClaim, utf8 } from '@callbook/protocol';

import type { LogBatch } from './batch/log-batch.ts';
import type { Membership } from './charter/membership.ts';
import { Cosigning } from './cosign/cosigning.ts';
import { proveBinding } from './index/binding-proof.ts';
import type { BindingProof } from './index/binding-proof.ts';
import { BindingIndex } from './index/binding-index.ts';
import type { IndexEvidence } from './index/binding-index.ts';
import { releaseSweepIntervalMs } from './limits.ts';
import { Listeners } from './listeners.ts';
import { integrateExtension } from './log/integration.ts';
import type { IntegrationContext } from './log/integration.ts';
import type { Extension, LogIntake } from './log/log-intake.ts';
import { LogSet } from './log/log-set.ts';
import type { Offered } from './log/log-set.ts';
import { OwnLog } from './log/own-log.ts';
import type { LogSubmission } from './log/own-log.ts';
import { OwnLogAccess } from './restore/own-log-access.ts';
import type { TileRequest } from './log/stored-log.ts';
import { VerifiedEntries } from './log/verified-entries.ts';
import { replicaParts } from './replica-parts.ts';
import type { ReplicaOptions, ReplicaParts } from './replica-parts.ts';
import { StoreWriter } from './store/store-writer.ts';
import { Bindings, readLabel } from './view/bindings.ts';
import { entryStateOf } from './view/entry-state.ts';
import type { EntryState } from './view/entry-state.ts';
import { sweepReleases } from './view/release-sweep.ts';
import type { ViewContext } from './view/view-batch.ts';

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
  return Replica.open(replicaParts(options));
}

export class Replica implements AsyncDisposable {
  /** Looks up bindings at once. */
  readonly bindings: Bindings;
  /** Name of this member's own log. */
  readonly origin: string;
  readonly memberName: string;
  readonly #parts: ReplicaParts;
  readonly #writer: StoreWriter;
  readonly #view: ViewContext;
  readonly #entries: VerifiedEntries;
  readonly #changes = new Listeners<ReplicaChange>();
  readonly #appends = new Listeners<LogBatch>();
  readonly #failures = new Listeners<Error>();
  readonly #stop = new AbortController();
  /** There before anybody has the replica. */
  #logs!: LogSet;
  /** Undefined where nobody asks for roots and proofs. */
  #index: BindingIndex | undefined;
  /** There before anybody has the replica, like `#logs`. */
  #own!: OwnLogAccess;
  #cosigning!: Cosigning;
  #sweeping: Promise<void> = Promise.resolve();

  private constructor(parts: ReplicaParts) {
    const { crypto, store, membership } = parts;
    this.#parts = parts;
    this.origin = parts.origin;
    this.memberName = parts.memberName;
    this.bindings = new Bindings(store);
    this.#entries = new VerifiedEntries(crypto);
    this.#writer = new StoreWriter(store, (error) => this.#failures.tell(error));
    const { charters, vrfPublicKey } = membership;
    this.#view = { store, crypto, charters, vrfPublicKey };
  }

  static async open(parts: ReplicaParts): Promise<Replica> {
    const replica = new Replica(parts);
    await replica.#openLogs();
    replica.#openIndex();
    if (parts.ownLogConfirmed || replica.#tellersNeeded() === 0) await replica.#own.confirm();
    replica.#sweeping = replica.#sweepReleases();
    return replica;
  }

  async #openLogs(): Promise<void> {
    const { crypto, store, scheduler, membership, origin } = this.#parts;
    this.#logs = await LogSet.open(membership.members, {
      ...{ crypto, store, scheduler },
      writer: this.#writer,
      entries: this.#entries,
      ownOrigin: origin,
      integrate: (intake, extension) => this.#integrate(intake, extension),
      ownIntake: () => this.#own.intake,
    });
    this.#own = new OwnLogAccess({
      store,
      crypto,
      writer: this.#writer,
      log: this.#logs.own,
      logKey: membership.byOrigin(origin)!.logKey,
      intake: { crypto, scheduler, entries: this.#entries },
      neededCount: () => this.#tellersNeeded(),
      openLog: () => this.#openOwnLog(),
    });
    this.#cosigning = new Cosigning({
      ...this.#parts,
      writer: this.#writer,
      logs: this.#logs,
      ownOrigin: origin,
      membership: () => this.membership,
      maySign: () => this.#own.state === 'confirmed',
    });
  }

  /** Others that must tell how long the own log is: of f + 1, one at least is honest. */
  #tellersNeeded(): number {
    const { charters, members } = this.membership;
    return Math.min(charters.current.charter.faults + 1, members.length - 1);
  }

  #openIndex(): void {
    const { crypto, store, scheduler, membership, signer, indexed } = this.#parts;
    if (!indexed) return;
    const [writer, logs] = [this.#writer, this.#logs.all];
    const { charters } = membership;
    const maySign = (): boolean => this.#own.state === 'confirmed';
    const context = { store, writer, logs, charters, crypto, scheduler, signer, maySign };
    this.#index = BindingIndex.open(context);
  }

  #openOwnLog(): Promise<OwnLog> {
    const { crypto, clock, scheduler, membership, signer } = this.#parts;
    return OwnLog.open({
      log: this.#logs.own,
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

  /** The members and charters as they are now. */
  get membership(): Membership {
    return this.#parts.membership;
  }

  /** Whether the own log may be written, and what restores it. */
  get ownLog(): OwnLogAccess {
    return this.#own;
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
    return this.#own.append(submission);
  }

  /**
   * Takes in a stretch of another member's log. The verdict comes at once, and says that the leaves
   * belong to the log; `integrated` resolves when they are stored and folded.
   */
  offer(batch: LogBatch): Verdict<Offered> {
    return this.#logs.offer(batch);
  }

  /** Takes in a stretch of another member's log and waits until it is stored and folded. */
  async ingest(batch: LogBatch): Promise<Verdict<{ readonly size: number }>> {
    const offered = this.offer(batch);
    if (offered.verdict !== 'accept') return offered;
    await offered.value.integrated;
    return accept({ size: this.#logs.size(batch.origin) });
  }

  /** Takes note of a checkpoint of another member's log: how far that log has come. */
  learn(origin: string, checkpoint: string): Verdict<Checkpoint> {
    return this.#logs.learn(origin, checkpoint);
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
      this.#own.witness(submission);
    }
  }

  /** Leaves of another member's log that are stored, or accepted and on their way there. */
  expectedSize(origin: string): number {
    return this.#logs.expectedSize(origin);
  }

  /** Largest size that a log is known to have signed. */
  signedSize(origin: string): number {
    return this.#logs.signedSize(origin);
  }

  /** Leaves stored of each log. */
  logSizes(): { readonly origin: string; readonly size: number }[] {
    return this.#logs.sizes();
  }

  /** Newest signed checkpoint that this member can serve of a log. */
  checkpoint(origin: string): string | undefined {
    return this.#logs.get(origin)?.checkpoint;
  }

  /** The note of the newest agreed checkpoint of a log, all of whose leaves are stored here. */
  agreedCheckpoint(origin: string): string | undefined {
    return this.#cosigning.agreed.newest(origin);
  }

  /** What this member has cosigned, what is agreed, and whether index roots are the same. */
  get cosigning(): Cosigning {
    return this.#cosigning;
  }

  /** A tile or entry bundle of a log, of any width that is stored. */
  tile(request: TileRequest & { readonly origin: string }): Uint8Array | undefined {
    return this.#logs.tile(request);
  }

  /** A page of a log for another member; undefined while there is nothing signed of it here. */
  async page(origin: string, first: number): Promise<LogBatch | undefined> {
    return this.#logs.page(origin, first);
  }

  /** The state of an entry, by its 32-byte id; undefined when no log has it here. */
  entryState(entryId: Uint8Array): EntryState | undefined {
    return entryStateOf(entryId, this.#parts.store, this.membership.charters);
  }

  /** The label of an identifier, with its proof. Give it out only after a passed challenge. */
  label(identifier: Identifier): { labelEpoch: number; label: Uint8Array; vrfProof: Uint8Array } {
    const { prover } = this.#parts;
    return {
      labelEpoch: this.membership.charters.current.charter.labelEpoch,
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
    const agreed = (origin: string): string | undefined => this.agreedCheckpoint(origin);
    const context = { ...this.#parts, charters, agreed, log: this.#logs.get.bind(this.#logs) };
    return index && proveBinding(this.label(identifier), { ...context, index });
  }

  /** Brings the index up to the view now, instead of a moment later. */
  async settleIndex(): Promise<void> {
    await this.#index?.settle();
  }

  /** What somebody who passed a challenge for this identifier may claim now. */
  nextClaim(identifier: Identifier): NextClaim {
    const { clock, prover, store } = this.#parts;
    const { history } = readLabel(store, labelOf(identifier, prover));
    return nextClaim(foldLabel(history, this.membership.charters), clock.nowMs());
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
    this.#changes.tell({ origin, size: this.#logs.size(origin), identifiers });
  }

  async #sweepReleases(): Promise<void> {
    const { clock, scheduler } = this.#parts;
    const { signal } = this.#stop;
    while (!signal.aborted && this.#writer.failure === undefined) {
      try {
        const { identifiers } = await sweepReleases(this.#view, this.#writer, clock);
        if (identifiers.length > 0) this.#tellChange(this.origin, identifiers);
      } catch (error) {
        // A store that has failed has been told of; nobody else waits for this loop.
        this.#writer.fail('releases could not be ended', error);
      }
      await scheduler.delay(releaseSweepIntervalMs, signal);
    }
  }

  /** Ends what has begun and writes nothing more; the store stays open. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled([this.#sweeping, this.#logs.settle()]);
    await this.#own.settle();
    await this.#index?.[Symbol.asyncDispose]();
    await this.#writer.stop();
  }
}
