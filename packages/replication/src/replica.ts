/**
 * A member's replica: its own log, mirrors of all others and the view folded from them, over one
 * store. It knows no network: `mesh.ts` carries what it gives and brings what it takes. Everything
 * it needs from outside comes in through ports, so that a simulation drives the same code.
 */
import type {
  Checkpoint,
  Identifier,
  KnownCharter,
  NextClaim,
  Receipt,
  Verdict,
} from '@callbook/protocol';
import { accept, foldLabel, labelOf, nextClaim, utf8 } from '@callbook/protocol';

import type { LogBatch } from './batch/log-batch.ts';
import { CharterAdoption } from './charter/adoption.ts';
import type { Membership } from './charter/membership.ts';
import { Cosigning } from './cosign/cosigning.ts';
import { proveBinding } from './index/binding-proof.ts';
import type { BindingProof } from './index/binding-proof.ts';
import type { EvidenceSet } from './evidence/evidence-set.ts';
import { EvidenceWatch } from './evidence/evidence-watch.ts';
import { BindingIndex } from './index/binding-index.ts';
import type { IndexEvidence } from './index/binding-index.ts';
import { Listeners } from './listeners.ts';
import { integrateExtension } from './log/integration.ts';
import type { IntegrationContext } from './log/integration.ts';
import type { Extension, LogIntake } from './log/log-intake.ts';
import { LogSet } from './log/log-set.ts';
import type { Offered } from './log/log-set.ts';
import { OwnLog } from './log/own-log.ts';
import type { LogSubmission } from './log/own-log.ts';
import { PayloadHoldings } from './payloads/payload-holdings.ts';
import { OwnLogAccess } from './restore/own-log-access.ts';
import type { TileRequest } from './log/stored-log.ts';
import { VerifiedEntries } from './log/verified-entries.ts';
import { replicaParts } from './replica-parts.ts';
import type { ReplicaOptions, ReplicaParts } from './replica-parts.ts';
import { StoreWriter } from './store/store-writer.ts';
import { Bindings, readLabel } from './view/bindings.ts';
import { entryStateOf } from './view/entry-state.ts';
import type { EntryState } from './view/entry-state.ts';
import { ReleaseSweep } from './view/release-sweep.ts';
import type { ViewContext } from './view/view-batch.ts';

/** A log has grown here: leaves are stored and folded. */
export interface ReplicaChange {
  readonly origin: string;
  /** Leaves stored now. */
  readonly size: number;
  /** Identifiers whose published binding has changed, come or gone. */
  readonly identifiers: readonly Identifier[];
}

/** Opens a replica. Errors: `charter_refused`, `charter_contradicted`, `member_unknown`, `log_key_mismatch`, `vrf_key_mismatch`, `store_corrupt`. */
export async function createReplica(options: ReplicaOptions): Promise<Replica> {
  return Replica.open(replicaParts(options));
}

export class Replica implements AsyncDisposable {
  /** Looks up bindings at once. */
  readonly bindings: Bindings;
  /** Name of this member's own log. */
  readonly origin: string;
  readonly memberName: string;
  /** Payloads held, and what is missing of them. */
  readonly payloads: PayloadHoldings;
  readonly #parts: ReplicaParts;
  readonly #writer: StoreWriter;
  readonly #view: ViewContext;
  readonly #entries: VerifiedEntries;
  readonly #changes = new Listeners<ReplicaChange>();
  readonly #appends = new Listeners<LogBatch>();
  readonly #failures = new Listeners<Error>();
  readonly #charters = new Listeners<Membership>();
  readonly #stop = new AbortController();
  /** There before anybody has the replica. */
  #logs!: LogSet;
  /** Undefined where nobody asks for roots and proofs. */
  #index: BindingIndex | undefined;
  /** There before anybody has the replica, like `#logs`. */
  #own!: OwnLogAccess;
  #cosigning!: Cosigning;
  #watch!: EvidenceWatch;
  #adoption!: CharterAdoption;
  #sweep: ReleaseSweep | undefined;

  private constructor(parts: ReplicaParts) {
    const { crypto, store, chain } = parts;
    this.#parts = parts;
    this.origin = parts.origin;
    this.memberName = parts.memberName;
    this.bindings = new Bindings(store);
    this.#entries = new VerifiedEntries(crypto);
    this.#writer = new StoreWriter(store, (error) => this.#failures.tell(error));
    const { vrfPublicKey } = chain.membership;
    this.#view = {
      store,
      crypto,
      charters: chain.charters,
      vrfPublicKey,
      onErased: (rowKeys) => this.#sweep?.note(rowKeys),
    };
    const onSupplied = (identifiers: readonly Identifier[]): void =>
      this.#tellChange(this.origin, identifiers);
    const { clock } = parts;
    this.payloads = new PayloadHoldings({
      view: this.#view,
      writer: this.#writer,
      clock,
      onSupplied,
    });
  }

  static async open(parts: ReplicaParts): Promise<Replica> {
    const replica = new Replica(parts);
    await replica.#openLogs();
    replica.#openIndex();
    await replica.#openAdoption();
    if (parts.ownLogConfirmed || replica.#tellersNeeded() === 0) await replica.#own.confirm();
    replica.#openSweep();
    replica.#adoption.start();
    return replica;
  }

  async #openLogs(): Promise<void> {
    const { crypto, store, scheduler, origin, chain } = this.#parts;
    const { charters } = chain;
    this.#watch = await EvidenceWatch.open({
      ...this.#parts,
      writer: this.#writer,
      ownOrigin: origin,
      charters: () => this.membership.charters,
      logs: () => this.#logs,
      agreed: (log) => this.#cosigning.agreed.tree(log),
    });
    this.#logs = await LogSet.open(this.membership.logs, {
      ...{ crypto, store, scheduler, charters },
      writer: this.#writer,
      entries: this.#entries,
      ownOrigin: origin,
      integrate: (intake, extension) => this.#integrate(intake, extension),
      ownIntake: () => this.#own.intake,
      frozen: (log) => this.frozen(log),
      onMismatch: (mismatch) => this.#watch.forks.mismatch(mismatch),
    });
    this.#own = new OwnLogAccess({
      store,
      crypto,
      writer: this.#writer,
      log: this.#logs.own,
      logKey: this.membership.byOrigin(origin)!.logKey,
      intake: { crypto, scheduler, charters, entries: this.#entries },
      neededCount: () => this.#tellersNeeded(),
      openLog: () => this.#openOwnLog(),
    });
    this.#cosigning = new Cosigning({
      ...this.#parts,
      writer: this.#writer,
      logs: this.#logs,
      ownOrigin: origin,
      membership: () => this.membership,
      onMismatch: (mismatch) => this.#watch.forks.mismatch(mismatch),
      maySign: () => this.#own.state === 'confirmed',
    });
    this.#cosigning.roots.onContradiction((found) => this.#watch.contradiction(found));
  }

  /** Others that must tell how long the own log is: of f + 1, one at least is honest. */
  #tellersNeeded(): number {
    const { charters, members } = this.membership;
    return Math.min(charters.current.charter.faults + 1, members.length - 1);
  }

  #openIndex(): void {
    const { crypto, store, scheduler, chain, signer, indexed } = this.#parts;
    if (!indexed) return;
    const [writer, logs] = [this.#writer, this.#logs.all];
    const { charters } = chain;
    const maySign = (): boolean => this.#own.state === 'confirmed';
    const context = { store, writer, logs, charters, crypto, scheduler, signer, maySign };
    this.#index = BindingIndex.open(context);
  }

  /** Ends what a crash has left half folded, before anything is logged. */
  async #openAdoption(): Promise<void> {
    this.#adoption = new CharterAdoption({
      ...this.#parts,
      writer: this.#writer,
      logs: this.#logs,
      own: this.#own,
      index: this.#index,
      view: this.#view,
      entries: this.#entries,
      onAdopted: (membership, identifiers) => {
        this.#tellChange(this.origin, identifiers);
        this.#charters.tell(membership);
      },
    });
    await this.#adoption.resume();
  }

  #openSweep(): void {
    const onEnded = (identifiers: readonly Identifier[]): void =>
      this.#tellChange(this.origin, identifiers);
    const context = { ...this.#parts, view: this.#view, writer: this.#writer, onEnded };
    this.#sweep = new ReleaseSweep(context);
  }

  #openOwnLog(): Promise<OwnLog> {
    const { crypto, clock, scheduler, chain, signer } = this.#parts;
    return OwnLog.open({
      log: this.#logs.own,
      writer: this.#writer,
      view: this.#view,
      charters: chain.charters,
      refuseBetweenCharters: (entry, nowMs) => this.#adoption.refuseBetween(entry, nowMs),
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
    return this.#parts.chain.membership;
  }

  /** Every charter that is verified here, in force or waiting for its time; version 1 first. */
  get knownCharters(): readonly KnownCharter[] {
    return this.#parts.chain.known;
  }

  /**
   * Takes a charter, signed by both quorums, as the next one. It is kept at once, and in force when
   * this member's clock reaches its time: when that has come, as soon as this resolves. One that is
   * known already is accepted again. Errors: `replica_stopped`.
   */
  adopt(note: string): Promise<Verdict<KnownCharter>> {
    return this.#adoption.adopt(note);
  }

  /** Calls back with the members under each new charter, when it has come into force here. */
  onCharter(listener: (membership: Membership) => void): () => void {
    return this.#charters.add(listener);
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
      watch: this.#watch.leaves,
    };
    await this.#index?.room();
    const { identifiers, unwitnessed } = await integrateExtension(intake, extension, context);
    this.#watch.grown(intake.log.origin);
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

  /** What proves that members have broken rules. */
  get evidence(): EvidenceSet {
    return this.#watch.evidence;
  }

  /** Finds evidence in what others send. */
  get watch(): EvidenceWatch {
    return this.#watch;
  }

  /** Tells whether a log is convicted: nothing more of it is taken in. */
  frozen(origin: string): boolean {
    return this.evidence.frozen(origin);
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

  /** Ends what has begun and writes nothing more; the store stays open. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#adoption.stop();
    await Promise.allSettled([this.#sweep?.[Symbol.asyncDispose](), this.#logs.settle()]);
    await this.#own.settle();
    await this.#index?.[Symbol.asyncDispose]();
    await this.#writer.stop();
  }
}
