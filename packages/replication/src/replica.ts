/**
 * A member's replica: its own log, mirrors of all others and the view folded from them, over one
 * store. It knows no network: `mesh.ts` carries what it gives and brings what it takes. Everything
 * it needs from outside comes in through ports, so that a simulation drives the same code.
 */
import type {
  Checkpoint,
  EmailCommitment,
  EmailOf,
  Entry,
  Identifier,
  IndexRoot,
  KnownCharter,
  LeafMention,
  NextClaim,
  Receipt,
  Refusal,
  Verdict,
} from '@callbook/protocol';
import {
  accept,
  bytesEqual,
  commitEmail,
  countsFromMs,
  emailForRequests,
  foldLabel,
  labelOf,
  nextClaim,
  proveLabel,
} from '@callbook/protocol';

import type { LogBatch } from './batch/log-batch.ts';
import type { Membership } from './charter/membership.ts';
import type { Cosigning } from './cosign/cosigning.ts';
import type { EvidenceSet } from './evidence/evidence-set.ts';
import type { EvidenceWatch } from './evidence/evidence-watch.ts';
import type { IndexEvidence } from './index/binding-index.ts';
import { proveBindings } from './index/binding-proof.ts';
import type { BindingProofs, ProvenLabel } from './index/binding-proof.ts';
import { proofLabelsAtOnce } from './limits.ts';
import type { CheckpointPace } from './log/checkpoint-pace.ts';
import type { Offered } from './log/log-set.ts';
import type { LogSubmission } from './log/own-log.ts';
import type { StoredLog, TileRequest } from './log/stored-log.ts';
import type { PayloadHoldings } from './payloads/payload-holdings.ts';
import { ReplicaEngine } from './replica-engine.ts';
import type { ReplicaChange } from './replica-engine.ts';
import { replicaParts } from './replica-parts.ts';
import type { ReplicaOptions, ReplicaParts } from './replica-parts.ts';
import type { LoggedRequests } from './requests/logged-requests.ts';
import type { OwnLogAccess } from './restore/own-log-access.ts';
import { openSnapshot } from './snapshot/open-snapshot.ts';
import type { OpenSnapshot } from './snapshot/open-snapshot.ts';
import { importLabels } from './snapshot/label-import.ts';
import type { SnapshotLabel } from './snapshot/snapshot-messages.ts';
import { Bindings, readEntryLabel, readLabel } from './view/bindings.ts';
import { mirroredReceipts } from './notarise/mirrored-receipts.ts';
import { verifyReceiptOf } from './notarise/receipted-leaf.ts';
import { entryStateOf } from './view/entry-state.ts';
import type { EntryState } from './view/entry-state.ts';

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
  readonly #engine: ReplicaEngine;

  private constructor(engine: ReplicaEngine) {
    this.#engine = engine;
    this.bindings = new Bindings(engine.parts.store);
    this.origin = engine.origin;
    this.memberName = engine.parts.memberName;
    this.payloads = engine.payloads;
  }

  static async open(parts: ReplicaParts): Promise<Replica> {
    return new Replica(await ReplicaEngine.open(parts));
  }

  /** The members and charters as they are now. */
  get membership(): Membership {
    return this.#engine.membership;
  }

  /** Every charter that is verified here, in force or waiting for its time; version 1 first. */
  get knownCharters(): readonly KnownCharter[] {
    return this.#engine.parts.chain.known;
  }

  /**
   * Takes a charter, signed by both quorums, as the next one. It is kept at once, and in force when
   * this member's clock reaches its time: when that has come, as soon as this resolves. One that is
   * known already is accepted again. Errors: `replica_stopped`.
   */
  adopt(note: string): Promise<Verdict<KnownCharter>> {
    return this.#engine.adoption.adopt(note);
  }

  /** Calls back with the members under each new charter, when it has come into force here. */
  onCharter(listener: (membership: Membership) => void): () => void {
    return this.#engine.charters.add(listener);
  }

  /** Whether the own log may be written, and what restores it. */
  get ownLog(): OwnLogAccess {
    return this.#engine.own;
  }

  /** Why the replica writes nothing any more; undefined while it does. */
  get failure(): Error | undefined {
    return this.#engine.writer.failure;
  }

  /**
   * Logs an entry in this member's own log, if the rules allow, and answers with the receipt of its
   * leaf; the same entry again gives the receipt of the same leaf. Errors: `replica_stopped`.
   */
  async log(submission: LogSubmission): Promise<Verdict<Receipt>> {
    return this.#engine.own.append(submission);
  }

  /**
   * Takes in a stretch of another member's log. The verdict comes at once, and says that the leaves
   * belong to the log; `integrated` resolves when they are stored and folded.
   */
  offer(batch: LogBatch): Verdict<Offered> {
    return this.#engine.logs.offer(batch);
  }

  /** Takes in a stretch of another member's log and waits until it is stored and folded. */
  async ingest(batch: LogBatch): Promise<Verdict<{ readonly size: number }>> {
    const offered = this.offer(batch);
    if (offered.verdict !== 'accept') return offered;
    await offered.value.integrated;
    return accept({ size: this.#engine.logs.size(batch.origin) });
  }

  /** Takes note of a checkpoint of another member's log: how far that log has come. */
  learn(origin: string, checkpoint: string): Verdict<Checkpoint> {
    return this.#engine.logs.learn(origin, checkpoint);
  }

  /** Leaves of another member's log that are stored, or accepted and on their way there. */
  expectedSize(origin: string): number {
    return this.#engine.logs.expectedSize(origin);
  }

  /** Largest size that a log is known to have signed. */
  signedSize(origin: string): number {
    return this.#engine.logs.signedSize(origin);
  }

  /** A log as it is stored here. */
  storedLog(origin: string): StoredLog | undefined {
    return this.#engine.logs.get(origin);
  }

  /** Leaves stored of each log. */
  logSizes(): { readonly origin: string; readonly size: number }[] {
    return this.#engine.logs.sizes();
  }

  /** Newest signed checkpoint that this member can serve of a log. */
  checkpoint(origin: string): string | undefined {
    return this.#engine.logs.get(origin)?.checkpoint;
  }

  /** Newest checkpoint that another member's log is known to have signed, if its leaves are not stored. */
  learnedCheckpoint(origin: string): string | undefined {
    return this.#engine.logs.learnedCheckpoint(origin);
  }

  /** The note of the newest agreed checkpoint of a log, all of whose leaves are stored here. */
  agreedCheckpoint(origin: string): string | undefined {
    return this.#engine.cosigning.agreed.newest(origin);
  }

  /** What this member has cosigned, what is agreed, and whether index roots are the same. */
  get cosigning(): Cosigning {
    return this.#engine.cosigning;
  }

  /** What proves that members have broken rules. */
  get evidence(): EvidenceSet {
    return this.#engine.watch.evidence;
  }

  /** How often logs sign and are cosigned. */
  get pace(): CheckpointPace {
    return this.#engine.pace;
  }

  /** Finds evidence in what others send. */
  get watch(): EvidenceWatch {
    return this.#engine.watch;
  }

  /** Tells whether a log is convicted: nothing more of it is taken in. */
  frozen(origin: string): boolean {
    return this.evidence.frozen(origin);
  }

  /** A tile or entry bundle of a log, of any width that is stored. */
  tile(request: TileRequest & { readonly origin: string }): Uint8Array | undefined {
    return this.#engine.logs.tile(request);
  }

  /** A page of a log for another member; undefined while there is nothing signed of it here. */
  async page(origin: string, first: number, until?: number): Promise<LogBatch | undefined> {
    return this.#engine.logs.page(origin, { first, until });
  }

  /** The state of an entry, by its 32-byte id; undefined when no log has it here. */
  entryState(entryId: Uint8Array): EntryState | undefined {
    return entryStateOf(entryId, this.#asked());
  }

  /** Verifies that a receipt is of a leaf that carries exactly this entry. */
  receipted(entry: Uint8Array, receipt: Receipt): Verdict<LeafMention> {
    const { membership, checkpoints, parts } = this.#engine;
    return verifyReceiptOf(entry, receipt, { membership, checkpoints, crypto: parts.crypto });
  }

  /** Receipts of an entry's leaves from all logs that are stored here. */
  receiptsOf(entryId: Uint8Array): Receipt[] {
    const log = this.#engine.logs.get.bind(this.#engine.logs);
    return mirroredReceipts(entryId, { ...this.#asked(), log });
  }

  #asked() {
    const { clock, store } = this.#engine.parts;
    return { store, charters: this.membership.charters, nowMs: clock.nowMs() };
  }

  /** The label of an identifier, with its proof. Give it out only after a passed challenge. */
  label(identifier: Identifier): ProvenLabel {
    const proven = this.#proveLabel(identifier);
    this.#engine.proven.note({ identifier, ...proven });
    return proven;
  }

  #proveLabel(identifier: Identifier): ProvenLabel {
    const { labelEpoch } = this.membership.charters.current.charter;
    return { labelEpoch, ...proveLabel(identifier, this.#engine.parts.prover) };
  }

  /** A commitment to an e-mail address, with its proof. Give it out only after both challenges. */
  emailCommitment(of: EmailOf): EmailCommitment & { labelEpoch: number } {
    const { labelEpoch } = this.membership.charters.current.charter;
    return { labelEpoch, ...commitEmail(of, this.#engine.parts.prover) };
  }

  /** The e-mail commitment that a request of class `email` would stand on now. */
  emailForRequests(identifier: Identifier): Uint8Array | null {
    const { clock, prover, store } = this.#engine.parts;
    const { history } = readLabel(store, labelOf(identifier, prover));
    const { charters } = this.membership;
    return emailForRequests(history, { charters, nowMs: clock.nowMs() });
  }

  /** Identifier and authority key of an ownership entry, where a payload tells the identifier. */
  ownershipOf(entryId: Uint8Array): { identifier: Identifier; authority: Uint8Array } | undefined {
    const { store } = this.#engine.parts;
    const label = readEntryLabel(store, entryId);
    const row = label && readLabel(store, label);
    const authority = row?.history.ownership.get(entryId.toHex())?.entry.authority;
    if (row?.identifier === undefined || authority === undefined) return undefined;
    return { identifier: row.identifier, authority };
  }

  /** Who holds a label by an ownership entry; undefined unless it is in force and not a release. */
  holderOf(
    ownershipId: Uint8Array,
  ): { label: Uint8Array; epoch: number; authority: Uint8Array; sinceMs: number } | undefined {
    const { store } = this.#engine.parts;
    const label = readEntryLabel(store, ownershipId);
    const state = label && foldLabel(readLabel(store, label).history, this.membership.charters);
    if (label === undefined || state?.status !== 'held') return undefined;
    if (!bytesEqual(state.ownershipId, ownershipId)) return undefined;
    const { epoch, authority, ownershipAtMs: sinceMs } = state;
    return { label, epoch, authority, sinceMs };
  }

  /** The newest signed root of the index; undefined while it is being built, and without one. */
  get indexRoot(): string | undefined {
    return this.#engine.index?.signedRoot;
  }

  /** What the index stands at, signed or not; undefined while it is being built, and without one. */
  get indexPosition(): IndexRoot | undefined {
    return this.#engine.index?.position;
  }

  /** All rows of one moment, and the signed root of the index then; undefined while there is none. */
  async openSnapshot(): Promise<OpenSnapshot | undefined> {
    return (
      this.#engine.index &&
      openSnapshot(this.#engine.index, this.#engine.writer, this.#engine.parts.store)
    );
  }

  /** Takes in labels of a snapshot, under logs of which the ownership entries are folded here. */
  importLabels(labels: readonly SnapshotLabel[]): Promise<Refusal | undefined> {
    const { parts, view, writer, entries, logs } = this.#engine;
    const { clock, scheduler } = parts;
    const context = { view, writer, entries, logs, scheduler, nowMs: clock.nowMs() };
    return importLabels(labels, context);
  }

  /** Proves the states of labels, or that they have none; undefined as for `indexRoot`. */
  async proveLabels(labels: readonly Uint8Array[]): Promise<IndexEvidence | undefined> {
    return this.#engine.index?.prove(labels);
  }

  /** Proves what the directory says of identifiers, under one root; undefined as long as it cannot. */
  async proveIdentifiers(identifiers: readonly Identifier[]): Promise<BindingProofs | undefined> {
    const labels: ProvenLabel[] = [];
    for (const identifier of identifiers) {
      labels.push(this.#proveLabel(identifier));
      if (labels.length % proofLabelsAtOnce === 0) await this.#engine.parts.scheduler.yield();
    }
    const [index, { charters }] = [this.#engine.index, this.membership];
    const agreed = (origin: string): string | undefined => this.agreedCheckpoint(origin);
    const context = {
      ...this.#engine.parts,
      charters,
      agreed,
      log: this.#engine.logs.get.bind(this.#engine.logs),
    };
    return index && proveBindings(labels, { ...context, index });
  }

  /** Brings the index up to the view now, instead of a moment later. */
  async settleIndex(): Promise<void> {
    await this.#engine.index?.settle();
  }

  /** What somebody who passed a challenge for the identifier of a label, with this key, may claim now. */
  nextClaim(label: Uint8Array, authority?: Uint8Array): NextClaim {
    const { clock, store } = this.#engine.parts;
    const { history } = readLabel(store, label);
    const own = authority && { authority };
    const { charters } = this.membership;
    return nextClaim(history, { charters, nowMs: clock.nowMs(), ...own });
  }

  /** From when on leaves of an entry count: those of a commit from the end of its hold. */
  countsFromMs(entry: Entry): number {
    const { history } = readLabel(this.#engine.parts.store, entry.label);
    return countsFromMs(entry, history, this.membership.charters);
  }

  /** Calls back after each batch that is stored and folded. */
  onChange(listener: (change: ReplicaChange) => void): () => void {
    return this.#engine.changes.add(listener);
  }

  /** Requests that this member has logged and whose holders are not told yet. */
  get requests(): LoggedRequests {
    return this.#engine.requests;
  }

  /** Calls back with each stretch of the own log, once it is durable and signed. */
  onAppend(listener: (batch: LogBatch) => void): () => void {
    return this.#engine.appends.add(listener);
  }

  /** Calls back when the store has failed and the member must be restarted. */
  onFailure(listener: (error: Error) => void): () => void {
    return this.#engine.failures.add(listener);
  }

  /** Ends what has begun and writes nothing more; the store stays open. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#engine[Symbol.asyncDispose]();
  }
}
