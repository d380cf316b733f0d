/**
 * All that has been logged, as nobody in the federation can see it: every leaf of every log, at once.
 * It knows what each honest log holds at each index for good, and which ownership entries are
 * complete, so it sees two holders, a rewritten leaf or a lost one when they come to be.
 */
import type { CharterSet, LabelHistory, MentionedEntry } from '@callbook/protocol';
import {
  bytesEqual,
  countedTime,
  emptyHistory,
  entryId,
  integrateLeaf,
  parseLeaf,
  verifyEntry,
} from '@callbook/protocol';
import type { Entry } from '@callbook/protocol';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import type { World } from './world.ts';

export interface UnionOptions {
  readonly charters: CharterSet;
  /** False with more liars than the charter tolerates: then nothing is promised to holders. */
  readonly isPromised: boolean;
  /**
   * True when nothing can complete a second entry of a slot. False with liars: one that stalls its
   * log, forks it or is convicted (its log is then frozen, at some members before leaves that others
   * have) hides a leaf, and after 30 minutes one claimant can be replaced by another.
   */
  readonly isExclusive: boolean;
}

/** A leaf of one branch of a log; honest logs have one. */
export interface SeenLeaf {
  readonly origin: string;
  readonly index: number;
  readonly leafBytes: Uint8Array;
  readonly branch?: string;
}

/** Two honest leaves of one slot in one log are 30 min apart, and a leaf 10 min from its entry's time. */
const competitorsApartMsMin = 20 * 60 * 1000;

export class UnionOfLogs {
  readonly #world: World;
  #options: UnionOptions;
  /** All that was witnessed, in that order. */
  readonly #seen: SeenLeaf[] = [];
  readonly #logs = new Map<string, Uint8Array[]>();
  readonly #written = new Map<string, number>();
  readonly #lastAtMs = new Map<string, number>();
  readonly #histories = new Map<string, LabelHistory>();
  readonly #complete = new Map<string, number>();
  readonly #verified = new Map<string, Entry | undefined>();

  constructor(world: World, options: UnionOptions) {
    this.#world = world;
    this.#options = options;
  }

  size(origin: string): number {
    return this.#logs.get(origin)?.length ?? 0;
  }

  /** Leaves that have been seen of a log, in its longest branch. */
  written(origin: string): number {
    return this.#written.get(origin) ?? 0;
  }

  leaf(origin: string, index: number): Uint8Array | undefined {
    return this.#logs.get(origin)?.[index];
  }

  /** Takes note of leaves of an honest log; what was there before must be there still. */
  append(origin: string, first: number, leaves: readonly Uint8Array[]): void {
    const log = this.#logs.get(origin) ?? [];
    this.#logs.set(origin, log);
    for (const [offset, leaf] of leaves.entries()) {
      const index = first + offset;
      const known = log[index];
      if (known !== undefined) {
        if (!bytesEqual(known, leaf)) {
          this.#world.violate('append-only', `${origin} has another leaf at ${index}`);
        }
      } else if (index > log.length) {
        this.#world.violate('append-only', `${origin} skips leaf ${log.length}`);
      } else {
        log.push(leaf);
        this.witness({ origin, index, leafBytes: leaf });
      }
    }
  }

  /** There is a new charter: what counts, and what is complete, is found out anew. */
  judgeBy(change: Partial<UnionOptions>): void {
    this.#options = { ...this.#options, ...change };
    this.#histories.clear();
    this.#complete.clear();
    this.#lastAtMs.clear();
    for (const leaf of this.#seen) this.#count(leaf);
  }

  /** Takes note of one leaf, honest or not, of any branch of a log. */
  witness(leaf: SeenLeaf): void {
    this.#seen.push(leaf);
    this.#count(leaf);
  }

  #count({ origin, index, leafBytes, branch = '' }: SeenLeaf): void {
    this.#written.set(origin, Math.max(this.written(origin), index + 1));
    const leaf = parseLeaf(leafBytes);
    const branchKey = `${origin} ${branch}`;
    if (leaf.verdict !== 'accept') return;
    const { at, charter, role, entry } = leaf.value;
    if (at < (this.#lastAtMs.get(branchKey) ?? 0)) return;
    this.#lastAtMs.set(branchKey, at);
    if (entry === undefined) return;
    const id = entryId(entry, crypto);
    const idText = id.toHex();
    if (!this.#verified.has(idText)) {
      const verdict = verifyEntry(entry, crypto);
      this.#verified.set(idText, verdict.verdict === 'accept' ? verdict.value : undefined);
    }
    const verified = this.#verified.get(idText);
    if (verified === undefined) return;
    const { charters } = this.#options;
    const labelText = verified.label.toHex();
    const before = this.#histories.get(labelText) ?? emptyHistory;
    const mention = { origin, index, at, charter, role };
    const logged = { ...mention, entryId: id, entry: verified, entryBytes: entry };
    const after = integrateLeaf(before, logged, { charters, crypto });
    this.#histories.set(labelText, after);
    if (after !== before && verified.kind !== 'update') this.#assertOneHolder(after);
  }

  /** Entries that have ever been complete, by hexadecimal id, and the first time of each. */
  get complete(): ReadonlyMap<string, number> {
    return this.#complete;
  }

  #assertOneHolder(history: LabelHistory): void {
    const winners = new Map<string, number>();
    /** Requests that are vetoed, and those that are committed: none is both. */
    const [vetoed, committed] = [new Set<string>(), new Set<string>()];
    for (const known of history.ownership.values()) {
      const { kind, request } = known.entry;
      const timeMs = countedTime(known, history, this.#options.charters);
      if (timeMs === undefined) continue;
      this.#noteComplete(known, timeMs);
      if (kind === 'veto') vetoed.add(request!.toHex());
      if (kind === 'commit') committed.add(request!.toHex());
      const slot = slotOf(known);
      if (slot === undefined) continue;
      const other = winners.get(slot);
      winners.set(slot, timeMs);
      if (other === undefined) continue;
      const apartMs = Math.abs(timeMs - other);
      const { isExclusive, isPromised } = this.#options;
      if (!isPromised || (!isExclusive && apartMs >= competitorsApartMsMin)) continue;
      this.#world.violate('one holder', `two complete entries of one slot, ${apartMs} ms apart`);
    }
    if (this.#options.isPromised && !vetoed.isDisjointFrom(committed)) {
      this.#world.violate('one holder', 'veto and commit of one request are complete');
    }
  }

  #noteComplete({ entryId: id }: MentionedEntry, timeMs: number): void {
    const idText = id.toHex();
    if (this.#complete.has(idText)) return;
    this.#complete.set(idText, timeMs);
    this.#world.note('union', `complete ${idText.slice(0, 12)}`);
  }
}

/** {register, commit} of one epoch; {rotate, release} with one `prev`. Unsettled entries have none. */
function slotOf({ entry, settled }: MentionedEntry): string | undefined {
  if (!settled) return undefined;
  switch (entry.kind) {
    case 'register':
    case 'commit':
      return `opens ${entry.epoch}`;
    case 'rotate':
    case 'release':
      return `follows ${entry.prev!.toHex()}`;
    case 'request':
    case 'veto':
    case 'update':
      return undefined;
  }
}
