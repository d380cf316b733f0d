/**
 * Waits for the lease, and keeps this process's store a copy of the ledger meanwhile, so that it can write
 * as soon as it has it. Every process of a member begins here, also the one that wrote last.
 *
 * A holder shows that it lives by its beats. Who has looked often enough without seeing another beat takes
 * the lease: it counts looks, not time, so neither a clock that jumps nor a sleep of its own takes anything
 * over. A holder that lives all the same is refused at its next write.
 */
import type { Clock, Random } from '@callbook/protocol';
import { bytesEqual, DirectoryError } from '@callbook/protocol';

import type { ReplicationErrorCode } from '../errors.ts';
import { leaseBeatMs, leaseLooks, ledgerReadTogether, standbyReportLooks } from '../limits.ts';
import type { Scheduler } from '../scheduler.ts';
import type { SharedStore } from '../store/store.ts';
import {
  leaseKey,
  ledgerFrom,
  ledgerPlaceKey,
  ledgerSequenceIn,
  standbyKey,
} from './ledger-keys.ts';
import {
  encodeLease,
  encodePlace,
  leaseIdBytes,
  nobody,
  parseLease,
  parseLedgerBatch,
  parsePlace,
} from './lease-row.ts';
import type { Lease, LedgerPlace } from './lease-row.ts';
import { LeasedStore } from './leased-store.ts';
import type { LeasedStoreParts } from './leased-store.ts';
import { codeOf } from './ledger-errors.ts';

export interface StandByOptions extends Omit<LeasedStoreParts, 'lease' | 'clock' | 'scheduler'> {
  readonly clock: Clock;
  readonly random: Random;
  readonly scheduler: Scheduler;
  /** Ends the wait. */
  readonly signal: AbortSignal;
  readonly onState?: (state: StandByState) => void;
}

export interface StandByState {
  /** Why the ledger cannot be followed just now. */
  readonly code: ReplicationErrorCode | undefined;
  readonly applied: number;
  /** Of the ledger's newest batch. */
  readonly sequence: number;
}

/** What has to be mended by the operator before this store can follow. */
const lasting: readonly ReplicationErrorCode[] = [
  'ledger_foreign',
  'ledger_restored',
  'standby_copy_needed',
  'store_failed',
  'store_closed',
];

/**
 * Follows the ledger until the lease is this process's; undefined when `signal` aborts before. Errors:
 * `ledger_foreign`, `ledger_restored`, `standby_copy_needed`, and those of the store here.
 */
export async function standBy(options: StandByOptions): Promise<LeasedStore | undefined> {
  return await new StandBy(options).wait();
}

/** Whether processes of a member share this ledger already. */
export async function isLedgerBegun(ledger: Pick<SharedStore, 'get'>): Promise<boolean> {
  return (await ledger.get(leaseKey())) !== undefined;
}

class StandBy {
  readonly #options: StandByOptions;
  readonly #processId: Uint8Array;
  #seen: Uint8Array | undefined;
  #looks = 0;
  #reported = -1;
  #sinceReport = 0;

  constructor(options: StandByOptions) {
    this.#options = options;
    this.#processId = options.random.bytes(leaseIdBytes);
  }

  async wait(): Promise<LeasedStore | undefined> {
    const { scheduler, signal } = this.#options;
    while (!signal.aborted) {
      try {
        const lease = await this.#look();
        if (lease !== undefined) return new LeasedStore({ ...this.#options, lease });
      } catch (error) {
        const code = codeOf(error);
        if (lasting.includes(code)) throw error;
        this.#tell({ code, applied: this.#place?.applied ?? 0, sequence: 0 });
        // What was not seen does not count as silence.
        this.#looks = 0;
      }
      await scheduler.delay(leaseBeatMs, signal);
    }
    return undefined;
  }

  /** Where the store here is; undefined when it has never been in a ledger. */
  get #place(): LedgerPlace | undefined {
    const row = this.#options.store.get(ledgerPlaceKey());
    return row === undefined ? undefined : parsePlace(row);
  }

  /** One look: follows, and gives the lease when it is ours. */
  async #look(): Promise<Lease | undefined> {
    const { ledger } = this.#options;
    const row = await ledger.get(leaseKey());
    if (row === undefined) return await this.#begin();
    const lease = parseLease(row);
    await this.#enter(lease);
    await this.#follow(lease);
    await this.#report();
    const isSilent = this.#seen !== undefined && bytesEqual(this.#seen, row);
    this.#looks = isSilent ? this.#looks + 1 : 0;
    this.#seen = row;
    if (this.#looks < leaseLooks && !bytesEqual(lease.holderId, nobody)) return undefined;
    return await this.#take(lease);
  }

  /** Makes the ledger from the store here. */
  async #begin(): Promise<Lease | undefined> {
    const { ledger, random, store } = this.#options;
    if (this.#place !== undefined && this.#place.applied > 0) throw restored();
    const [any] = await store.range({ ...everything(), countMax: 1 });
    const lease: Lease = {
      ledgerId: random.bytes(leaseIdBytes),
      holderId: this.#processId,
      term: 1,
      beat: 1,
      sequence: 0,
      beganEmpty: any === undefined,
    };
    // First here. If we crash before it is there, or lose the race, a place 0 in another ledger means nothing.
    await this.#setPlace({ ledgerId: lease.ledgerId, applied: 0 });
    const value = encodeLease(lease);
    const isDone = await ledger.batchIf({ rowKey: leaseKey(), value: undefined }, [
      { rowKey: leaseKey(), value },
    ]);
    return isDone ? lease : undefined;
  }

  /** Joins the ledger with an empty store, or finds that the store here is a copy of it. */
  async #enter(lease: Lease): Promise<void> {
    const { store } = this.#options;
    const place = this.#place;
    if (place !== undefined && bytesEqual(place.ledgerId, lease.ledgerId)) {
      if (place.applied > lease.sequence) throw restored();
      return;
    }
    if (place !== undefined && place.applied > 0) {
      throw new DirectoryError<ReplicationErrorCode>(
        'ledger_foreign',
        'the store here is a copy of another ledger',
      );
    }
    const others = await store.range({ ...everything(), countMax: 2 });
    const isEmpty = others.every(([rowKey]) => bytesEqual(rowKey, ledgerPlaceKey()));
    if (!isEmpty || !lease.beganEmpty) throw copyNeeded();
    await this.#setPlace({ ledgerId: lease.ledgerId, applied: 0 });
  }

  /** Applies what the ledger has beyond the store here, up to the lease's newest batch. */
  async #follow(lease: Lease): Promise<void> {
    const { ledger, store } = this.#options;
    const { ledgerId, sequence } = lease;
    let { applied } = this.#place!;
    while (applied < sequence) {
      const rows = await ledger.range({ ...ledgerFrom(applied + 1), countMax: ledgerReadTogether });
      if (rows[0] === undefined) throw copyNeeded();
      for (const [place, [rowKey, value]] of rows.entries()) {
        if (ledgerSequenceIn(rowKey) !== applied + 1) throw copyNeeded();
        applied += 1;
        // If we crash between two, the place says which was the last.
        await store.batch(
          [
            ...parseLedgerBatch(value).changes,
            { rowKey: ledgerPlaceKey(), value: encodePlace({ ledgerId, applied }) },
          ],
          { durable: place === rows.length - 1 },
        );
      }
      this.#tell({ code: undefined, applied, sequence });
    }
    this.#tell({ code: undefined, applied, sequence });
  }

  /** Says there how far it has come, so that what everybody has is cleared up. */
  async #report(): Promise<void> {
    const place = this.#place!;
    this.#sinceReport += 1;
    if (place.applied === this.#reported || this.#sinceReport < standbyReportLooks) return;
    const rowKey = standbyKey(this.#processId);
    await this.#options.ledger.batch([{ rowKey, value: encodePlace(place) }], { durable: true });
    this.#reported = place.applied;
    this.#sinceReport = 0;
  }

  async #take(before: Lease): Promise<Lease | undefined> {
    const { ledger } = this.#options;
    const { term, beat } = before;
    const lease = { ...before, holderId: this.#processId, term: term + 1, beat: beat + 1 };
    const rowKey = leaseKey();
    const isDone = await ledger.batchIf({ rowKey, value: encodeLease(before) }, [
      { rowKey, value: encodeLease(lease) },
      { rowKey: standbyKey(this.#processId), erase: true },
    ]);
    this.#looks = 0;
    if (!isDone) return undefined;
    // Nobody else has been able to write since the store here was followed up to this lease.
    return lease;
  }

  async #setPlace(place: LedgerPlace): Promise<void> {
    const change = { rowKey: ledgerPlaceKey(), value: encodePlace(place) };
    await this.#options.store.batch([change], { durable: true });
  }

  #tell(state: StandByState): void {
    this.#options.onState?.(state);
  }
}

function everything(): { gte: Uint8Array; lt: Uint8Array } {
  return { gte: new Uint8Array(), lt: Uint8Array.of(0xff) };
}

function copyNeeded(): DirectoryError<ReplicationErrorCode> {
  return new DirectoryError(
    'standby_copy_needed',
    'the ledger does not reach back to where the store here is',
  );
}

function restored(): DirectoryError<ReplicationErrorCode> {
  return new DirectoryError(
    'ledger_restored',
    'the ledger is at an earlier place than the store here: it was restored, or emptied',
  );
}
