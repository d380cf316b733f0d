/**
 * Comparison of index roots: members that have folded the same leaves by the same charter and ruleset
 * must have the same root. Each keeps its last roots and the last ones of every other member, by what
 * they were folded from; whenever two are from the same, they are compared. When the vectors never
 * meet, nothing is said: members that write all the time are seldom at the same place at once.
 */
import type { Clock, Cryptography, IndexRoot, Verdict } from '@callbook/protocol';
import { accept, bytesEqual, ignore, reject, verifyIndexRoot } from '@callbook/protocol';

import type { LogMember } from '../charter/membership.ts';
import { rootsKeptMax } from '../limits.ts';
import { Listeners } from '../listeners.ts';

export interface RootComparisonContext {
  readonly crypto: Cryptography;
  readonly clock: Clock;
  readonly ownOrigin: string;
  readonly byOrigin: (origin: string) => LogMember | undefined;
}

/** The last root that this member and another one had of the same vector. */
export interface RootAgreement {
  readonly memberName: string;
  /** Root of the index, 32 bytes. */
  readonly root: Uint8Array;
  /** Leaves of each log that it was folded from. */
  readonly sizes: readonly { readonly origin: string; readonly size: number }[];
  /** When it was seen, by this member's clock. */
  readonly atMs: number;
}

/**
 * Two signed roots of one vector that differ: by one member, it lies; by two, one of them has folded
 * wrongly, or lies.
 */
export interface RootContradiction {
  /** The other member. */
  readonly memberName: string;
  /** Logs of the two signers, or twice that of the one. */
  readonly origins: readonly [string, string];
  /** The signed notes. */
  readonly roots: readonly [string, string];
}

interface SignedRoot {
  readonly note: string;
  readonly position: IndexRoot;
}

/** The last roots of one member, by what they were folded from, oldest first. */
type RecentRoots = Map<string, SignedRoot>;

export class RootComparison {
  readonly #context: RootComparisonContext;
  readonly #recent = new Map<string, RecentRoots>();
  readonly #agreements = new Map<string, RootAgreement>();
  readonly #contradictions = new Listeners<RootContradiction>();

  constructor(context: RootComparisonContext) {
    this.#context = context;
  }

  /** For each other member the last root on which it and this member agreed. */
  agreements(): readonly RootAgreement[] {
    return [...this.#agreements.values()];
  }

  onContradiction(listener: (contradiction: RootContradiction) => void): () => void {
    return this.#contradictions.add(listener);
  }

  /**
   * Takes in a root that a member has signed, this one or another, and compares it with all that
   * have the same vector. Codes: those of `verifyIndexRoot`, `log_unknown`, `index_root_differs`.
   */
  offer(origin: string, note: string): Verdict<IndexRoot> {
    const { byOrigin, crypto } = this.#context;
    const member = byOrigin(origin);
    // It may have a later charter than we, or not yet the one that expels it.
    if (member === undefined) return ignore('log_unknown', 'the charter names no such member');
    const recent = this.#recentOf(origin);
    const known = [...recent.values()].find((root) => root.note === note);
    if (known !== undefined) return accept(known.position);
    const verdict = verifyIndexRoot(note, member.logKey, crypto);
    if (verdict.verdict !== 'accept') return verdict;
    const signed = { note, position: verdict.value };
    const vector = vectorOf(verdict.value);
    const before = recent.get(vector);
    remember(recent, vector, signed);
    if (before !== undefined && !sameRoot(before, signed)) {
      this.#contradict(origin, [origin, origin], [before.note, note]);
      return differs();
    }
    return this.#compare(origin, vector, signed);
  }

  #compare(origin: string, vector: string, signed: SignedRoot): Verdict<IndexRoot> {
    const { ownOrigin } = this.#context;
    const others = origin === ownOrigin ? [...this.#recent.keys()] : [ownOrigin];
    let verdict: Verdict<IndexRoot> = accept(signed.position);
    for (const other of others.filter((name) => name !== origin)) {
      const theirs = this.#recent.get(other)?.get(vector);
      if (theirs === undefined) continue;
      const peer = origin === ownOrigin ? other : origin;
      if (sameRoot(theirs, signed)) this.#agree(peer, signed);
      else {
        this.#contradict(peer, [origin, other], [signed.note, theirs.note]);
        verdict = differs();
      }
    }
    return verdict;
  }

  #agree(origin: string, { position }: SignedRoot): void {
    const { byOrigin, clock } = this.#context;
    const memberName = byOrigin(origin)?.member.name;
    if (memberName === undefined) return;
    const sizes = position.logs.map((log) => ({ origin: log.origin, size: log.size }));
    const atMs = clock.nowMs();
    this.#agreements.set(origin, { memberName, root: position.root, sizes, atMs });
  }

  #contradict(
    peer: string,
    origins: RootContradiction['origins'],
    roots: RootContradiction['roots'],
  ): void {
    const memberName = this.#context.byOrigin(peer)?.member.name;
    if (memberName !== undefined) this.#contradictions.tell({ memberName, origins, roots });
  }

  #recentOf(origin: string): RecentRoots {
    const recent = this.#recent.get(origin) ?? new Map<string, SignedRoot>();
    this.#recent.set(origin, recent);
    return recent;
  }
}

function remember(recent: RecentRoots, vector: string, signed: SignedRoot): void {
  recent.delete(vector);
  recent.set(vector, signed);
  if (recent.size > rootsKeptMax) recent.delete(recent.keys().next().value!);
}

/** All that a root depends on: two roots with one such text must be equal. */
function vectorOf({ ruleset, charter, logs }: IndexRoot): string {
  const lines = logs.map(({ origin, size, root }) => `${origin} ${size} ${root.toBase64()}`);
  return [String(ruleset), charter.toBase64(), ...lines].join('\n');
}

function sameRoot(one: SignedRoot, other: SignedRoot): boolean {
  return bytesEqual(one.position.root, other.position.root);
}

function differs(): Verdict<never> {
  return reject('index_root_differs', 'two roots for one vector');
}
