/**
 * How far an entry has come. A commit has to be made afresh: leaves of it from before the end of its
 * request's hold are skipped. So a commit that a quorum has logged, one of them too early, is not
 * complete: who takes it for complete would log neither the leaf that is missing nor anything else in
 * its slot, and one lying member would have closed the identifier for good.
 */
import { bytesEqual } from '../bytes.ts';
import type { Entry } from '../entry.ts';
import type { CharterSet } from './charter-set.ts';
import { entryTime, quorumTime } from './entry-time.ts';
import { chainOfEpoch } from './fold-label.ts';
import type { LabelHistory, LeafMention, MentionedEntry } from './history.ts';
import { judgeOf } from './judge.ts';
import { requestStates } from './replacement.ts';

/** From when on leaves of an entry count; never while the request of a commit is not known. */
export function countsFromMs(
  { kind, epoch, request }: Pick<Entry, 'kind' | 'epoch' | 'request'>,
  history: LabelHistory,
  charters: CharterSet,
): number {
  if (kind !== 'commit') return Number.NEGATIVE_INFINITY;
  const chain = chainOfEpoch(epoch - 1, history, charters);
  const states = chain === undefined ? [] : requestStates(chain, history, charters);
  const asked = states.find(({ requestId }) => bytesEqual(requestId, request!));
  return asked?.commitFromMs ?? Number.POSITIVE_INFINITY;
}

/** The time of an ownership entry by the leaves that count, or undefined while it is incomplete. */
export function countedTime(
  mentioned: MentionedEntry,
  history: LabelHistory,
  charters: CharterSet,
): number | undefined {
  const { entry, mentions } = mentioned;
  if (entry.kind !== 'commit') return entryTime(mentioned, charters);
  const fromMs = countsFromMs(entry, history, charters);
  return quorumTime(
    entry.kind,
    mentions.filter(({ at }) => at >= fromMs),
    charters,
  );
}

/** How many logs have an entry, and whether that is enough. */
export interface EntryProgress {
  readonly complete: boolean;
  /** Time of an ownership entry, milliseconds; null while incomplete and for updates. */
  readonly timeMs: number | null;
  readonly leaves: readonly LeafMention[];
}

/** Tells how far an entry has come; undefined when the history does not hold it (any more). */
export function entryProgress(
  history: LabelHistory,
  entryId: Uint8Array,
  charters: CharterSet,
): EntryProgress | undefined {
  const owning = history.ownership.get(entryId.toHex());
  if (owning !== undefined) {
    const timeMs = countedTime(owning, history, charters) ?? null;
    return { complete: timeMs !== null, timeMs, leaves: owning.mentions };
  }
  for (const update of history.updates.values()) {
    if (bytesEqual(update.entryId, entryId)) {
      const complete = update.mentions.some((leaf) => judgeOf(leaf, charters) !== undefined);
      return { complete, timeMs: null, leaves: update.mentions };
    }
  }
  return undefined;
}
