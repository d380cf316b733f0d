/**
 * What a few leaves say of all quorums there can have been. Leaves may exist that nobody shows, so
 * nothing follows from a missing one; but an honest member logs an entry once and returns that leaf
 * ever after. Whoever shows the leaves of enough members has therefore bounded every quorum: each has
 * an honest member among them. "Enough" counts the dishonest against the evidence.
 *
 * Only charters up to the one that the accused named are asked, and leaves under these: it knew no
 * later one, and a verdict must not change when a later one is adopted. (A leaf may cease to count
 * under a later charter; then even an honest member logs the entry once more.)
 */
import { activeMembers, quorumOf } from '../charter/quorum.ts';
import { verifierKeyIn } from '../charter/charter-consistency.ts';
import type { Charter } from '../charter/charter.ts';
import type { Leaf } from '../leaf.ts';
import type { CharterSet } from '../fold/charter-set.ts';
import { accept, ignore } from '../verdict.ts';
import type { Verdict } from '../verdict.ts';

/** Charters from version 1 on, and which leaves are under one of them. */
export interface CharterSpan {
  readonly charters: readonly Charter[];
  names(leaf: Pick<Leaf, 'charter'>): boolean;
}

/** Returns the charters from version 1 to the one that a leaf names. */
export function chartersUpTo(
  { charter }: Pick<Leaf, 'charter'>,
  charters: CharterSet,
): Verdict<CharterSpan> {
  const last = charters.byHash(charter)?.charter.version;
  if (last === undefined) {
    return ignore('charter_missing', 'a leaf names a charter that is not at hand');
  }
  return accept({
    charters: charters.all.slice(0, last).map((known) => known.charter),
    names: (leaf) => (charters.byHash(leaf.charter)?.charter.version ?? Infinity) <= last,
  });
}

/**
 * Tells whether every quorum under these charters has an honest member among the logs `shown`. With
 * q members in a quorum out of u, d of them dishonest, that takes u − q + d + 1. Leaves under several
 * charters may meet in one quorum; the largest of their quorums then rules.
 */
export function meetsEveryQuorum(
  shown: ReadonlySet<string>,
  charters: readonly Charter[],
): boolean {
  const dishonest = dishonestMax(charters);
  return charters.every((charter) => {
    const quorum = quorumOf(charter);
    const union = activeOrigins(charters.filter((other) => quorumOf(other) <= quorum));
    const present = [...union].filter((origin) => shown.has(origin)).length;
    return present >= union.size - quorum + dishonest + 1;
  });
}

/** Members that may be dishonest under any of these charters: f, and whoever was expelled. */
export function dishonestMax(charters: readonly Charter[]): number {
  const expelled = charters.at(-1)?.members.filter(({ state }) => state === 'expelled').length ?? 0;
  return expelled + Math.max(...charters.map(({ faults }) => faults));
}

/** Returns the logs of all members that are active under any of these charters. */
export function activeOrigins(charters: readonly Charter[]): Set<string> {
  return new Set(charters.flatMap(activeOriginsOf));
}

function activeOriginsOf(charter: Charter): readonly string[] {
  let known = origins.get(charter);
  if (known === undefined) {
    known = activeMembers(charter).map(({ logKey }) => verifierKeyIn(logKey).name);
    origins.set(charter, known);
  }
  return known;
}

/** Charters never change, and a member asks for every leaf of an ownership entry. */
const origins = new WeakMap<Charter, readonly string[]>();
