/**
 * Brings the view under a longer chain of charters. Only leaves at or above the sizes and times that
 * a new charter names, or above a cut-off, can be judged otherwise than before, so only their labels
 * are looked at: in bounded batches, each written as a whole.
 *
 * Ownership entries keep the leaves of every log, and are folded again from what is stored. Of
 * updates only the winner is kept: where its last leaf has ceased to count, the updates of that label
 * are integrated anew from all logs.
 *
 * If we crash in the middle, some labels are folded by the new chain and some by the old one. The
 * row of progress (`charter-rows.ts`) still says so at the next start, and all of it is done again
 * before anything else is written: the same logs and the same charters give the same rows.
 */
import type { CharterSet, Identifier, KnownCharter, LoggedEntry } from '@callbook/protocol';
import { changesJudgement, judgeOf, parseEntry, parseLeaf, updateKeyOf } from '@callbook/protocol';

import type { LabelState } from '../index/label-states.ts';
import { replayLabelsMax } from '../limits.ts';
import type { StoredLog } from '../log/stored-log.ts';
import type { VerifiedEntries } from '../log/verified-entries.ts';
import type { Scheduler } from '../scheduler.ts';
import type { CommitRows } from '../store/store-writer.ts';
import { ViewBatch } from '../view/view-batch.ts';
import type { ViewContext } from '../view/view-batch.ts';
import { replayUpdates } from './replay.ts';

export interface RefoldContext {
  /** Folds by the longer chain. */
  readonly view: ViewContext;
  readonly logs: readonly StoredLog[];
  readonly entries: VerifiedEntries;
  readonly scheduler: Scheduler;
  readonly commit: CommitRows;
  readonly nowMs: number;
  /** Hears of states that may have changed. */
  readonly onStates: (states: readonly LabelState[]) => void;
}

/** Folds again what `to` judges otherwise than `from`; returns identifiers published otherwise. */
export async function refold(from: CharterSet, context: RefoldContext): Promise<Identifier[]> {
  const { charters: to } = context.view;
  const later = to.all.slice(from.all.length);
  const identifiers: Identifier[] = [];
  const replayed = new Map<string, Uint8Array>();
  for (const log of context.logs) {
    const first = Math.min(...later.map((charter) => firstConcerned(charter, log.origin)));
    for (let index = first; index < log.size;) {
      const leaves = log.leavesFrom(index, log.size);
      const concerned = leaves.flatMap((leaf, offset) =>
        concernedEntry(leaf, { origin: log.origin, index: index + offset }, { later, context }),
      );
      identifiers.push(...(await refoldLeaves(concerned, { from, replayed, context })));
      index += leaves.length;
      if (replayed.size >= replayLabelsMax) identifiers.push(...(await replay(replayed, context)));
      await context.scheduler.yield();
    }
  }
  identifiers.push(...(await replay(replayed, context)));
  return [...new Set(identifiers)];
}

/** First leaf of a log that a charter can judge otherwise than the one before it. */
function firstConcerned({ charter, memberByOrigin }: KnownCharter, origin: string): number {
  const recorded = charter.logs.find((log) => log.origin === origin)?.size ?? 0;
  return Math.min(recorded, memberByOrigin.get(origin)?.cutoff?.size ?? recorded);
}

interface Concern {
  readonly later: readonly KnownCharter[];
  readonly context: RefoldContext;
}

/** The entry of a leaf that a later charter may judge, parsed and not verified. */
function concernedEntry(
  leafBytes: Uint8Array,
  position: { readonly origin: string; readonly index: number },
  { later, context }: Concern,
): LoggedEntry[] {
  const leaf = parseLeaf(leafBytes);
  if (leaf.verdict !== 'accept' || leaf.value.entry === undefined) return [];
  const { at, charter, role, entry: entryBytes } = leaf.value;
  const isConcerned = later.some(({ charter: { effectiveAtMs }, memberByOrigin }) => {
    const cutoff = memberByOrigin.get(position.origin)?.cutoff;
    return at >= effectiveAtMs || (cutoff !== undefined && position.index >= cutoff.size);
  });
  if (!isConcerned) return [];
  const entry = parseEntry(entryBytes);
  if (entry.verdict !== 'accept') return [];
  const entryId = context.view.crypto.sha256(entryBytes);
  return [{ entry: entry.value, entryId, entryBytes, ...position, at, charter, role }];
}

interface RefoldStep {
  readonly from: CharterSet;
  /** Labels, by their hexadecimal form, whose updates are to be integrated anew. */
  readonly replayed: Map<string, Uint8Array>;
  readonly context: RefoldContext;
}

async function refoldLeaves(
  concerned: readonly LoggedEntry[],
  { from, replayed, context }: RefoldStep,
): Promise<readonly Identifier[]> {
  if (concerned.length === 0) return [];
  const { charters: to } = context.view;
  const labels = concerned.map(({ entry }) => entry.label);
  const view = await ViewBatch.open(context.view, labels);
  for (const logged of concerned) {
    const { entry } = logged;
    view.refold(entry.label);
    if (entry.kind !== 'update' || !changesJudgement(logged, from, to)) continue;
    const isGained = judgeOf(logged, to) !== undefined;
    if (isGained || hasLostWinner(logged, view, to)) {
      replayed.set(entry.label.toHex(), entry.label.slice());
    }
  }
  return write(view, context);
}

/** True when the update was the winner of its label and none of its leaves counts any more. */
function hasLostWinner({ entry, entryId }: LoggedEntry, view: ViewBatch, to: CharterSet): boolean {
  const { ownership, updates } = view.history(entry.label);
  const winner = updates.get(updateKeyOf(entry, ownership));
  if (winner === undefined || Buffer.compare(winner.entryId, entryId) !== 0) return false;
  return winner.mentions.every((mention) => judgeOf(mention, to) === undefined);
}

async function replay(
  replayed: Map<string, Uint8Array>,
  context: RefoldContext,
): Promise<readonly Identifier[]> {
  if (replayed.size === 0) return [];
  const labels = [...replayed.values()];
  replayed.clear();
  const view = await ViewBatch.open(context.view, labels);
  await replayUpdates(labels, view, context);
  return write(view, context);
}

async function write(view: ViewBatch, context: RefoldContext): Promise<readonly Identifier[]> {
  const { changes, identifiers, states } = view.finish(context.nowMs);
  // Need not be flushed: the row that says that all is done comes after, and is.
  await context.commit(changes, { durable: false });
  context.onStates(states);
  return identifiers;
}
