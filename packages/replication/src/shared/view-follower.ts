/**
 * Writes what a member publishes to the shared database, in the order in which it was published, and no
 * change twice. The writer's own store stays what counts; the database follows it, and says how far behind it is.
 *
 * - *Exactly once.* The position is in the same transaction as the rows, and the transaction is applied only
 *   if the position is what this process read or wrote last. If we crash here, or the answer to a commit is
 *   lost, the next session reads the position and goes on from there.
 * - *One writer.* Whoever finds another writer's signs of life waits; whoever takes over raises the term, and
 *   the one before is refused at its next transaction, however long it has slept. Who ends in order says so.
 * - *One member.* A table that describes another member is left alone, whether that lives or not.
 * - *Restored.* A database that is earlier than it has been, or than the outbox reaches back to, is compared
 *   with the store as a whole; until it is the same again it says that it is not whole.
 */
import type { Clock, Identifier, Random } from '@callbook/protocol';
import { bytesEqual, DirectoryError } from '@callbook/protocol';

import type { ReplicationErrorCode } from '../errors.ts';
import {
  followedRowsMax,
  outboxRowsMax,
  sharedBeatMs,
  sharedNoticesKept,
  sharedRetryMsMax,
  sharedRetryMsMin,
  sharedTakeOverMs,
} from '../limits.ts';
import type { Scheduler } from '../scheduler.ts';
import {
  identifierIn,
  sharedDescriptionKey,
  sharedNoticeKey,
  sharedPositionKey,
} from '../store/row-keys.ts';
import type { RowChange, SharedStore } from '../store/store.ts';
import type { PublishedOutbox } from './published-outbox.ts';
import { fillShared } from './shared-filling.ts';
import { encodeSharedNotice } from './shared-notice.ts';
import type { SharedNotice } from './shared-notice.ts';
import { encodeSharedPosition, isEarlier, sharedIdBytes } from './shared-position.ts';
import type { SharedPosition } from './shared-position.ts';
import { noWriter, readSharedDescription, readSharedPosition, showsLife } from './signs-of-life.ts';

export interface ViewFollowerOptions {
  readonly outbox: PublishedOutbox;
  /** Opens the database and makes its table; tried again until it works. */
  readonly openShared: () => Promise<SharedStore>;
  /** What front ends are told of the member; asked often, written when it is another. */
  readonly description: () => Uint8Array;
  /** Whether a description that stands in the database is of this member. */
  readonly isOurs?: (description: Uint8Array) => boolean;
  /** Who writes a member's logs may write here: false ends the session at once, true lets the next begin. */
  readonly mayWrite?: () => boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly onState?: (state: FollowerState) => void;
  /** Shorter in tests. */
  readonly beatMs?: number;
  readonly takeOverMs?: number;
  readonly retryMsMax?: number;
}

export interface FollowerState {
  /** Why the database is not up to date; undefined while it is followed. */
  readonly code: ReplicationErrorCode | undefined;
  /** How long the oldest change has waited. */
  readonly backlogMs: number;
  readonly generation: number;
}

export class ViewFollower implements AsyncDisposable {
  readonly #options: ViewFollowerOptions;
  readonly #writerId: Uint8Array;
  readonly #stop = new AbortController();
  #wake = new AbortController();
  #shared: SharedStore | undefined;
  /** As this process wrote or read it last. */
  #position: SharedPosition | undefined;
  #described: Uint8Array | undefined;
  #code: ReplicationErrorCode | undefined = 'shared_store_unavailable';
  #backlogMs = 0;
  #wroteAtMs = 0;
  #forgotten = 0;
  readonly #running: Promise<void>;

  private constructor(options: ViewFollowerOptions) {
    this.#options = options;
    this.#writerId = options.random.bytes(sharedIdBytes);
    this.#running = this.#run();
  }

  /** Follows until disposed of. Nothing that happens to the database ends it. */
  static start(options: ViewFollowerOptions): ViewFollower {
    return new ViewFollower(options);
  }

  get state(): FollowerState {
    const generation = this.#position?.generation ?? 0;
    return { code: this.#code, backlogMs: this.#backlogMs, generation };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#wake.abort();
    await this.#running;
    await this.#leave();
    await this.#shared?.close();
  }

  /** Says that nobody writes any more, so that the next need not look for signs of life. */
  async #leave(): Promise<void> {
    if (this.#code !== undefined || this.#position === undefined) return;
    const { beat } = this.#position;
    const position = { ...this.#position, beat: beat + 1, writerId: noWriter };
    // Lost without harm.
    await this.#write(this.#shared!, this.#position, { position, changes: [] }).catch(
      () => undefined,
    );
  }

  async #run(): Promise<void> {
    const { outbox, scheduler, retryMsMax = sharedRetryMsMax } = this.#options;
    const forgetMore = outbox.onMore(() => this.#wake.abort());
    let pauseMs = sharedRetryMsMin;
    while (!this.#stop.signal.aborted) {
      const startedWith = this.#position?.generation;
      try {
        await this.#session();
      } catch (error) {
        this.#tell(codeOf(error));
      }
      if (this.#position?.generation !== startedWith) pauseMs = sharedRetryMsMin;
      await this.#boundOutbox();
      await scheduler.delay(pauseMs, this.#stop.signal);
      pauseMs = Math.min(retryMsMax, pauseMs * 2);
    }
    forgetMore();
  }

  /** From finding out where the database is until something is in the way. */
  async #session(): Promise<void> {
    const { openShared, mayWrite } = this.#options;
    if (mayWrite?.() === false) return this.#tell('shared_store_taken');
    this.#shared ??= await openShared();
    const shared = this.#shared;
    const found = await readSharedPosition(shared);
    await this.#assertOurs(shared, found);
    if (!(await this.#isFree(shared, found))) return this.#tell('shared_store_taken');
    this.#assertRunning();
    const before = await readSharedPosition(shared);
    const needsFilling = await this.#needsFilling(before);
    if (needsFilling === 'restored') this.#tell('shared_store_restored');
    else if (needsFilling) this.#tell('shared_store_filling');
    await this.#claim(shared, before, needsFilling !== false);
    if (needsFilling !== false) await this.#fill(shared);
    await this.#follow(shared);
  }

  /** Errors: `shared_store_foreign`. */
  async #assertOurs(shared: SharedStore, found: SharedPosition | undefined): Promise<void> {
    const { isOurs, outbox } = this.#options;
    if (isOurs === undefined || found === undefined) return;
    if (bytesEqual(found.streamId, outbox.streamId)) return;
    const description = await readSharedDescription(shared);
    if (description === undefined || isOurs(description)) return;
    throw new DirectoryError<ReplicationErrorCode>(
      'shared_store_foreign',
      'the shared database has the rows of another member',
    );
  }

  /** Whether no other process shows signs of life. */
  async #isFree(shared: SharedStore, found: SharedPosition | undefined): Promise<boolean> {
    if (found === undefined || bytesEqual(found.writerId, this.#writerId)) return true;
    if (bytesEqual(found.writerId, noWriter)) return true;
    const { scheduler, takeOverMs = sharedTakeOverMs } = this.#options;
    if (takeOverMs === 0) return true;
    const { signal } = this.#stop;
    return !(await showsLife(shared, found, { scheduler, forMs: takeOverMs, signal }));
  }

  async #needsFilling(found: SharedPosition | undefined): Promise<boolean | 'restored'> {
    const { outbox } = this.#options;
    if (found === undefined) return this.#position === undefined ? true : 'restored';
    if (this.#position !== undefined && isEarlier(found, this.#position)) return 'restored';
    if (!bytesEqual(found.streamId, outbox.streamId)) return true;
    if (!found.isWhole) return true;
    // Our own store is the one that was restored, or the outbox does not reach back.
    if (found.sequence > outbox.last) return 'restored';
    return (await outbox.after(found.sequence)) === undefined ? 'restored' : false;
  }

  /** Becomes the writer; the one before is refused from here on. */
  async #claim(
    shared: SharedStore,
    before: SharedPosition | undefined,
    isFilling: boolean,
  ): Promise<void> {
    const { outbox, clock } = this.#options;
    if (before !== undefined && before.sequence > outbox.last) await outbox.skipTo(before.sequence);
    const last = Math.max(before?.generation ?? 0, this.#position?.generation ?? 0);
    const claimed: SharedPosition = {
      streamId: outbox.streamId,
      writerId: this.#writerId,
      term: Math.max((before?.term ?? 0) + 1, (this.#position?.term ?? 0) + 1, clock.nowMs()),
      generation: last + 1,
      // What has changed while it was being filled goes out once more after it.
      sequence: isFilling ? outbox.last : before!.sequence,
      beat: (before?.beat ?? 0) + 1,
      backlogMs: before?.backlogMs ?? 0,
      isWhole: !isFilling,
    };
    await this.#write(shared, before, { position: claimed, notice: 'everything', changes: [] });
    this.#described = undefined;
  }

  async #fill(shared: SharedStore): Promise<void> {
    const { outbox } = this.#options;
    await fillShared({
      from: outbox.store,
      shared,
      write: async (changes) => {
        this.#assertRunning();
        await this.#advance(shared, { changes, notice: 'everything' });
      },
    });
    for (let sent = true; sent;) sent = await this.#sendPage(shared);
    await this.#advance(shared, { changes: [], notice: 'everything', isWhole: true });
    await shared.hint();
  }

  async #follow(shared: SharedStore): Promise<void> {
    const { clock, scheduler, mayWrite, beatMs = sharedBeatMs } = this.#options;
    while (!this.#stop.signal.aborted) {
      if (mayWrite?.() === false) return this.#tell('shared_store_taken');
      this.#wake = new AbortController();
      if (await this.#sendPage(shared)) {
        this.#tell(undefined);
        await this.#forget(followedRowsMax);
        continue;
      }
      await this.#describe(shared);
      if (clock.nowMs() - this.#wroteAtMs >= beatMs) {
        await this.#advance(shared, { changes: [] });
        await this.#forget(1);
      }
      this.#tell(undefined);
      await scheduler.delay(beatMs, this.#wake.signal);
    }
  }

  /** Erases what has gone out, if it is so much: that is a batch like any, and a ledger hears of it. */
  async #forget(rowsMin: number): Promise<void> {
    const { sequence } = this.#position!;
    if (sequence - this.#forgotten < rowsMin) return;
    await this.#options.outbox.forgetBefore(sequence);
    this.#forgotten = sequence;
  }

  /** Sends the next changes; false when there are none. */
  async #sendPage(shared: SharedStore): Promise<boolean> {
    const { outbox } = this.#options;
    this.#assertRunning();
    const page = await outbox.after(this.#position!.sequence);
    if (page === undefined) throw restored();
    if (page.sequence === this.#position!.sequence) return false;
    const changes = await outbox.read(page.rowKeys);
    const notice = page.rowKeys
      .map(identifierIn)
      .filter((identifier): identifier is Identifier => identifier !== undefined);
    await this.#advance(shared, { changes, notice, sequence: page.sequence });
    await shared.hint();
    return true;
  }

  async #describe(shared: SharedStore): Promise<void> {
    const value = this.#options.description();
    if (this.#described !== undefined && bytesEqual(value, this.#described)) return;
    const changes = [{ rowKey: sharedDescriptionKey(), value }];
    await this.#advance(shared, { changes, notice: 'everything' });
    this.#described = value;
    await shared.hint();
  }

  /** One transaction: rows, their notice and the position after them. */
  async #advance(
    shared: SharedStore,
    step: {
      readonly changes: readonly RowChange[];
      readonly notice?: SharedNotice;
      readonly sequence?: number;
      readonly isWhole?: boolean;
    },
  ): Promise<void> {
    const before = this.#position!;
    const sequence = step.sequence ?? before.sequence;
    this.#backlogMs = await this.#options.outbox.waitingMs(sequence);
    const position: SharedPosition = {
      ...before,
      sequence,
      generation: before.generation + (step.notice === undefined ? 0 : 1),
      beat: before.beat + 1,
      backlogMs: this.#backlogMs,
      isWhole: step.isWhole ?? before.isWhole,
    };
    await this.#write(shared, before, { ...step, position });
  }

  async #write(
    shared: SharedStore,
    before: SharedPosition | undefined,
    next: {
      readonly position: SharedPosition;
      readonly notice?: SharedNotice;
      readonly changes: readonly RowChange[];
    },
  ): Promise<void> {
    const { position, notice, changes } = next;
    const rowKey = sharedPositionKey();
    const { generation } = position;
    const noticed: RowChange[] =
      notice === undefined
        ? []
        : [
            { rowKey: sharedNoticeKey(generation), value: encodeSharedNotice(notice) },
            { rowKey: sharedNoticeKey(Math.max(0, generation - sharedNoticesKept)), erase: true },
          ];
    const isDone = await shared.batchIf({ rowKey, value: before && encodeSharedPosition(before) }, [
      ...changes,
      ...noticed,
      { rowKey, value: encodeSharedPosition(position) },
    ]);
    if (isDone) {
      this.#position = position;
      this.#wroteAtMs = this.#options.clock.nowMs();
      return;
    }
    const found = await readSharedPosition(shared);
    const isOurs = found !== undefined && bytesEqual(found.writerId, this.#writerId);
    if (isOurs || found === undefined) throw restored();
    throw new DirectoryError<ReplicationErrorCode>(
      isEarlier(found, this.#position ?? found) ? 'shared_store_restored' : 'shared_store_taken',
      'another process has written to the shared database',
    );
  }

  /** What nobody takes for long is not kept for ever: the database is compared as a whole then. */
  async #boundOutbox(): Promise<void> {
    const { outbox } = this.#options;
    if (this.#code !== undefined) {
      this.#backlogMs = await outbox.waitingMs(this.#position?.sequence ?? 0);
    }
    await outbox.forgetBefore(outbox.last - outboxRowsMax);
  }

  #assertRunning(): void {
    this.#stop.signal.throwIfAborted();
  }

  #tell(code: ReplicationErrorCode | undefined): void {
    if (this.#stop.signal.aborted || code === this.#code) return;
    this.#code = code;
    this.#options.onState?.(this.state);
  }
}

function restored(): DirectoryError<ReplicationErrorCode> {
  return new DirectoryError('shared_store_restored', 'the shared database has gone back in time');
}

function codeOf(error: unknown): ReplicationErrorCode {
  return error instanceof DirectoryError
    ? (error.code as ReplicationErrorCode)
    : 'shared_store_failed';
}
