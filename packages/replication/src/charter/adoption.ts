/**
 * A running member takes up new charters. A fully signed one is stored at once and comes into force
 * when this member's clock reaches its time; then, in turn with all writes:
 *
 * 1. its version is written down as in force, flushed to disk.
 *    If we crash before, the stored note is found again at the next start, and its time has come. If
 *    we crash after, the next start folds by it; see `refold.ts` for what is folded half.
 * 2. logs of new members are opened, logs of expelled ones end at their cut-off, and the labels that
 *    the charter may judge otherwise are folded again.
 * 3. the version is written down as folded, and the member's own log takes it up.
 *    If we crash between the two, opening the own log takes it up.
 *
 * Nobody outside sees a state between: what others send waits for its turn, and the index gives no
 * root meanwhile. Only look-ups go on, and see each label by the old charter or by the new.
 */
import type { Clock, Entry, Identifier, KnownCharter, Refusal, Verdict } from '@callbook/protocol';
import { accept, ignore } from '@callbook/protocol';

import type { BindingIndex } from '../index/binding-index.ts';
import { charterPollIntervalMs, expulsionLeadMs } from '../limits.ts';
import type { LogSet } from '../log/log-set.ts';
import type { VerifiedEntries } from '../log/verified-entries.ts';
import type { OwnLogAccess } from '../restore/own-log-access.ts';
import type { Scheduler } from '../scheduler.ts';
import type { CommitRows, StoreWriter } from '../store/store-writer.ts';
import type { Store } from '../store/store.ts';
import type { ViewContext } from '../view/view-batch.ts';
import type { CharterChain } from './charter-chain.ts';
import { noteRow, progressRow, readProgress } from './charter-rows.ts';
import type { Membership } from './membership.ts';
import { refold } from './refold.ts';
import type { RefoldContext } from './refold.ts';
import { expelledBy, relogUpdates } from './relog.ts';
import type { RelogContext } from './relog.ts';
import { isOtherBranch, rewindLog } from './rewind.ts';

export interface AdoptionContext {
  readonly chain: CharterChain;
  readonly store: Store;
  readonly writer: StoreWriter;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly logs: LogSet;
  readonly own: OwnLogAccess;
  readonly index: BindingIndex | undefined;
  /** Folds by the charters in force. */
  readonly view: ViewContext;
  readonly entries: VerifiedEntries;
  readonly memberName: string;
  /** Hears of each charter that has come into force, and of what is published otherwise by it. */
  readonly onAdopted: (membership: Membership, identifiers: readonly Identifier[]) => void;
}

export class CharterAdoption {
  readonly #context: AdoptionContext;
  readonly #stop = new AbortController();
  /** One step at a time. */
  #last: Promise<unknown> = Promise.resolve();
  #watching: Promise<void> | undefined;
  /** Version for which updates above cut-offs have been logged again. */
  #readyFor = 0;

  constructor(context: AdoptionContext) {
    this.#context = context;
  }

  /** Ends what a crash has interrupted; call it before anything else is written. */
  async resume(): Promise<void> {
    const { chain, logs, store, writer } = this.#context;
    logs.cutOff(chain.membership);
    const { version } = chain.membership.charters.current.charter;
    const { adopted, folded } = readProgress(store);
    if (folded < version || adopted < version) {
      await writer.run((commit) => this.#foldFrom(folded, commit));
    }
  }

  /** Begins to wait for the time of charters that are signed already. */
  start(): void {
    if (this.#context.chain.next === undefined || this.#stop.signal.aborted) return;
    this.#watching ??= this.#watch().finally(() => {
      this.#watching = undefined;
    });
  }

  /** Verifies a charter as the next one; see `Replica.adopt`. */
  async adopt(note: string): Promise<Verdict<KnownCharter>> {
    return this.#inTurn(async () => {
      const { chain, writer } = this.#context;
      const verified = chain.verify(note);
      if (verified.verdict !== 'accept') return verified;
      const known = verified.value;
      if (!chain.known.includes(known)) {
        const changes = [noteRow(known.charter.version, known.note)];
        // If we crash before this is on disk, whoever brought the charter brings it again.
        await writer.run((commit) => commit(changes, { durable: true }));
        chain.add(known);
      }
      await this.#advanceDue();
      this.start();
      return accept(known);
    });
  }

  /** Refuses what would be logged under a charter that is over, while the next is being taken up. */
  refuseBetween(entry: Entry, nowMs: number): Refusal | undefined {
    const { chain, logs } = this.#context;
    const { next } = chain;
    if (next === undefined || nowMs < next.charter.effectiveAtMs) return undefined;
    const staysActive = next.memberByOrigin.get(logs.own.origin)?.state === 'active';
    // Updates need no quorum: they count under both charters.
    if (entry.kind === 'update' && staysActive) return undefined;
    return ignore('member_busy', 'a new charter is being taken up');
  }

  #inTurn<T>(step: () => Promise<T>): Promise<T> {
    const result = this.#last.then(step);
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #watch(): Promise<void> {
    const { chain, scheduler, writer } = this.#context;
    const { signal } = this.#stop;
    while (chain.next !== undefined && !signal.aborted && writer.failure === undefined) {
      // The writer tells of a store that fails; whoever waits for this has nothing to add.
      await this.#inTurn(() => this.#advanceDue()).catch(() => undefined);
      if (chain.next !== undefined) await scheduler.delay(charterPollIntervalMs, signal);
    }
  }

  /** Puts all charters in force whose time has come. */
  async #advanceDue(): Promise<void> {
    const { chain, clock, writer } = this.#context;
    const { signal } = this.#stop;
    for (let next = chain.next; next !== undefined && !signal.aborted; next = chain.next) {
      const leftMs = next.charter.effectiveAtMs - clock.nowMs();
      if (leftMs <= expulsionLeadMs) await this.#prepare(next);
      if (leftMs > 0 || signal.aborted) return;
      await writer.run((commit) => this.#advance(commit));
    }
  }

  /** Logs again what holders have signed above the cut-offs of a charter, before it takes effect. */
  async #prepare(next: KnownCharter): Promise<void> {
    if (this.#readyFor >= next.charter.version) return;
    const { chain, logs, view } = this.#context;
    for (const { origin, cutoff } of expelledBy(next, chain.membership.charters.current)) {
      logs.limit(origin, cutoff);
      await logs.settle(origin);
      const isOther = isOtherBranch(logs.get(origin)!, cutoff, view);
      const from = isOther ? 0 : cutoff.size;
      await relogUpdates({ origin, from, next }, this.#relogContext());
    }
    this.#readyFor = next.charter.version;
  }

  #relogContext(): RelogContext {
    const { logs, own, store, scheduler, memberName, chain } = this.#context;
    const before = chain.membership.charters;
    const after = chain.upTo(before.all.length + 1);
    const { signal } = this.#stop;
    return { logs, own, store, scheduler, memberName, before, after, signal };
  }

  async #advance(commit: CommitRows): Promise<void> {
    const { chain, own } = this.#context;
    const folded = chain.membership.charters.current.charter.version;
    await commit([progressRow({ adopted: folded + 1, folded })], { durable: true });
    chain.advance();
    const identifiers = await this.#foldFrom(folded, commit);
    await own.open?.takeUpCharter(commit);
    this.#context.onAdopted(chain.membership, identifiers);
  }

  /** Brings logs, view and index from an older version to the one in force. */
  async #foldFrom(folded: number, commit: CommitRows): Promise<Identifier[]> {
    const { chain, clock, entries, index, logs, scheduler, view } = this.#context;
    const { membership } = chain;
    index?.beginAdoption();
    await logs.add(membership.logs);
    const context: RefoldContext = {
      view,
      entries,
      scheduler,
      commit,
      logs: logs.all,
      nowMs: clock.nowMs(),
      onStates: (states) => index?.note(states),
    };
    const rewound = await this.#rewind(context);
    logs.cutOff(membership);
    const refolded = await refold(chain.upTo(folded), { ...context, logs: logs.all });
    const identifiers = [...rewound, ...refolded];
    const { version } = membership.charters.current.charter;
    // If we crash before this is on disk, all labels are folded again at the next start.
    await commit([progressRow({ adopted: version, folded: version })], { durable: true });
    index?.endAdoption(logs.all);
    return identifiers;
  }

  /** Takes logs out that are cut off on another branch than the one that is stored here. */
  async #rewind(context: RefoldContext): Promise<Identifier[]> {
    const { chain, logs } = this.#context;
    const identifiers: Identifier[] = [];
    for (const member of chain.membership.logs) {
      const { cutoff } = member.member;
      const log = logs.get(member.logKey.name);
      const isOwn = log === logs.own;
      if (cutoff === undefined || log === undefined || isOwn) continue;
      if (!isOtherBranch(log, cutoff, context.view)) continue;
      identifiers.push(...(await rewindLog(log, context)));
      await logs.reopen(member);
    }
    return identifiers;
  }

  /** Stops waiting; a step that has begun ends. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#watching;
    await this.#last;
  }
}
