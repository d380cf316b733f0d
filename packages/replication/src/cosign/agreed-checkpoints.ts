/**
 * The newest agreed checkpoint of each log: signed by the log, cosigned by a quorum. They come from
 * whoever gathered the cosignatures, or from another member that has them; each is verified here
 * against the charter and against the leaves stored, and waits for those that are still missing.
 *
 * The one that this member gathered is flushed to disk before it is shown to anybody, so that what
 * it says of its own log never goes back. Those of other logs are written and not flushed: if we
 * crash, an older one may be what is left, and another member sends the newer one again.
 */
import type { AgreedCheckpoint, Cryptography, KnownCharter, Verdict } from '@callbook/protocol';
import {
  activeMembers,
  bytesEqual,
  frontierRoot,
  ignore,
  parseCheckpoint,
  parseNote,
  reject,
  verifyAgreedCheckpoint,
} from '@callbook/protocol';

import type { Mismatch } from '../evidence/fork-watch.ts';
import { Listeners } from '../listeners.ts';
import type { StoredLog } from '../log/stored-log.ts';
import { agreedKey } from '../store/row-keys.ts';
import type { Store } from '../store/store.ts';
import type { StoreWriter } from '../store/store-writer.ts';
import type { Cosigner } from './cosigner.ts';

export interface AgreedContext {
  readonly store: Store;
  readonly writer: StoreWriter;
  readonly crypto: Cryptography;
  readonly cosigner: Cosigner;
  readonly ownOrigin: string;
  readonly charter: () => KnownCharter;
  readonly logOf: (origin: string) => StoredLog | undefined;
  /** Hears of checkpoints that contradict the leaves stored here. */
  readonly onMismatch: (mismatch: Mismatch) => void;
}

/** A note that this member has agreed to show, and what it took to know it again. */
interface AgreedNote {
  readonly note: string;
  readonly size: number;
  /** Active members that have cosigned it; 0 where they are no quorum of the charter any more. */
  readonly cosigners: number;
  /** When a quorum had cosigned it; 0 where they are none any more. */
  readonly timestampSeconds: number;
  readonly judgedBy: KnownCharter;
}

export interface AgreedChange {
  readonly origin: string;
  readonly note: string;
  /** Leaves. */
  readonly size: number;
}

export class AgreedCheckpoints {
  readonly #context: AgreedContext;
  readonly #newest = new Map<string, AgreedNote>();
  /** Verified, and larger than what is stored here: the newest of each log. */
  readonly #waiting = new Map<string, AgreedNote>();
  readonly #changes = new Listeners<AgreedChange>();

  constructor(context: AgreedContext) {
    this.#context = context;
  }

  /** The note of the newest agreed checkpoint whose leaves are all stored here. */
  newest(origin: string): string | undefined {
    return this.#known(origin)?.note;
  }

  /** The same with the number of its leaves and the time at which a quorum had cosigned it. */
  tree(
    origin: string,
  ):
    | { readonly note: string; readonly size: number; readonly timestampSeconds: number }
    | undefined {
    return this.#known(origin);
  }

  /** Leaves of the newest agreed checkpoint; 0 while there is none. */
  size(origin: string): number {
    return this.#known(origin)?.size ?? 0;
  }

  /** Tells whether the newest agreed checkpoint is agreed by the charter in force as well. */
  isCurrent(origin: string): boolean {
    return (this.#known(origin)?.cosigners ?? 0) > 0;
  }

  /** Calls back when a newer checkpoint is agreed and stored. */
  onChange(listener: (change: AgreedChange) => void): () => void {
    return this.#changes.add(listener);
  }

  /**
   * Takes in an agreed checkpoint; resolves when it is stored, or waits for its leaves. Codes: those
   * of `verifyAgreedCheckpoint`, `log_forked`, `batch_known`. Errors: `replica_stopped`.
   */
  async offer(note: string): Promise<Verdict<AgreedCheckpoint>> {
    const { charter, cosigner, crypto, logOf, onMismatch, ownOrigin } = this.#context;
    const known = this.#isKnown(note);
    if (known !== undefined) return known;
    const verdict = verifyAgreedCheckpoint(note, charter(), crypto);
    if (verdict.verdict !== 'accept') return verdict;
    const { checkpoint, cosigners, timestampSeconds } = verdict.value;
    const { origin, size, root } = checkpoint;
    const log = logOf(origin);
    if (log === undefined) return ignore('log_unknown', 'the charter names no log of this origin');
    const judgedBy = charter();
    const agreed = { note, size, cosigners: cosigners.length, timestampSeconds, judgedBy };
    if (log.size < size) {
      if (size > (this.#waiting.get(origin)?.size ?? 0)) this.#waiting.set(origin, agreed);
      return verdict;
    }
    if (!bytesEqual(frontierRoot(log.frontierAt(size), crypto), root)) {
      onMismatch({ checkpoint, note });
      return reject('log_forked', `two roots for size ${size}`);
    }
    if (cosigners.includes(ownOrigin)) cosigner.recall(checkpoint, timestampSeconds);
    await this.#adopt(origin, agreed);
    return verdict;
  }

  /** Takes up what has waited for these leaves. Call it when a log has grown. */
  grown(origin: string, size: number): void {
    const waiting = this.#waiting.get(origin);
    if (waiting === undefined || waiting.size > size) return;
    this.#waiting.delete(origin);
    // Verified again, against the leaves that have come; a store that has failed stops the member.
    this.offer(waiting.note).catch(() => undefined);
  }

  async #adopt(origin: string, agreed: AgreedNote): Promise<void> {
    const { ownOrigin, writer } = this.#context;
    await writer.run(async (commit) => {
      if (!isNewer(agreed, this.#known(origin))) return;
      const row = { rowKey: agreedKey(origin), value: Buffer.from(agreed.note) };
      // If we crash during this, see above.
      await commit([row], { durable: origin === ownOrigin });
      this.#newest.set(origin, agreed);
      this.#changes.tell({ origin, note: agreed.note, size: agreed.size });
    });
  }

  /** Sorts out, before any signature is verified, what brings nothing new. */
  #isKnown(note: string): Verdict<never> | undefined {
    const parsed = parseNote(note);
    if (parsed.verdict !== 'accept') return parsed;
    const checkpoint = parseCheckpoint(parsed.value.text);
    if (checkpoint.verdict !== 'accept') return checkpoint;
    const { origin, size } = checkpoint.value;
    const newest = this.#known(origin);
    if (newest === undefined || size > newest.size) return undefined;
    const activeCount = activeMembers(this.#context.charter().charter).length;
    const complete = newest.note === note || newest.cosigners >= activeCount;
    return size < newest.size || complete
      ? ignore('batch_known', `${newest.size} leaves are agreed already`)
      : undefined;
  }

  #known(origin: string): AgreedNote | undefined {
    const judgedBy = this.#context.charter();
    const known = this.#newest.get(origin);
    if (known?.judgedBy === judgedBy) return known;
    const { crypto, store } = this.#context;
    const row = known === undefined ? store.get(agreedKey(origin)) : undefined;
    const note = known?.note ?? (row && Buffer.from(row).toString());
    if (note === undefined) return undefined;
    // Agreed under an earlier charter, perhaps: it still counts as what was agreed last.
    const verdict = verifyAgreedCheckpoint(note, judgedBy, crypto);
    const by = verdict.verdict === 'accept' ? verdict.value : nobody;
    const { cosigners, timestampSeconds } = by;
    const size = sizeIn(note);
    const agreed = { note, size, cosigners: cosigners.length, timestampSeconds, judgedBy };
    this.#newest.set(origin, agreed);
    return agreed;
  }
}

const nobody = { cosigners: [], timestampSeconds: 0 };

function isNewer(agreed: AgreedNote, than: AgreedNote | undefined): boolean {
  if (than === undefined || agreed.size > than.size) return true;
  return agreed.size === than.size && agreed.cosigners > than.cosigners;
}

/** The size in a note that this member has stored. */
function sizeIn(note: string): number {
  const parsed = parseNote(note);
  const checkpoint = parsed.verdict === 'accept' ? parseCheckpoint(parsed.value.text) : parsed;
  return checkpoint.verdict === 'accept' ? checkpoint.value.size : 0;
}
