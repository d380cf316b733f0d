/**
 * The log that this member writes: the only thing in the federation that it vouches with. Entries
 * that arrive together share one batch, one flush to disk and one checkpoint (group commit).
 *
 * The order of steps is what keeps the promise "never two roots for one size":
 * 1. leaves, tiles, frontier and view go to the store in one batch, flushed to disk.
 *    If we crash before it is on disk, nothing has been signed over these leaves and nobody has a
 *    receipt; clients send the same entries again. If we crash after, the leaves are there at the
 *    next start and the checkpoint below is signed then: same size, same root.
 * 2. the checkpoint is signed, over what is on disk.
 *    If we crash here, it is signed again at the next start; Ed25519 gives the same bytes.
 * 3. receipts go out.
 *    If we crash here, a client that sends the same entry again gets the receipt of the same leaf.
 * When the batch of step 1 is reported as failed, it may still be on disk: the writer then stops for
 * good (see `store-writer.ts`), so no other leaf is ever signed at these indexes.
 */
import type {
  Admission,
  CharterSet,
  Clock,
  Cryptography,
  Entry,
  Identifier,
  LeafMention,
  LeafRole,
  NoteSigner,
  Receipt,
  Refusal,
  Verdict,
} from '@callbook/protocol';
import {
  accept,
  admitEntry,
  assert,
  batchBytesMax,
  batchEntriesMax,
  encodeLeaf,
  frontierRoot,
  growFrontier,
  ignore,
  leafHash,
  signCheckpoint,
} from '@callbook/protocol';

import type { LogBatch } from '../batch/log-batch.ts';
import { appendQueueEntriesMax, checkpointIntervalMs } from '../limits.ts';
import type { Scheduler } from '../scheduler.ts';
import { loggedRequestRow } from '../requests/logged-requests.ts';
import type { LoggedRequests } from '../requests/logged-requests.ts';
import type { RowChange } from '../store/store.ts';
import type { CommitRows, StoreWriter } from '../store/store-writer.ts';
import type { OpenedPayload } from '../view/payload-check.ts';
import { ViewBatch } from '../view/view-batch.ts';
import type { ViewChanges, ViewContext } from '../view/view-batch.ts';
import type { CheckpointPace } from './checkpoint-pace.ts';
import type { StoredLog } from './stored-log.ts';
import type { VerifiedEntries, VerifiedEntry } from './verified-entries.ts';

/** An entry to be logged, as somebody sent it. */
export interface LogSubmission {
  /** The encoded entry. */
  readonly entry: Uint8Array;
  /** Payload and opening; not needed when this member already holds them. */
  readonly opened?: OpenedPayload;
  readonly role: LeafRole;
  /** What this member's own challenge was of, where `role` says that there was one. */
  readonly identifier?: Identifier;
  /** Leaves of this entry that verified receipts show, replicated or not. */
  readonly receipted?: readonly LeafMention[];
}

export interface OwnLogContext {
  readonly log: StoredLog;
  readonly writer: StoreWriter;
  readonly view: ViewContext;
  /** Those in force; others from one write to the next. */
  readonly charters: CharterSet;
  /** Refuses an entry while a charter whose time has come is being taken up. */
  readonly refuseBetweenCharters: (entry: Entry, nowMs: number) => Refusal | undefined;
  readonly crypto: Cryptography;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly signer: NoteSigner;
  readonly entries: VerifiedEntries;
  readonly requests: LoggedRequests;
  readonly pace: CheckpointPace;
  /** Called when leaves are durable and signed. */
  readonly onAppend: (batch: LogBatch, changed: ViewChanges) => void;
}

interface PendingAppend {
  readonly verified: VerifiedEntry;
  readonly submission: LogSubmission;
  readonly resolve: (verdict: Verdict<Receipt>) => void;
  readonly fail: (error: unknown) => void;
}

/** A leaf that this batch will write. */
interface NewLeaf {
  readonly leaf: Uint8Array;
  readonly opened: OpenedPayload | null;
  /** Row that says whose holder is to be told, if one is. */
  readonly requests: readonly RowChange[];
}

/** A pending append and the index of its leaf, in this batch or before it. */
interface Answered {
  readonly pending: PendingAppend;
  readonly index: number;
}

export class OwnLog {
  readonly #context: OwnLogContext;
  #queue: PendingAppend[] = [];
  #flushing: Promise<void> | undefined;
  /** Aborted when as many entries wait as go into one batch. */
  #full = new AbortController();

  private constructor(context: OwnLogContext) {
    this.#context = context;
  }

  /** Opens the log for writing: takes up the charter in force and signs what is stored. */
  static async open(context: OwnLogContext): Promise<OwnLog> {
    const own = new OwnLog(context);
    const { log, writer } = context;
    await writer.run((commit) => own.takeUpCharter(commit));
    // If we crashed between batch and checkpoint, this is the checkpoint that was missing.
    if (log.position.signedSize < log.size) own.#sign();
    return own;
  }

  /**
   * A log's first leaf, and one for each later charter, says which charter the member works under.
   * Call it in turn with all writes, before the first leaf that names the charter.
   */
  async takeUpCharter(commit: CommitRows): Promise<void> {
    const { charters, clock, log } = this.#context;
    const { hash: charter, memberByOrigin } = charters.current;
    if (memberByOrigin.get(log.origin)?.state !== 'active') return;
    if (Buffer.compare(log.position.charter, charter) === 0) return;
    const atMs = Math.max(clock.nowMs(), log.position.lastAtMs);
    const leaf = encodeLeaf({ v: 1, at: atMs, charter, role: 'charter' });
    const changed: ViewChanges = { changes: [], identifiers: [], states: [] };
    await this.#write(
      { added: [{ leaf, opened: null, requests: [] }], atMs, changed, charter },
      commit,
    );
  }

  /** Verifies an entry, logs it if the rules allow, and answers with the receipt of its leaf. */
  append(submission: LogSubmission): Promise<Verdict<Receipt>> {
    const verified = this.#context.entries.verify(submission.entry);
    if (verified.verdict !== 'accept') return Promise.resolve(verified);
    if (this.#queue.length >= appendQueueEntriesMax) {
      return Promise.resolve(ignore('member_busy', `${this.#queue.length} entries wait already`));
    }
    return new Promise((resolve, fail) => {
      this.#queue.push({ verified: verified.value, submission, resolve, fail });
      if (this.#queue.length >= batchEntriesMax) this.#full.abort();
      this.#flushing ??= this.#flush();
    });
  }

  /** Waits until everything that was handed in is answered. */
  async settle(): Promise<void> {
    await this.#flushing;
  }

  async #flush(): Promise<void> {
    const { clock, pace, writer } = this.#context;
    while (this.#queue.length > 0) {
      const batch = takeBatch(this.#queue);
      this.#queue = this.#queue.slice(batch.length);
      const begunAtMs = clock.nowMs();
      try {
        await writer.run((commit) => this.#commit(batch, commit));
      } catch (error) {
        for (const { fail } of batch) fail(error);
      }
      pace.wrote(clock.nowMs() - begunAtMs);
      await this.#pause();
    }
    this.#flushing = undefined;
  }

  /** "A log signs a checkpoint at most every 25 ms"; what comes meanwhile is the next batch. */
  async #pause(): Promise<void> {
    const { pace, scheduler } = this.#context;
    await scheduler.delay(checkpointIntervalMs);
    const restMs = pace.checkpointMs - checkpointIntervalMs;
    if (restMs <= 0 || this.#queue.length >= batchEntriesMax) return;
    this.#full = new AbortController();
    await scheduler.delay(restMs, this.#full.signal);
  }

  async #commit(batch: readonly PendingAppend[], commit: CommitRows): Promise<void> {
    const { clock, log, view: context } = this.#context;
    const labels = batch.map(({ verified }) => verified.entry.label);
    const view = await ViewBatch.open(context, labels);
    const nowMs = clock.nowMs();
    // `at` never decreases, even when this member's clock was set back.
    const atMs = Math.max(nowMs, log.position.lastAtMs);
    const added: NewLeaf[] = [];
    const answered: Answered[] = [];
    for (const pending of batch) {
      const verdict = this.#admit(pending, view, nowMs);
      if (verdict.verdict !== 'accept') {
        pending.resolve(verdict);
      } else if (verdict.value.action === 'already') {
        answered.push({ pending, index: verdict.value.index });
      } else {
        answered.push({ pending, index: log.size + added.length });
        added.push(this.#integrate(pending, view, { atMs, index: log.size + added.length }));
      }
    }
    if (added.length > 0) await this.#write({ added, atMs, changed: view.finish(nowMs) }, commit);
    for (const { pending, index } of answered) pending.resolve(accept(this.#receipt(index)));
  }

  #admit(
    { verified, submission }: PendingAppend,
    view: ViewBatch,
    nowMs: number,
  ): Verdict<Admission> {
    const { charters, crypto, log } = this.#context;
    const { entry, entryId } = verified;
    const { role, receipted = [], opened } = submission;
    const history = view.history(entry.label);
    const early = this.#context.refuseBetweenCharters(entry, nowMs);
    if (early !== undefined) return early;
    const verdict = admitEntry(
      { entry, entryId, role, receipted },
      { history, charters, crypto, nowMs, ownOrigin: log.origin },
    );
    if (verdict.verdict !== 'accept' || verdict.value.action === 'already') return verdict;
    // A member vouches only for what it can serve: it has seen what the entry commits to.
    if (entry.commitment === null || view.holds(entry.label, entry.commitment)) return verdict;
    if (opened === undefined) return ignore('payload_missing', 'the payload did not come along');
    const payload = view.check(entry, opened);
    return payload.verdict === 'accept' ? verdict : payload;
  }

  #integrate(
    { verified, submission }: PendingAppend,
    view: ViewBatch,
    { atMs, index }: { atMs: number; index: number },
  ): NewLeaf {
    const { charters, log } = this.#context;
    const { role, opened, identifier } = submission;
    const charter = charters.current.hash;
    const mention = { origin: log.origin, index, at: atMs, charter, role };
    view.integrate({ ...verified, ...mention }, opened);
    const leaf = encodeLeaf({ v: 1, at: atMs, charter, role, entry: verified.entryBytes });
    const requests = loggedRequestRow(verified, { role, atMs, ...(identifier && { identifier }) });
    return { leaf, opened: opened ?? null, requests };
  }

  async #write(
    batch: { added: readonly NewLeaf[]; atMs: number; changed: ViewChanges; charter?: Uint8Array },
    commit: CommitRows,
  ): Promise<void> {
    const { crypto, log, onAppend, requests } = this.#context;
    const { added, atMs, changed, charter } = batch;
    const first = log.size;
    const leaves = added.map(({ leaf }) => leaf);
    const asked = added.flatMap((one) => one.requests);
    const hashes = leaves.map((leaf) => leafHash(leaf, crypto));
    const grown = growFrontier(log.frontier, hashes, crypto);
    const planned = log.plan({ leaves, grown, lastAtMs: atMs, ...(charter && { charter }) });
    // If we crash during this, see step 1 above.
    await commit([...planned.changes, ...changed.changes, ...asked], { durable: true });
    log.adopt(planned);
    // If we crash here, see step 2 above.
    const checkpoint = this.#sign();
    const payloads = added.map(({ opened }) => opened);
    onAppend({ origin: log.origin, first, leaves, payloads, checkpoint, proof: [] }, changed);
    requests.tell(asked);
  }

  #sign(): string {
    const { crypto, log, signer } = this.#context;
    const root = frontierRoot(log.frontier, crypto);
    const checkpoint = signCheckpoint({ origin: log.origin, size: log.size, root }, signer);
    log.sign(checkpoint);
    return checkpoint;
  }

  #receipt(index: number): Receipt {
    const { log } = this.#context;
    const leaf = log.leaf(index);
    const { checkpoint } = log;
    assert(leaf !== undefined && checkpoint !== undefined, 'a receipt is of a signed leaf');
    return { origin: log.origin, index, leaf, checkpoint, proof: log.inclusion(index) };
  }
}

/** The appends at the head of the queue that fit one batch. */
function takeBatch(queue: readonly PendingAppend[]): readonly PendingAppend[] {
  let bytes = 0;
  let count = 0;
  for (const { submission } of queue) {
    bytes += submission.entry.length + (submission.opened?.payload.length ?? 0);
    if (count === batchEntriesMax || (count > 0 && bytes > batchBytesMax)) break;
    count++;
  }
  return queue.slice(0, count);
}
