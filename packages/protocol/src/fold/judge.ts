/**
 * Which charter judges a leaf. The sizes that a charter records are those of its drafting, before it
 * takes effect; what is logged in between is complete by the charter that it names, and stays so.
 * So a later charter judges a leaf only from its recorded size *and* its effective time on, both of
 * which the leaf itself carries: the fold needs no clock and no order of arrival. A cut-off needs no
 * time: what lies at or above it counts for nothing, whenever it was logged.
 */
import type { CharterSet, KnownCharter } from './charter-set.ts';
import type { LeafMention } from './history.ts';

type JudgedLeaf = Pick<LeafMention, 'origin' | 'index' | 'at' | 'charter'>;

/**
 * Returns the charter by which a leaf counts; undefined when it counts for nothing: it names a
 * charter that is not in the chain or not yet in effect, its log belongs to no active member of the
 * charter that judges it, or it lies at or above that log's cut-off.
 */
export function judgeOf(leaf: JudgedLeaf, charters: CharterSet): KnownCharter | undefined {
  const named = charters.byHash(leaf.charter);
  if (named === undefined || isTooEarly(leaf, named)) return undefined;
  // "An expelled member stays expelled, with the same cut-off": the newest charter has them all.
  const cutoff = charters.current.memberByOrigin.get(leaf.origin)?.cutoff;
  if (cutoff !== undefined && leaf.index >= cutoff.size) return undefined;
  const judge =
    charters.all.slice(named.charter.version).findLast((later) => takesOver(later, leaf)) ?? named;
  return judge.memberByOrigin.get(leaf.origin)?.state === 'active' ? judge : undefined;
}

/** Nobody acts under a charter that is not in effect; the founding one has nothing before it. */
function isTooEarly({ at }: JudgedLeaf, { charter }: KnownCharter): boolean {
  return charter.version > 1 && at < charter.effectiveAtMs;
}

function takesOver({ charter }: KnownCharter, { origin, index, at }: JudgedLeaf): boolean {
  return at >= charter.effectiveAtMs && index >= recordedSize(charter.logs, origin);
}

/** Leaves that a log had when a charter was drafted; none for a log that the charter does not list. */
function recordedSize(logs: KnownCharter['charter']['logs'], origin: string): number {
  return logs.find((log) => log.origin === origin)?.size ?? 0;
}

/**
 * True when a leaf counts by one set of charters and not by the other. Updates with such leaves are
 * integrated anew; of everything else the history keeps enough to be folded again.
 */
export function changesJudgement(leaf: JudgedLeaf, from: CharterSet, to: CharterSet): boolean {
  return (judgeOf(leaf, from) === undefined) !== (judgeOf(leaf, to) === undefined);
}
