/**
 * Takes a log out of the view and the store, because a charter has cut it off on another branch than
 * the one that was taken in here. Members that met different branches of a forked log have folded
 * different leaves; the root in the cut-off says which are the log, and everybody fetches those.
 *
 * The log's leaves are taken out of the labels that they are about, in bounded batches; its own rows
 * are erased at the end, in one batch. If we crash before that, they are all there at the next start,
 * with the wrong root, and it is done again; a label of which nothing is left to take out stays as it is.
 */
import type { Identifier, LogState } from '@callbook/protocol';
import { frontierRoot } from '@callbook/protocol';

import { labelsOfLeaves } from '../index/label-states.ts';
import { replayLabelsMax } from '../limits.ts';
import type { StoredLog } from '../log/stored-log.ts';
import { logRows, positionKey } from '../store/row-keys.ts';
import type { RowChange } from '../store/store.ts';
import { ViewBatch } from '../view/view-batch.ts';
import type { RefoldContext } from './refold.ts';
import { replayUpdates } from './replay.ts';

/** True when the leaves stored here are not those that a cut-off names. */
export function isOtherBranch(
  log: StoredLog,
  { size, root }: LogState,
  { crypto }: RefoldContext['view'],
): boolean {
  if (log.size < size) return false;
  return frontierRoot(log.frontierAt(size), crypto).toBase64() !== root;
}

/** Erases the log and what it has brought; returns identifiers published otherwise. */
export async function rewindLog(log: StoredLog, context: RefoldContext): Promise<Identifier[]> {
  const identifiers: Identifier[] = [];
  let labels = new Map<string, Uint8Array>();
  for (let index = 0; index < log.size;) {
    const leaves = log.leavesFrom(index, log.size);
    for (const label of labelsOfLeaves(leaves)) labels.set(label.toHex(), label.slice());
    index += leaves.length;
    if (labels.size < replayLabelsMax && index < log.size) continue;
    identifiers.push(...(await takeOut([...labels.values()], log, context)));
    labels = new Map();
  }
  // If we crash before this is on disk, see above.
  await context.commit(await erasureOf(log.origin, context), { durable: true });
  return identifiers;
}

async function takeOut(
  labels: readonly Uint8Array[],
  log: StoredLog,
  context: RefoldContext,
): Promise<readonly Identifier[]> {
  const view = await ViewBatch.open(context.view, labels);
  for (const label of labels) view.forgetLog(label, log.origin);
  const others = context.logs.filter(({ origin }) => origin !== log.origin);
  await replayUpdates(labels, view, { ...context, logs: others });
  const { changes, identifiers, states } = view.finish(context.nowMs);
  await context.commit(changes, { durable: false });
  context.onStates(states);
  return identifiers;
}

async function erasureOf(origin: string, { view }: RefoldContext): Promise<RowChange[]> {
  const changes: RowChange[] = [{ rowKey: positionKey(origin), erase: true }];
  for (const { gte, lt } of logRows(origin)) {
    for (let first = gte; ;) {
      const rows = await view.store.range({ gte: first, lt, countMax: replayLabelsMax });
      changes.push(...rows.map(([rowKey]) => ({ rowKey, erase: true }) as const));
      if (rows.length < replayLabelsMax) break;
      first = Buffer.concat([rows.at(-1)![0], Uint8Array.of(0)]);
    }
  }
  return changes;
}
