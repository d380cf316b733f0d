/**
 * Cosigns checkpoints: this member's word that, at a time, this was the largest consistent tree it
 * had seen of a log. It says so only of leaves that it has stored itself, its own log included, and
 * follows the rules of C2SP tlog-witness, whoever asks: members over `/callbook/cosign/1`, anybody
 * over `add-checkpoint`. Both share the one state that is kept here.
 *
 * The order of steps is what keeps the promise "never two roots for one size, never backwards":
 * 1. the checkpoint is judged in turn with all writes, against what was cosigned last and what is
 *    stored now. "Checking the old size against the latest checkpoint and persisting the new
 *    checkpoint must be performed atomically."
 * 2. size and root go to the store, flushed to disk; the leaves were written before and are flushed
 *    with them. If we crash before it is on disk, nothing has been cosigned; if we crash after, the
 *    same size is cosigned again by the same root only.
 * 3. the cosignature is made and goes out.
 *    If we crash here, whoever asked asks again.
 * When step 2 is reported as failed, it may still be on disk: the writer stops for good, and the
 * next start believes what it reads. Requests that come together share one flush.
 */
import type {
  Checkpoint,
  Clock,
  Cosigner as CosignerKey,
  Cryptography,
  Refusal,
  Verdict,
  WitnessRequest,
} from '@callbook/protocol';
import {
  accept,
  bytesEqual,
  cosignCheckpoint,
  emptyRoot,
  frontierRoot,
  ignore,
  reject,
  verifyConsistency,
} from '@callbook/protocol';

import { cosignQueueMax } from '../limits.ts';
import type { Mismatch } from '../evidence/fork-watch.ts';
import type { StoredLog } from '../log/stored-log.ts';
import { cosignedKey } from '../store/row-keys.ts';
import type { RowChange, Store } from '../store/store.ts';
import type { CommitRows, StoreWriter } from '../store/store-writer.ts';
import { encodeCosigned, parseCosigned } from './cosigned-row.ts';
import type { CosignedTree } from './cosigned-row.ts';

export interface CosignerContext {
  readonly store: Store;
  readonly writer: StoreWriter;
  readonly crypto: Cryptography;
  readonly clock: Clock;
  /** Key name and signer: the member's own origin and its log key. */
  readonly cosignerKey: CosignerKey;
  readonly logOf: (origin: string) => StoredLog | undefined;
  /** Verifies the log's signature, and that the log is not seen to have forked. */
  readonly verify: (origin: string, note: string) => Verdict<Checkpoint>;
  /** Hears of checkpoints that contradict the leaves stored here. */
  readonly onMismatch: (mismatch: Mismatch) => void;
  /** False while this member may sign nothing. */
  readonly maySign: () => boolean;
}

/** A signature line for the note, with its newline; or the size from which a proof is wanted. */
export type Cosigned =
  { readonly line: string } | { readonly line?: undefined; readonly lastSize: number };

interface PendingCosignature {
  readonly request: WitnessRequest;
  readonly checkpoint: Checkpoint;
  readonly resolve: (verdict: Verdict<Cosigned>) => void;
  readonly fail: (error: unknown) => void;
}

export class Cosigner {
  readonly #context: CosignerContext;
  readonly #last = new Map<string, CosignedTree>();
  #queue: PendingCosignature[] = [];
  #isFlushing = false;

  constructor(context: CosignerContext) {
    this.#context = context;
  }

  /** What this member cosigned last of a log; the empty tree when it has cosigned none. */
  last(origin: string): CosignedTree {
    let last = this.#last.get(origin);
    if (last === undefined) {
      const row = this.#context.store.get(cosignedKey(origin));
      last = row === undefined ? nothingCosigned : parseCosigned(row);
      this.#last.set(origin, last);
    }
    return last;
  }

  /**
   * Cosigns a checkpoint, or says from which size it wants a proof. Codes: `log_unknown`, those of
   * `verifyCheckpoint`, `log_forked`, `checkpoint_not_stored`, `checkpoint_proof_invalid`,
   * `witness_request_malformed`, `member_busy`. Errors: `replica_stopped`.
   */
  async cosign(request: WitnessRequest): Promise<Verdict<Cosigned>> {
    const { logOf, maySign, verify } = this.#context;
    const origin = originOf(request.checkpoint);
    if (logOf(origin) === undefined) return unknownLog();
    const checkpoint = verify(origin, request.checkpoint);
    if (checkpoint.verdict !== 'accept') return checkpoint;
    if (!maySign()) return ignore('member_busy', 'this member may sign nothing yet');
    if (this.#queue.length >= cosignQueueMax) {
      return ignore('member_busy', `${this.#queue.length} checkpoints wait to be cosigned`);
    }
    return new Promise((resolve, fail) => {
      this.#queue.push({ request, checkpoint: checkpoint.value, resolve, fail });
      if (!this.#isFlushing) void this.#flush();
    });
  }

  /** Takes note of a cosignature of our own that others show us: a backup may be older than it. */
  recall({ origin, size, root }: Checkpoint, timestampSeconds: number): void {
    if (size > this.last(origin).size) this.#last.set(origin, { size, root, timestampSeconds });
  }

  async #flush(): Promise<void> {
    this.#isFlushing = true;
    while (this.#queue.length > 0) {
      const batch: PendingCosignature[] = [];
      try {
        await this.#context.writer.run(async (commit) => {
          batch.push(...this.#queue.splice(0));
          await this.#commit(batch, commit);
        });
      } catch (error) {
        for (const { fail } of [...batch, ...this.#queue.splice(0)]) fail(error);
      }
    }
    this.#isFlushing = false;
  }

  async #commit(batch: readonly PendingCosignature[], commit: CommitRows): Promise<void> {
    const next = new Map<string, CosignedTree>();
    const admitted: PendingCosignature[] = [];
    for (const pending of batch) {
      const { checkpoint, request, resolve } = pending;
      const last = next.get(checkpoint.origin) ?? this.last(checkpoint.origin);
      const refusal = this.#judge(request, checkpoint, last);
      if (refusal !== undefined) {
        resolve(refusal);
        continue;
      }
      admitted.push(pending);
      const timestampSeconds = Math.max(this.#nowSeconds(), last.timestampSeconds);
      const { size, root } = checkpoint;
      next.set(checkpoint.origin, { size, root, timestampSeconds });
    }
    // The same size again needs no flush: that it has this root is on disk.
    const grown = [...next].filter(([origin, { size }]) => size > this.last(origin).size);
    const rows: RowChange[] = grown.map(([origin, tree]) => ({
      rowKey: cosignedKey(origin),
      value: encodeCosigned(tree),
    }));
    // If we crash during this, see step 2 above.
    if (rows.length > 0) await commit(rows, { durable: true });
    for (const [origin, tree] of next) this.#last.set(origin, tree);
    // If we crash here, see step 3 above.
    for (const pending of admitted) pending.resolve(accept({ line: this.#sign(pending) }));
  }

  /** The rules of C2SP tlog-witness, then our own: that the leaves are stored here. */
  #judge(
    request: WitnessRequest,
    checkpoint: Checkpoint,
    last: CosignedTree,
  ): Verdict<Cosigned> | undefined {
    const { crypto, logOf, onMismatch } = this.#context;
    const { oldSize, proof } = request;
    const { origin, size, root } = checkpoint;
    const log = logOf(origin);
    if (log === undefined) return unknownLog();
    // "The old size MUST be equal to or lower than the checkpoint size."
    if (oldSize > size) return reject('witness_request_malformed', 'old size is above the new one');
    // "The witness MUST check that the old size matches the size of the latest checkpoint it
    // cosigned for the checkpoint's origin."
    if (oldSize !== last.size) return accept({ lastSize: last.size });
    // "If the old size matches the checkpoint size, the witness MUST check that the root hashes are
    // also identical."
    if (size === last.size && !bytesEqual(root, last.root)) return forked(size);
    const claim = { oldSize, oldRoot: last.root, newSize: size, newRoot: root, proof };
    if (!verifyConsistency(claim, crypto)) {
      return reject('checkpoint_proof_invalid', 'the proof does not lead from old to new root');
    }
    if (log.size < size) {
      return ignore('checkpoint_not_stored', `${log.size} leaves are stored, ${size} signed`);
    }
    if (bytesEqual(frontierRoot(log.frontierAt(size), crypto), root)) return undefined;
    onMismatch({ checkpoint, note: request.checkpoint });
    return forked(size);
  }

  #sign({ request, checkpoint }: PendingCosignature): string {
    const { cosignerKey } = this.#context;
    const { timestampSeconds } = this.last(checkpoint.origin);
    const cosigned = cosignCheckpoint(request.checkpoint, cosignerKey, timestampSeconds);
    return cosigned.slice(request.checkpoint.length);
  }

  #nowSeconds(): number {
    return Math.floor(this.#context.clock.nowMs() / 1000);
  }
}

const nothingCosigned: CosignedTree = { size: 0, root: emptyRoot(), timestampSeconds: 0 };

/** The first line of a note; what it says is verified with the note. */
function originOf(note: string): string {
  return note.slice(0, Math.max(0, note.indexOf('\n')));
}

function unknownLog(): Refusal {
  // Who asks may have another charter, a later one or the one before.
  return ignore('log_unknown', 'the charter names no log of this origin');
}

function forked(size: number): Refusal {
  return reject('log_forked', `two roots for size ${size}`);
}
