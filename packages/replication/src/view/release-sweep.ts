/**
 * Erases what releases leave behind once their pause is over: payload, opening and every row that
 * says whose label it was. The fold reads no clock, so this is where time has its effect.
 */
import type { Clock } from '@callbook/protocol';

import { releasesPerSweepMax } from '../limits.ts';
import { releaseOf, releasesUntil } from '../store/row-keys.ts';
import type { StoreWriter } from '../store/store-writer.ts';
import { ViewBatch } from './view-batch.ts';
import type { ViewChanges, ViewContext } from './view-batch.ts';

/** Ends the releases that are due, at most one batch of them; returns what has changed. */
export async function sweepReleases(
  context: ViewContext,
  writer: StoreWriter,
  clock: Clock,
): Promise<ViewChanges> {
  const due = () =>
    context.store.range({ ...releasesUntil(clock.nowMs()), countMax: releasesPerSweepMax });
  if ((await due()).length === 0) return { changes: [], identifiers: [], states: [] };
  return writer.run(async (commit) => {
    const rowKeys = (await due()).map(([rowKey]) => rowKey);
    const labels = rowKeys.map((rowKey) => releaseOf(rowKey).label);
    const view = await ViewBatch.open(context, labels);
    for (const label of labels) view.review(label);
    const changed = view.finish(clock.nowMs());
    const done = rowKeys.map((rowKey) => ({ rowKey, erase: true }) as const);
    // If we crash before this is on disk, the rows of the releases are still there and are found
    // again; a release that another entry has displaced meanwhile erases nothing.
    await commit([...changed.changes, ...done], { durable: true });
    return changed;
  });
}
