/**
 * The store of whoever has the lease. A batch is in the ledger before it is in the store here, and it gets
 * into the ledger only while the lease there is as this process left it. So the order of steps is
 *
 * 1. the batch and the lease go to the ledger in one transaction.
 *    If we crash, or sleep, before it: nothing has happened. If another process has taken the lease
 *    meanwhile, the transaction is refused and nothing is written or signed here ever again.
 * 2. the batch goes to the store here.
 *    If we crash before it, the next process, wherever it runs, finds it in the ledger.
 * 3. the caller signs over what is durable.
 *    If we sleep before it, and another process has taken over, that one has read the same batch: it
 *    goes on from the same root. What is signed late here is what it would have signed.
 *
 * No clock is compared with another, and none decides: who takes over too early takes over all the same.
 */
import type { Clock } from '@callbook/protocol';
import { bytesEqual, DirectoryError } from '@callbook/protocol';

import type { ReplicationErrorCode } from '../errors.ts';
import {
  leaseBeatMs,
  ledgerBytesTogether,
  ledgerBatchesTogether,
  ledgerClearedTogether,
  ledgerClearingMs,
  ledgerKeepMs,
  ledgerKeptMax,
  leaseRetryMs,
} from '../limits.ts';
import type { Scheduler } from '../scheduler.ts';
import {
  leaseKey,
  ledgerFrom,
  ledgerKey,
  ledgerPlaceKey,
  ledgerSequenceIn,
  standbyRows,
} from './ledger-keys.ts';
import type { RowChange, SharedStore, Store } from '../store/store.ts';
import {
  encodeLease,
  encodeLedgerBatch,
  encodePlace,
  nobody,
  parseLedgerBatch,
  parsePlace,
} from './lease-row.ts';
import type { Lease } from './lease-row.ts';
import { codeOf } from './ledger-errors.ts';

export interface LeasedStoreParts {
  /** The store of this process, level with the ledger. */
  readonly store: Store;
  readonly ledger: SharedStore;
  /** As this process has just written it. */
  readonly lease: Lease;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** Hears why the ledger cannot be written to; undefined when it can again. */
  readonly onTrouble?: (code: ReplicationErrorCode | undefined) => void;
}

interface Waiting {
  readonly changes: readonly RowChange[];
  readonly isDurable: boolean;
  readonly row: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class LeasedStore implements AsyncDisposable {
  /** To be used in place of the store here. */
  readonly store: Store;
  /** Resolves with `lease_lost`, or with what the store here has failed of; never otherwise. */
  readonly lost: Promise<DirectoryError<ReplicationErrorCode>>;
  readonly #parts: LeasedStoreParts;
  readonly #tellLost: (error: DirectoryError<ReplicationErrorCode>) => void;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #wake = new AbortController();
  #waiting: Waiting[] = [];
  #lease: Lease;
  #lostBy: DirectoryError<ReplicationErrorCode> | undefined;
  #trouble: ReplicationErrorCode | undefined;
  #standbyPlaces: readonly number[] = [];
  /** The newest batch that a crash of this machine would leave in the store here. */
  #durable: number;

  constructor(parts: LeasedStoreParts) {
    this.#parts = parts;
    this.#lease = parts.lease;
    this.#durable = parts.lease.sequence;
    const { promise, resolve } = Promise.withResolvers<DirectoryError<ReplicationErrorCode>>();
    this.lost = promise;
    this.#tellLost = resolve;
    const { store } = parts;
    this.store = {
      get: (rowKey) => store.get(rowKey),
      getMany: async (rowKeys) => await store.getMany(rowKeys),
      range: async (range) => await store.range(range),
      snapshot: () => store.snapshot(),
      compact: async (first, last) => await store.compact(first, last),
      close: async () => await store.close(),
      batch: async (changes, { durable }) => await this.#batch(changes, durable),
    };
    this.#running = this.#run();
  }

  get isLost(): boolean {
    return this.#lostBy !== undefined;
  }

  /** Why the ledger cannot be written to just now. */
  get trouble(): ReplicationErrorCode | undefined {
    return this.#trouble;
  }

  /** How many batches each stand-by lacks, by what it said last of how far it had come. */
  get standbyLags(): readonly number[] {
    return this.#standbyPlaces.map((applied) => Math.max(0, this.#lease.sequence - applied));
  }

  get lease(): Lease {
    return this.#lease;
  }

  /** Writes what waits, and gives the lease back, so that a stand-by need not wait. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#wake.abort();
    await this.#running;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#lostBy ?? lost());
    if (this.#lostBy !== undefined) return;
    // Lost without harm: the others wait for signs of life then.
    await this.#parts.ledger
      .batchIf({ rowKey: leaseKey(), value: encodeLease(this.#lease) }, [
        { rowKey: leaseKey(), value: encodeLease({ ...this.#lease, holderId: nobody }) },
      ])
      .catch(() => undefined);
  }

  #batch(changes: readonly RowChange[], isDurable: boolean): Promise<void> {
    if (this.#lostBy !== undefined) return Promise.reject(this.#lostBy);
    const row = encodeLedgerBatch({ atMs: this.#parts.clock.nowMs(), changes });
    return new Promise((resolve, reject) => {
      this.#waiting.push({ changes, isDurable, row, resolve, reject });
      this.#wake.abort();
    });
  }

  async #run(): Promise<void> {
    const { clock, scheduler } = this.#parts;
    let clearedAtMs = clock.nowMs();
    while (this.#lostBy === undefined) {
      this.#wake = new AbortController();
      try {
        if (this.#waiting.length > 0) {
          await this.#writeNext();
          continue;
        }
        if (this.#stop.signal.aborted) return;
        await this.#writeLease({ ...this.#lease, beat: this.#lease.beat + 1 }, []);
        if (Math.abs(clock.nowMs() - clearedAtMs) >= ledgerClearingMs) {
          clearedAtMs = clock.nowMs();
          await this.#clearUp();
        }
      } catch (error) {
        this.#lose(error);
        return;
      }
      if (this.#waiting.length === 0) await scheduler.delay(leaseBeatMs, this.#wake.signal);
    }
  }

  /** Several batches that wait are one transaction there, and so many batches here. */
  async #writeNext(): Promise<void> {
    const { store } = this.#parts;
    const together = this.#take();
    const first = this.#lease.sequence + 1;
    const rows = together.map(({ row }, place) => ({
      rowKey: ledgerKey(first + place),
      value: row,
    }));
    const { beat, sequence } = this.#lease;
    try {
      await this.#writeLease(
        { ...this.#lease, beat: beat + 1, sequence: sequence + together.length },
        rows,
      );
      for (const [place, { changes, isDurable, resolve }] of together.entries()) {
        const applied = first + place;
        const value = encodePlace({ ledgerId: this.#lease.ledgerId, applied });
        await store.batch([...changes, { rowKey: ledgerPlaceKey(), value }], {
          durable: isDurable,
        });
        if (isDurable) this.#durable = applied;
        resolve();
      }
    } catch (error) {
      this.#lose(error);
      // Those that were answered already do not hear of it.
      for (const { reject } of together) reject(this.#lostBy);
    }
  }

  #take(): Waiting[] {
    let count = 0;
    let bytes = 0;
    for (const { row } of this.#waiting) {
      if (
        count === ledgerBatchesTogether ||
        (count > 0 && bytes + row.length > ledgerBytesTogether)
      ) {
        break;
      }
      bytes += row.length;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  /**
   * Writes to the ledger as the holder, however long that takes: the store here must not get ahead, and who
   * waits for a write is told nothing before it is there. Throws `lease_lost`.
   */
  async #writeLease(next: Lease, changes: readonly RowChange[]): Promise<void> {
    const { ledger, scheduler } = this.#parts;
    const [before, after] = [encodeLease(this.#lease), encodeLease(next)];
    const rowKey = leaseKey();
    for (;;) {
      try {
        const isDone = await ledger.batchIf({ rowKey, value: before }, [
          ...changes,
          { rowKey, value: after },
        ]);
        // The answer to an earlier attempt may have been lost on its way.
        const found = isDone ? after : await ledger.get(rowKey);
        if (found === undefined || !bytesEqual(found, after)) throw lost();
        this.#lease = next;
        this.#tell(undefined);
        return;
      } catch (error) {
        const code = codeOf(error);
        if (code === 'lease_lost' || code === 'store_closed') throw error;
        this.#tell(code);
        // Who stops cannot wait for a database that may never come back; nobody was told of this batch.
        if (this.#stop.signal.aborted) throw error;
        await scheduler.delay(leaseRetryMs, this.#stop.signal);
      }
    }
  }

  /** Erases batches that every stand-by has, that are old, or that are too many. */
  async #clearUp(): Promise<void> {
    const { ledger, clock } = this.#parts;
    try {
      const rows = await ledger.range({ ...ledgerFrom(0), countMax: ledgerClearedTogether });
      const standbys = await ledger.range({ ...standbyRows(), countMax: ledgerClearedTogether });
      const places = standbys.map(([, value]) => parsePlace(value).applied);
      this.#standbyPlaces = places;
      const everybodyHas = places.length === 0 ? 0 : Math.min(...places);
      const tooOld = this.#lease.sequence - ledgerKeptMax;
      const oldMs = clock.nowMs() - ledgerKeepMs;
      const erased: RowChange[] = [];
      for (const [rowKey, value] of rows) {
        const sequence = ledgerSequenceIn(rowKey);
        const isOver =
          sequence <= Math.max(everybodyHas, tooOld) || parseLedgerBatch(value).atMs < oldMs;
        // What only the ledger has of this store stays.
        if (!isOver || sequence > this.#durable) break;
        erased.push({ rowKey, erase: true });
      }
      // A stand-by that cannot follow from where it was is not waited for any more.
      const oldest = rows[0] === undefined ? 0 : ledgerSequenceIn(rows[0][0]);
      for (const [place, [rowKey]] of standbys.entries()) {
        if (places[place]! + 1 < oldest) erased.push({ rowKey, erase: true });
      }
      if (erased.length > 0) await ledger.batch(erased, { durable: true });
    } catch (error) {
      // The next time will do.
      this.#tell(codeOf(error));
    }
  }

  #lose(error: unknown): void {
    if (this.#lostBy !== undefined) return;
    const by =
      error instanceof DirectoryError
        ? (error as DirectoryError<ReplicationErrorCode>)
        : lost(error);
    this.#lostBy = by;
    for (const { reject } of this.#waiting.splice(0)) reject(by);
    this.#tellLost(by);
  }

  #tell(code: ReplicationErrorCode | undefined): void {
    if (code === this.#trouble) return;
    this.#trouble = code;
    this.#parts.onTrouble?.(code);
  }
}

function lost(cause?: unknown): DirectoryError<ReplicationErrorCode> {
  return new DirectoryError('lease_lost', 'another process writes for this member now', { cause });
}
