/**
 * Looks for logs that have forked. A checkpoint that does not fit what is stored is half of the proof;
 * the other half is the inclusion proof of one leaf in that other tree, which is asked of those who
 * have it: they are honest members on the other branch, or the liar itself. A receipt carries its
 * proof, so it is compared at once, or as soon as the log has come as far.
 */
import type { Checkpoint, Cryptography, Evidence, ForkSide, Receipt } from '@callbook/protocol';
import { assert, bytesEqual, encodeEvidence, leafHash } from '@callbook/protocol';
import type { Verdict } from '@callbook/protocol';

import { receiptsKeptMax } from '../limits.ts';
import { Listeners } from '../listeners.ts';
import type { LogSet } from '../log/log-set.ts';
import type { StoredLog } from '../log/stored-log.ts';
import type { HeldEvidence } from './evidence-row.ts';
import type { EvidenceSet } from './evidence-set.ts';

export interface ForkWatchContext {
  readonly crypto: Cryptography;
  readonly logs: () => LogSet;
  readonly evidence: EvidenceSet;
  readonly ownOrigin: string;
  /** The newest cosigned checkpoint of a log, all of whose leaves are stored; it names cosigners. */
  readonly agreed: (origin: string) => { readonly note: string; readonly size: number } | undefined;
}

/** A genuine checkpoint that does not fit the branch stored here. */
export interface Mismatch {
  readonly checkpoint: Checkpoint;
  readonly note: string;
}

/** A log that may have forked, and how far our branch of it is signed. */
export interface Inquiry {
  readonly origin: string;
  readonly size: number;
}

/** What a member has of a leaf, in its branch of a log. */
export interface BranchLeaf extends ForkSide {
  readonly index: number;
}

export class ForkWatch {
  readonly #context: ForkWatchContext;
  readonly #inquiries = new Listeners<Inquiry>();
  /** Receipts of leaves that are not stored here yet, oldest first. */
  readonly #receipts = new Map<string, readonly Receipt[]>();

  constructor(context: ForkWatchContext) {
    this.#context = context;
  }

  /** Calls back when the other members should be asked for their branch of a log. */
  onInquiry(listener: (inquiry: Inquiry) => void): () => void {
    return this.#inquiries.add(listener);
  }

  /** Takes note of a checkpoint that its log has signed and that does not fit. */
  mismatch({ checkpoint, note }: Mismatch): void {
    const { origin, size } = checkpoint;
    const log = this.#logOf(origin);
    if (log === undefined) return;
    const intake = this.#context.logs().intake(origin);
    const seen = intake.verdict === 'accept' ? intake.value.newestCheckpoint : undefined;
    const ours = size === log.position.signedSize ? this.#signedNote(log) : undefined;
    const twin = ours ?? (seen?.checkpoint.size === size ? seen.note : undefined);
    if (twin !== undefined && twin !== note) {
      this.#propose({ kind: 'two_roots', checkpoints: [twin, note] });
    } else if (this.#context.logs().provableSize(origin) > 0) {
      this.#inquiries.tell({ origin, size: this.#context.logs().provableSize(origin) });
    }
  }

  /** The leaf that both branches must have when ours is signed to here and theirs to `size`. */
  branchLeaf(origin: string, size: number): BranchLeaf | undefined {
    const log = this.#context.logs().get(origin);
    const index = Math.min(size, this.#context.logs().provableSize(origin)) - 1;
    return log === undefined || index < 0 ? undefined : this.#leafAt(log, index);
  }

  /** Compares what another member has of a log; resolves with what it proves. */
  async compare(origin: string, theirs: BranchLeaf): Promise<Verdict<HeldEvidence> | undefined> {
    const { logs } = this.#context;
    const log = this.#logOf(origin);
    if (log === undefined || theirs.index >= logs().provableSize(origin)) return undefined;
    const { index, checkpoint, leafHash: hash, proof } = theirs;
    const side = { checkpoint, leafHash: hash, proof };
    const ours = sideOf(this.#leafAt(log, index));
    return this.#context.evidence.note(
      encodeEvidence({ kind: 'fork', index, sides: [ours, side] }),
    );
  }

  /** Takes note of a receipt that has been verified: its log must have the leaf, sooner or later. */
  receipt(receipt: Receipt): void {
    const { logs } = this.#context;
    const log = this.#logOf(receipt.origin);
    if (log === undefined) return;
    logs().learn(receipt.origin, receipt.checkpoint);
    if (this.#isSettled(receipt, log)) return;
    const waiting = [...(this.#receipts.get(receipt.origin) ?? []), receipt];
    this.#receipts.set(receipt.origin, waiting.slice(-receiptsKeptMax));
  }

  /** Looks at receipts again. Call it when a log has grown. */
  grown(origin: string): void {
    const waiting = this.#receipts.get(origin);
    const log = this.#logOf(origin);
    if (waiting === undefined || log === undefined) return;
    const left = waiting.filter((receipt) => !this.#isSettled(receipt, log));
    if (left.length === 0) this.#receipts.delete(origin);
    else this.#receipts.set(origin, left);
  }

  /** False while the checkpoint that we have does not reach the leaf. */
  #isSettled({ index, leaf, checkpoint, proof }: Receipt, log: StoredLog): boolean {
    if (index >= this.#context.logs().provableSize(log.origin)) return false;
    const theirs: ForkSide = { checkpoint, leafHash: leafHash(leaf, this.#context.crypto), proof };
    if (bytesEqual(theirs.leafHash, log.leafHash(index))) return true;
    const sides = [sideOf(this.#leafAt(log, index)), theirs] as const;
    this.#propose({ kind: 'fork', index, sides });
    return true;
  }

  /** In a checkpoint with cosignatures where there is one over the leaf, else in the newest. */
  #leafAt(log: StoredLog, index: number): BranchLeaf {
    const agreed = this.#agreed(log);
    const proven =
      agreed !== undefined && agreed.size > index
        ? { note: agreed.note, proof: log.inclusion(index, agreed.size) }
        : this.#context.logs().prove(log.origin, index);
    assert(proven !== undefined, 'the leaf is provable');
    const { note, proof } = proven;
    return { index, checkpoint: note, leafHash: log.leafHash(index), proof };
  }

  #signedNote(log: StoredLog): string | undefined {
    const agreed = this.#agreed(log);
    return agreed?.size === log.position.signedSize ? agreed.note : log.checkpoint;
  }

  #agreed(log: StoredLog): { readonly note: string; readonly size: number } | undefined {
    const agreed = this.#context.agreed(log.origin);
    return agreed !== undefined && agreed.size <= log.size ? agreed : undefined;
  }

  #propose(evidence: Evidence): void {
    // Only a store that has failed rejects, and it stops the member.
    this.#context.evidence.note(encodeEvidence(evidence)).catch(() => undefined);
  }

  /** Logs of others: what our own log has signed, we know. */
  #logOf(origin: string): StoredLog | undefined {
    return origin === this.#context.ownOrigin ? undefined : this.#context.logs().get(origin);
  }
}

function sideOf({ checkpoint, leafHash: hash, proof }: BranchLeaf): ForkSide {
  return { checkpoint, leafHash: hash, proof };
}
