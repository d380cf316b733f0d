/**
 * Integrates the updates of some labels anew, from all logs. The view keeps one update of each
 * ownership entry and forgets those that it has beaten; when a charter takes the winner away, the
 * logs are all there is to find the next one. One pass over the logs serves many labels.
 */
import type { LoggedEntry } from '@callbook/protocol';
import { parseEntry, parseLeaf } from '@callbook/protocol';

import type { StoredLog } from '../log/stored-log.ts';
import type { VerifiedEntries } from '../log/verified-entries.ts';
import type { Scheduler } from '../scheduler.ts';
import type { ViewBatch } from '../view/view-batch.ts';

export interface ReplayContext {
  readonly logs: readonly StoredLog[];
  readonly entries: VerifiedEntries;
  readonly scheduler: Scheduler;
}

/** Forgets the updates of these labels in the batch and takes them in again. */
export async function replayUpdates(
  labels: readonly Uint8Array[],
  view: ViewBatch,
  { logs, entries, scheduler }: ReplayContext,
): Promise<void> {
  const wanted = new Set(labels.map((label) => label.toHex()));
  for (const label of labels) view.forgetUpdates(label);
  for (const log of logs) {
    // `at` never decreases along a log; a leaf that breaks this is void.
    let lastAtMs = 0;
    for (let index = 0; index < log.size;) {
      const leaves = log.leavesFrom(index, log.size);
      for (const [offset, leafBytes] of leaves.entries()) {
        const leaf = parseLeaf(leafBytes);
        if (leaf.verdict !== 'accept' || leaf.value.at < lastAtMs) continue;
        const { at, charter, role, entry: entryBytes } = leaf.value;
        lastAtMs = at;
        const verified = entryBytes && updateOf(entryBytes, wanted, entries);
        if (verified === undefined) continue;
        const position = { origin: log.origin, index: index + offset };
        view.integrate({ ...verified, ...position, at, charter, role });
      }
      index += leaves.length;
      await scheduler.yield();
    }
  }
}

/** The entry, when it is an update of a label that is wanted and verifies. */
function updateOf(
  entryBytes: Uint8Array,
  wanted: ReadonlySet<string>,
  entries: VerifiedEntries,
): Pick<LoggedEntry, 'entry' | 'entryId' | 'entryBytes'> | undefined {
  const entry = parseEntry(entryBytes);
  if (entry.verdict !== 'accept' || entry.value.kind !== 'update') return undefined;
  if (!wanted.has(entry.value.label.toHex())) return undefined;
  const verified = entries.verify(entryBytes);
  return verified.verdict === 'accept' ? verified.value : undefined;
}
