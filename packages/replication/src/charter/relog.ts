/**
 * "Members re-log holder-signed updates above an expelled log's cut-off." Such an update may have no
 * other leaf, so it would be lost with the log. The members log it again in their own logs, before
 * the cut-off takes effect at each of them: each label is the turn of one active member, by the label
 * alone; when that one has not done it for a while, everybody does. Two leaves of one update do no
 * harm.
 */
import type { CharterSet, KnownCharter, LeafMention, LogState } from '@callbook/protocol';
import {
  bytesEqual,
  foldLabel,
  judgeOf,
  parseEntry,
  parseLeaf,
  updateKeyOf,
} from '@callbook/protocol';

import { charterPollIntervalMs, relogPatienceMs } from '../limits.ts';
import type { LogSet } from '../log/log-set.ts';
import type { LogSubmission } from '../log/own-log.ts';
import type { OwnLogAccess } from '../restore/own-log-access.ts';
import type { Scheduler } from '../scheduler.ts';
import type { Store } from '../store/store.ts';
import { readLabel } from '../view/bindings.ts';

export interface CutLog {
  readonly origin: string;
  readonly cutoff: LogState;
}

/** Logs that a charter cuts off and the one before it does not. */
export function expelledBy(next: KnownCharter, before: KnownCharter): CutLog[] {
  return [...next.memberByOrigin].flatMap(([origin, { cutoff }]) => {
    const isNew = before.memberByOrigin.get(origin)?.cutoff === undefined;
    return cutoff !== undefined && isNew ? [{ origin, cutoff }] : [];
  });
}

export interface RelogContext {
  readonly logs: LogSet;
  readonly own: OwnLogAccess;
  readonly store: Store;
  readonly scheduler: Scheduler;
  readonly memberName: string;
  /** The chain in force. */
  readonly before: CharterSet;
  /** The chain with the charter that cuts off. */
  readonly after: CharterSet;
  readonly signal: AbortSignal;
}

interface CutRange {
  readonly origin: string;
  /** First leaf that will not count: the cut-off, or 0 where the log is cut off on another branch. */
  readonly from: number;
  readonly next: KnownCharter;
}

/** Sees to it that updates in force that stand only above the cut-off are in another log as well. */
export async function relogUpdates(range: CutRange, context: RelogContext): Promise<void> {
  const { own, logs, scheduler, signal } = context;
  const isActive = range.next.memberByOrigin.get(logs.own.origin)?.state === 'active';
  if (!isActive || own.open === undefined) return;
  let left = await relogRound(range, { ...context, isMine: isTurnOf(range.next, context) });
  // Waits are counted, not read from the clock: one that stands still must not keep a charter back.
  for (
    let waitedMs = 0;
    waitedMs < relogPatienceMs && left > 0;
    waitedMs += charterPollIntervalMs
  ) {
    await scheduler.delay(charterPollIntervalMs, signal);
    if (signal.aborted) return;
    left = await relogRound(range, { ...context, isMine: () => false });
  }
  if (left > 0) await relogRound(range, { ...context, isMine: () => true });
}

function isTurnOf(
  { charter }: KnownCharter,
  { memberName }: RelogContext,
): (label: Uint8Array) => boolean {
  const active = charter.members.filter(({ state }) => state === 'active').map(({ name }) => name);
  const turn = active.toSorted().indexOf(memberName);
  return (label) => Buffer.from(label).readUInt32BE(0) % active.length === turn;
}

interface RelogRound extends RelogContext {
  readonly isMine: (label: Uint8Array) => boolean;
}

/** Goes through the leaves once; returns how many updates still stand there alone. */
async function relogRound({ origin, from }: CutRange, round: RelogRound): Promise<number> {
  const { logs, own, scheduler } = round;
  const log = logs.get(origin)!;
  let left = 0;
  for (let index = from; index < log.size;) {
    const leaves = log.leavesFrom(index, log.size);
    const lonely = leaves.flatMap((leaf) => lonelyUpdate(leaf, { origin, from }, round));
    const mine = lonely.filter(({ label }) => round.isMine(label));
    await Promise.all(mine.map(({ submission }) => own.append(submission).catch(() => undefined)));
    left += lonely.length - mine.length;
    index += leaves.length;
    await scheduler.yield();
  }
  return left;
}

interface LonelyUpdate {
  readonly label: Uint8Array;
  readonly submission: LogSubmission;
}

/** The update of a leaf, when it is in force and none of its leaves will count. */
function lonelyUpdate(
  leafBytes: Uint8Array,
  cut: Pick<CutRange, 'origin' | 'from'>,
  { store, before, after }: RelogRound,
): LonelyUpdate[] {
  const leaf = parseLeaf(leafBytes);
  if (leaf.verdict !== 'accept' || leaf.value.entry === undefined) return [];
  const { entry: entryBytes } = leaf.value;
  const parsed = parseEntry(entryBytes);
  if (parsed.verdict !== 'accept' || parsed.value.kind !== 'update') return [];
  const entry = parsed.value;
  const { history, payloads } = readLabel(store, entry.label);
  const winner = history.updates.get(updateKeyOf(entry, history.ownership));
  if (winner === undefined || !bytesEqual(winner.entryBytes, entryBytes)) return [];
  const isLost = ({ origin, index }: LeafMention): boolean =>
    origin === cut.origin && index >= cut.from;
  const counts = (mention: LeafMention): boolean =>
    !isLost(mention) && judgeOf(mention, after) !== undefined;
  if (winner.mentions.some(counts)) return [];
  // Only what is in force can be logged again.
  const inForce = foldLabel(history, before)?.entryId;
  if (inForce === undefined || !bytesEqual(inForce, winner.entryId)) return [];
  const held = payloads.find(({ commitment }) =>
    entry.commitment === null ? false : bytesEqual(commitment, entry.commitment),
  );
  const submission = { entry: entryBytes.slice(), role: 'received' } as const;
  const opened = held && { opened: held.opened };
  return [{ label: entry.label, submission: { ...submission, ...opened } }];
}
