/**
 * The parts of a replica and how they hang together: which is opened on which, and what tells whom.
 * `replica.ts` is what others see of it. The order of opening matters: evidence and logs first, then
 * the index over them, then what a crash has left of a new charter, and the own log last.
 */
import type { Identifier } from '@callbook/protocol';
import { encodeEvidence } from '@callbook/protocol';

import type { LogBatch } from './batch/log-batch.ts';
import { CharterAdoption } from './charter/adoption.ts';
import type { Membership } from './charter/membership.ts';
import { othersToHear } from './charter/others-to-hear.ts';
import { Cosigning } from './cosign/cosigning.ts';
import { EvidenceWatch } from './evidence/evidence-watch.ts';
import { BindingIndex } from './index/binding-index.ts';
import { indexBatchLabelsMax, indexBulkLabelsMax } from './limits.ts';
import { Listeners } from './listeners.ts';
import { CheckpointPace } from './log/checkpoint-pace.ts';
import { integrateExtension } from './log/integration.ts';
import type { IntegrationContext } from './log/integration.ts';
import type { DecodedExtension, Extension, LogIntake } from './log/log-intake.ts';
import { LogSet } from './log/log-set.ts';
import { OwnLog } from './log/own-log.ts';
import { VerifiedCheckpoints } from './log/verified-checkpoints.ts';
import { VerifiedEntries } from './log/verified-entries.ts';
import { PayloadHoldings } from './payloads/payload-holdings.ts';
import type { ReplicaParts } from './replica-parts.ts';
import { OwnLogAccess } from './restore/own-log-access.ts';
import { LoggedRequests } from './requests/logged-requests.ts';
import { entryKey } from './store/row-keys.ts';
import { StoreWriter } from './store/store-writer.ts';
import { ProvenLabels } from './view/proven-labels.ts';
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

export class ReplicaEngine implements AsyncDisposable {
  /** Name of this member's own log. */
  readonly origin: string;
  /** Payloads held, and what is missing of them. */
  readonly payloads: PayloadHoldings;
  readonly parts: ReplicaParts;
  /** Requests whose holders are to be told. */
  readonly requests: LoggedRequests;
  readonly writer: StoreWriter;
  readonly view: ViewContext;
  readonly entries: VerifiedEntries;
  readonly checkpoints: VerifiedCheckpoints;
  readonly proven: ProvenLabels;
  readonly changes: Listeners<ReplicaChange> = new Listeners<ReplicaChange>();
  readonly appends: Listeners<LogBatch> = new Listeners<LogBatch>();
  readonly failures: Listeners<Error> = new Listeners<Error>();
  /** How often logs sign and are cosigned. */
  readonly pace: CheckpointPace;
  readonly charters: Listeners<Membership> = new Listeners<Membership>();
  readonly stop: AbortController = new AbortController();
  /** There before anybody has the replica. */
  logs!: LogSet;
  /** Undefined where nobody asks for roots and proofs. */
  index: BindingIndex | undefined;
  /** There before anybody has the replica, like `logs`. */
  own!: OwnLogAccess;
  cosigning!: Cosigning;
  watch!: EvidenceWatch;
  adoption!: CharterAdoption;
  sweep: ReleaseSweep | undefined;

  private constructor(parts: ReplicaParts) {
    const { crypto, store, chain } = parts;
    this.parts = parts;
    this.origin = parts.origin;
    this.pace = new CheckpointPace(parts.clock);
    this.entries = parts.ownershipOnly
      ? new VerifiedEntries(crypto, (entryId) => store.get(entryKey(entryId)) !== undefined)
      : new VerifiedEntries(crypto);
    this.checkpoints = new VerifiedCheckpoints(crypto);
    this.proven = new ProvenLabels(crypto);
    this.writer = new StoreWriter(store, (error) => this.failures.tell(error));
    this.requests = new LoggedRequests(store, this.writer);
    const { vrfPublicKey } = chain.membership;
    this.view = {
      store,
      crypto,
      charters: chain.charters,
      vrfPublicKey,
      proven: this.proven,
      onErased: (rowKeys) => this.sweep?.note(rowKeys),
    };
    const onSupplied = (identifiers: readonly Identifier[]): void =>
      this.#tellChange(this.origin, identifiers);
    const { clock } = parts;
    this.payloads = new PayloadHoldings({
      view: this.view,
      writer: this.writer,
      clock,
      onSupplied,
    });
  }

  static async open(parts: ReplicaParts): Promise<ReplicaEngine> {
    const engine = new ReplicaEngine(parts);
    await engine.#openLogs();
    engine.#openIndex();
    await engine.#openAdoption();
    if (parts.ownLogConfirmed || engine.#tellersNeeded() === 0) await engine.own.confirm();
    engine.#openSweep();
    engine.adoption.start();
    return engine;
  }

  async #openLogs(): Promise<void> {
    const { crypto, store, scheduler, origin, chain, ownershipOnly, verifier } = this.parts;
    const { charters } = chain;
    this.watch = await EvidenceWatch.open({
      ...this.parts,
      writer: this.writer,
      ownOrigin: origin,
      charters: () => this.membership.charters,
      logs: () => this.logs,
      agreed: (log) => this.cosigning.agreed.tree(log),
    });
    this.logs = await LogSet.open(this.membership.logs, {
      crypto,
      store,
      scheduler,
      verifier,
      charters,
      ownershipOnly,
      writer: this.writer,
      entries: this.entries,
      checkpoints: this.checkpoints,
      ownOrigin: origin,
      integrate: (intake, extension, said) => this.#integrate(intake, extension, said),
      ownIntake: () => this.own.intake,
      frozen: (log) => this.watch.evidence.frozen(log),
      onMismatch: (mismatch) => this.watch.forks.mismatch(mismatch),
    });
    this.own = new OwnLogAccess({
      store,
      crypto,
      writer: this.writer,
      log: this.logs.own,
      logKey: this.membership.byOrigin(origin)!.logKey,
      intake: {
        crypto,
        scheduler,
        charters,
        ownershipOnly,
        entries: this.entries,
        checkpoints: this.checkpoints,
      },
      neededCount: () => this.#tellersNeeded(),
      isMember: (name) => this.membership.byName(name) !== undefined,
      openLog: () => this.#openOwnLog(),
      onTwoRoots: (checkpoints) => {
        const evidence = encodeEvidence({ kind: 'two_roots', checkpoints });
        // Only a store that has failed rejects, and it stops the member.
        this.watch.evidence.note(evidence).catch(() => undefined);
      },
    });
    this.cosigning = new Cosigning({
      ...this.parts,
      writer: this.writer,
      logs: this.logs,
      ownOrigin: origin,
      membership: () => this.membership,
      onMismatch: (mismatch) => this.watch.forks.mismatch(mismatch),
      maySign: () => this.own.state === 'confirmed',
    });
    this.cosigning.roots.onContradiction((found) => this.watch.contradiction(found));
  }

  /** Others that must tell how long the own log is. */
  #tellersNeeded(): number {
    const { charters, members } = this.membership;
    return othersToHear(charters.current.charter, members.length - 1);
  }

  #openIndex(): void {
    const { crypto, store, scheduler, chain, signer, indexed } = this.parts;
    if (!indexed) return;
    const [writer, logs] = [this.writer, this.logs.all];
    const { charters } = chain;
    const maySign = (): boolean => this.own.state === 'confirmed';
    const batchLabelsMax = (): number =>
      this.logs.isFarBehind ? indexBulkLabelsMax : indexBatchLabelsMax;
    const ports = { store, writer, charters, crypto, scheduler, signer };
    this.index = BindingIndex.open({ ...ports, logs, maySign, batchLabelsMax });
  }

  /** Ends what a crash has left half folded, before anything is logged. */
  async #openAdoption(): Promise<void> {
    this.adoption = new CharterAdoption({
      ...this.parts,
      writer: this.writer,
      logs: this.logs,
      own: this.own,
      index: this.index,
      view: this.view,
      entries: this.entries,
      onAdopted: (membership, identifiers) => {
        this.#tellChange(this.origin, identifiers);
        this.charters.tell(membership);
      },
    });
    await this.adoption.resume();
  }

  #openSweep(): void {
    const onEnded = (identifiers: readonly Identifier[]): void =>
      this.#tellChange(this.origin, identifiers);
    const context = { ...this.parts, view: this.view, writer: this.writer, onEnded };
    this.sweep = new ReleaseSweep(context);
  }

  #openOwnLog(): Promise<OwnLog> {
    const { crypto, clock, scheduler, chain, signer } = this.parts;
    return OwnLog.open({
      log: this.logs.own,
      writer: this.writer,
      view: this.view,
      charters: chain.charters,
      refuseBetweenCharters: (entry, nowMs) => this.adoption.refuseBetween(entry, nowMs),
      crypto,
      clock,
      scheduler,
      signer,
      entries: this.entries,
      requests: this.requests,
      pace: this.pace,
      onAppend: (batch, { identifiers, states }) => {
        this.index?.note(states);
        this.pace.grown(batch.origin);
        this.appends.tell(batch);
        this.#tellChange(batch.origin, identifiers);
      },
    });
  }

  /** The members and charters as they are now. */
  get membership(): Membership {
    return this.parts.chain.membership;
  }

  async #integrate(intake: LogIntake, extension: Extension, said: DecodedExtension): Promise<void> {
    const context: IntegrationContext = {
      view: this.view,
      writer: this.writer,
      onStates: (states) => this.index?.note(states),
      clock: this.parts.clock,
      ownOrigin: this.origin,
      watch: this.watch.leaves,
    };
    await this.index?.room();
    const { identifiers, unwitnessed } = await integrateExtension(
      intake,
      { ...extension, ...said },
      context,
    );
    this.watch.grown(intake.log.origin);
    this.pace.grown(intake.log.origin);
    this.#tellChange(intake.log.origin, identifiers);
    // "MUST witness any entry whose challenged leaves it has seen": the rules of admission decide.
    for (const { entry, opened } of unwitnessed) {
      const submission = { entry, role: 'witnessed', ...(opened && { opened }) } as const;
      this.own.witness(submission);
    }
  }

  #tellChange(origin: string, identifiers: readonly Identifier[]): void {
    this.changes.tell({ origin, size: this.logs.size(origin), identifiers });
  }

  /** Ends what has begun and writes nothing more; the store stays open. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.stop.abort();
    await this.adoption.stop();
    await Promise.allSettled([this.sweep?.[Symbol.asyncDispose](), this.logs.settle()]);
    await this.own.settle();
    await this.index?.[Symbol.asyncDispose]();
    await this.writer.stop();
  }
}
