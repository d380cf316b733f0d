/**
 * Drafting in a running member: the draft of the charter after the newest one, made durable, and
 * charters themselves, which spread the same way. `draft-exchange.ts` brings what the others have.
 *
 * A change of ours is on disk before anybody sees it, and before we sign one, enough others have said
 * what of ours they hold: a member restored from an old backup would else sign a second change under
 * a number that it has used, and so accuse itself.
 */
import type {
  Clock,
  Cryptography,
  KnownCharter,
  NoteSigner,
  Verdict,
  VerdictCode,
} from '@callbook/protocol';
import {
  accept,
  activeMembers,
  assert,
  bytesEqual,
  DirectoryError,
  parseVerifierKey,
} from '@callbook/protocol';
import type { VerifierKey } from '@callbook/protocol';

import { othersToHear } from '../charter/others-to-hear.ts';
import type { ReplicationErrorCode } from '../errors.ts';
import {
  draftHearWaitMs,
  draftHearWaits,
  draftNewsBytesMax,
  draftNewsChangesMax,
} from '../limits.ts';
import type { Network } from '../network/network.ts';
import type { Scheduler } from '../scheduler.ts';
import type { RowChange, Store } from '../store/store.ts';
import { CharterDraft } from './charter-draft.ts';
import type { DraftStatement } from './draft-change.ts';
import type { DraftField } from './draft-document.ts';
import type { DraftNews, DraftStand } from './draft-news.ts';
import { changeRow, readStoredDraft, replacingRows } from './draft-rows.ts';

/** The member's charters, as its replica keeps them. */
interface CharterKeeper {
  /** Every verified charter, in force or not, version 1 first. */
  readonly knownCharters: readonly KnownCharter[];
  adopt(note: string): Promise<Verdict<KnownCharter>>;
}

export interface DraftingOptions {
  readonly charters: CharterKeeper;
  readonly memberName: string;
  /** Signs by the log key. */
  readonly signer: NoteSigner;
  readonly store: Store;
  readonly crypto: Cryptography;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly network: Network;
  /** Hears of a store that failed: from then on there is no drafting until the member is restarted. */
  readonly onFailure?: (error: Error) => void;
  /** Hears of members that break a rule. */
  readonly onIncident: (memberName: string, code: VerdictCode) => void;
}

/** The draft, for people. */
export interface DraftView {
  /** Version of the charter that it follows. */
  readonly follows: number;
  /** 32 bytes. */
  readonly id: Uint8Array;
  readonly fields: readonly DraftField[];
  /** Members that have signed two changes under one number. */
  readonly excluded: readonly string[];
}

export class Drafting {
  readonly #options: DraftingOptions;
  readonly #news: () => void;
  /** Members that have said what they have of this draft, since the start. */
  readonly #heard = new Set<string>();
  #draft: CharterDraft;
  #last: Promise<unknown> = Promise.resolve();
  #failure: Error | undefined;

  private constructor(options: DraftingOptions, news: () => void) {
    this.#options = options;
    this.#news = news;
    this.#draft = this.#emptyDraft();
  }

  /** Reads back what is stored; `news` is called when there is something for the others. */
  static async open(options: DraftingOptions, news: () => void): Promise<Drafting> {
    const drafting = new Drafting(options, news);
    const stored = await readStoredDraft(options.store);
    if (stored.base === undefined || !bytesEqual(stored.base, drafting.#draft.base))
      return drafting;
    for (const fork of stored.forks) drafting.#draft.admitFork(fork);
    for (const discard of stored.discards) drafting.#draft.admitDiscard(discard);
    for (const change of stored.changes) await drafting.#draft.admitChange(change);
    return drafting;
  }

  /** The newest charter that is verified here, in force or not: what is drafted follows it. */
  get newest(): KnownCharter {
    return this.#options.charters.knownCharters.at(-1)!;
  }

  async view(): Promise<DraftView> {
    return await this.#exclusively(async () => ({
      follows: this.newest.charter.version,
      id: this.#draft.id,
      fields: this.#draft.fields(),
      excluded: this.#draft.excluded,
    }));
  }

  /** Writes into the draft in this member's name. Errors: `draft_unheard`, `store_failed`. */
  async write(statements: readonly DraftStatement[]): Promise<Verdict<void>> {
    return await this.#change(async () => {
      const { memberName, signer } = this.#options;
      return await this.#draft.write(memberName, statements, signer);
    });
  }

  /** Begins the draft again, at every member. Errors: as for `write`. */
  async discard(): Promise<Verdict<void>> {
    return await this.#change(async () => {
      const { memberName, signer } = this.#options;
      return this.#draft.discard(memberName, signer);
    });
  }

  async #change(change: () => Promise<Verdict<Uint8Array>>): Promise<Verdict<void>> {
    await this.#hear();
    const changed = await this.#exclusively(async (): Promise<Verdict<void>> => {
      this.#assertHeard();
      const stand = this.#mark();
      const bytes = await change();
      if (bytes.verdict !== 'accept') return bytes;
      await this.#persist(stand);
      return accept(undefined);
    });
    if (changed.verdict === 'accept') this.#news();
    return changed;
  }

  /** Takes a fully signed charter and spreads it; the members adopt it when its time comes. */
  async adopt(note: string): Promise<Verdict<KnownCharter>> {
    const adopted = await this.#options.charters.adopt(note);
    if (adopted.verdict === 'accept') this.#news();
    return adopted;
  }

  /** What this member has, and what another lacks of it as far as is known. */
  async newsFor(other: DraftStand | undefined): Promise<DraftNews> {
    return await this.#exclusively(async () => {
      const { version } = this.newest.charter;
      const follows = other !== undefined && bytesEqual(other.base, this.#draft.base);
      const behind = other !== undefined && other.version < version;
      const note = behind ? this.#options.charters.knownCharters[other.version]?.note : undefined;
      const known = new Set(other?.excluded);
      return {
        version,
        base: this.#draft.base,
        excluded: this.#draft.excluded,
        held: this.#draft.held(),
        charter: note ?? null,
        discards: this.#draft.discards,
        forks: follows ? this.#draft.forks.filter((_, n) => !known.has(this.#forked(n))) : [],
        changes: follows ? this.#page(other) : [],
      };
    });
  }

  #forked(index: number): string {
    return this.#draft.forkedMembers[index]!;
  }

  #page(other: DraftStand): Uint8Array[] {
    const page: Uint8Array[] = [];
    let bytes = 0;
    for (const change of this.#draft.lackedBy(other.held)) {
      bytes += change.length;
      if (bytes > draftNewsBytesMax || page.length === draftNewsChangesMax) break;
      page.push(change);
    }
    return page;
  }

  /** Takes in what another member sent; true when something of it was new. */
  async take(news: DraftNews, from: string): Promise<boolean> {
    const isNewer = news.charter !== null && (await this.#takeCharter(news.charter, from));
    return await this.#exclusively(async () => {
      const stand = this.#mark();
      const excludedBefore = this.#draft.excluded;
      const judge = (verdict: Verdict<boolean>): boolean => this.#judge(verdict, from);
      let isNew = isNewer;
      for (const discard of news.discards)
        isNew = judge(this.#draft.admitDiscard(discard)) || isNew;
      for (const fork of news.forks) isNew = judge(this.#draft.admitFork(fork)) || isNew;
      for (const change of news.changes) {
        isNew = judge(await this.#draft.admitChange(change)) || isNew;
      }
      for (const name of this.#draft.excluded) {
        // Whether both changes were met here or the pair was passed on, it is its author's doing.
        if (!excludedBefore.includes(name)) this.#options.onIncident(name, 'draft_forked');
      }
      await this.#persist(stand);
      if (bytesEqual(news.base, this.#draft.base)) this.#heard.add(from);
      return isNew || !bytesEqual(stand.id, this.#draft.id);
    });
  }

  async #takeCharter(note: string, from: string): Promise<boolean> {
    const before = this.newest;
    const adopted = await this.#options.charters.adopt(note);
    if (adopted.verdict === 'reject') this.#options.onIncident(from, adopted.code);
    return this.newest !== before;
  }

  #judge(verdict: Verdict<boolean>, from: string): boolean {
    if (verdict.verdict === 'accept') return verdict.value;
    // Who brings the second change of a fork has done nothing wrong.
    if (verdict.verdict === 'reject' && verdict.code !== 'draft_forked') {
      this.#options.onIncident(from, verdict.code);
    }
    return false;
  }

  /** Waits a moment for the others to say what they have: after a start, and after a new charter. */
  async #hear(): Promise<void> {
    const { scheduler } = this.#options;
    if (this.#heard.size < this.#heardMin()) this.#news();
    for (let waits = 0; waits < draftHearWaits; waits++) {
      if (this.#heard.size >= this.#heardMin()) return;
      await scheduler.delay(draftHearWaitMs);
    }
  }

  #heardMin(): number {
    const { charter } = this.newest;
    const others = activeMembers(charter).filter(({ name }) => name !== this.#options.memberName);
    return othersToHear(charter, others.length);
  }

  #assertHeard(): void {
    const wanted = this.#heardMin();
    if (this.#heard.size >= wanted) return;
    const found = `${this.#heard.size} other members have said what they have of the draft`;
    throw new DirectoryError<ReplicationErrorCode>('draft_unheard', `${found}, at least ${wanted}`);
  }

  /** Where the draft stands before a change of it. */
  #mark(): { readonly id: Uint8Array; readonly size: number } {
    return { id: this.#draft.id, size: this.#draft.changes.length };
  }

  /** Writes what has come since the mark; what is not on disk is shown to nobody. */
  async #persist({ id, size }: { readonly id: Uint8Array; readonly size: number }): Promise<void> {
    const { store } = this.#options;
    const { base, changes, discards, forks } = this.#draft;
    const isSame = bytesEqual(id, this.#draft.id) && size > 0;
    if (bytesEqual(id, this.#draft.id) && changes.length === size) return;
    const rows: RowChange[] = isSame
      ? changes.slice(size).map((change, index) => changeRow(size + index, change))
      : await replacingRows(store, { base, changes, discards, forks });
    try {
      await store.batch(rows, { durable: true });
    } catch (cause) {
      // Nobody knows whether it is there: the member is restarted, and believes what it reads.
      this.#failure = new DirectoryError<ReplicationErrorCode>(
        'store_failed',
        'draft not written',
        {
          cause,
        },
      );
      this.#options.onFailure?.(this.#failure);
      throw this.#failure;
    }
  }

  /** One at a time, and each on the draft that follows the newest charter. */
  async #exclusively<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#last.then(async () => {
      if (this.#failure !== undefined) throw this.#failure;
      if (!bytesEqual(this.#draft.base, this.newest.hash)) {
        this.#draft[Symbol.dispose]();
        this.#draft = this.#emptyDraft();
        this.#heard.clear();
      }
      return await run();
    });
    this.#last = result.catch(() => undefined);
    return await result;
  }

  #emptyDraft(): CharterDraft {
    const { charter, hash } = this.newest;
    const writers = new Map(
      activeMembers(charter).map(({ name, logKey }) => [name, keyOf(logKey)]),
    );
    return new CharterDraft({ base: hash, writers, crypto: this.#options.crypto });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#last;
    this.#draft[Symbol.dispose]();
  }
}

function keyOf(vkey: string): VerifierKey {
  const key = parseVerifierKey(vkey);
  assert(key.verdict === 'accept', 'a parsed charter has well-formed keys');
  return key.value;
}
