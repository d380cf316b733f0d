/**
 * How many members it takes. With n active members of which f may be dishonest, q = ⌊(n+f)/2⌋ + 1:
 * any two quorums then share an honest member. An installation of one member has q = 1.
 */
import type { EntryKind } from '../entry.ts';
import type { Charter, CharterMember } from './charter.ts';

/** Returns the members that count in n, in the charter's order. */
export function activeMembers(charter: Charter): CharterMember[] {
  return charter.members.filter((member) => member.state === 'active');
}

/** Returns q. */
export function quorumOf(charter: Charter): number {
  let quorum = quorums.get(charter);
  if (quorum === undefined) {
    quorum = quorumFor(activeMembers(charter).length, charter.faults);
    quorums.set(charter, quorum);
  }
  return quorum;
}

/** Charters never change, and the fold asks for every leaf of an ownership entry. */
const quorums = new WeakMap<Charter, number>();

/** Returns ⌊(n+f)/2⌋ + 1. */
export function quorumFor(activeCount: number, faults: number): number {
  return Math.floor((activeCount + faults) / 2) + 1;
}

/** Returns how many of an entry's leaves must say `challenged`. */
export function challengedMin(charter: Charter, kind: EntryKind): number {
  if (kind === 'register' || kind === 'commit') return charter.faults + 1;
  // Two, even where f = 0; a single member can only give one.
  if (kind === 'request') {
    return Math.min(activeMembers(charter).length, Math.max(2, charter.faults + 1));
  }
  return 0;
}
