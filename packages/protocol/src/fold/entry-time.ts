/**
 * The time of an ownership entry: the clocks of a quorum decide it, never the phone's. It is the
 * smallest t for which a quorum of members, enough of them having challenged, has a leaf of the
 * entry in [t − 10 min, t]. One honest clock in every quorum bounds a liar in both directions.
 */
import { challengedMin, quorumOf } from '../charter/quorum.ts';
import type { EntryKind } from '../entry.ts';
import { quorumWindowMs } from '../limits.ts';
import type { CharterSet, KnownCharter } from './charter-set.ts';
import type { LeafMention, MentionedEntry } from './history.ts';
import { judgeOf } from './judge.ts';

interface CountedLeaf extends LeafMention {
  /** Judges it. */
  readonly known: KnownCharter;
}

/**
 * Returns the entry's time in milliseconds, or undefined while it is incomplete; of a commit only
 * where it may have leaves from before its hold (`entry-progress.ts`).
 */
export function entryTime(mentioned: MentionedEntry, charters: CharterSet): number | undefined {
  return quorumTime(mentioned.entry.kind, mentioned.mentions, charters);
}

/** Returns the time that these leaves of one ownership entry give it, or undefined. */
export function quorumTime(
  kind: EntryKind,
  mentions: readonly LeafMention[],
  charters: CharterSet,
): number | undefined {
  const leaves = firstValidLeaves(mentions, charters).sort((a, b) => a.at - b.at);
  for (const { at: t } of leaves) {
    const inWindow = leaves.filter(({ at }) => at <= t && at >= t - quorumWindowMs);
    if (isQuorum(inWindow, kind)) return t;
  }
  return undefined;
}

/** The first leaf of each log that counts, with the charter that judges it. */
export function firstValidLeaves(
  mentions: readonly LeafMention[],
  charters: CharterSet,
): CountedLeaf[] {
  const [only] = mentions;
  if (only !== undefined && mentions.length === 1) {
    const known = judgeOf(only, charters);
    return known === undefined ? [] : [{ ...only, known }];
  }
  const first = new Map<string, CountedLeaf>();
  for (const mention of mentions) {
    if (first.has(mention.origin)) continue;
    const known = judgeOf(mention, charters);
    if (known === undefined) continue;
    first.set(mention.origin, { ...mention, known });
  }
  return [...first.values()];
}

/** Leaves under two charters may meet in one quorum; the stricter of the two then rules. */
function isQuorum(leaves: readonly CountedLeaf[], kind: EntryKind): boolean {
  const challenged = leaves.filter(({ role }) => role === 'challenged').length;
  return leaves.every(
    ({ known: { charter } }) =>
      leaves.length >= quorumOf(charter) && challenged >= challengedMin(charter, kind),
  );
}
