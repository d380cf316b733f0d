/**
 * Takes in a page of a snapshot. Nothing of it is believed: ownership entries must be those that were
 * folded here from the logs already; updates must have the holder's signature and stand in the logs
 * where the page says; payloads must open what their entries commit to, under the label's own proof.
 * What is left to a sponsor is to keep an update or a payload back: the first shows in the root of the
 * index, the second is asked for like any payload that is missing.
 */
import type { LeafMention, Refusal } from '@callbook/protocol';
import { bytesEqual, compareBytes, encodeLeaf, leafHash, reject } from '@callbook/protocol';

import { verifyChunkEntries } from '../limits.ts';
import type { LogSet } from '../log/log-set.ts';
import type { VerifiedEntries, VerifiedEntry } from '../log/verified-entries.ts';
import type { Scheduler } from '../scheduler.ts';
import type { StoreWriter } from '../store/store-writer.ts';
import { ViewBatch } from '../view/view-batch.ts';
import type { ViewContext } from '../view/view-batch.ts';
import type { SnapshotEntry, SnapshotLabel } from './snapshot-messages.ts';

export interface ImportContext {
  readonly view: ViewContext;
  readonly writer: StoreWriter;
  readonly entries: VerifiedEntries;
  readonly logs: LogSet;
  readonly scheduler: Scheduler;
  readonly nowMs: number;
}

/** Writes the labels of one page, all or none; a refusal says that the sponsor lies. */
export async function importLabels(
  labels: readonly SnapshotLabel[],
  context: ImportContext,
): Promise<Refusal | undefined> {
  const { scheduler, view, writer, nowMs } = context;
  return writer.run(async (commit) => {
    const batch = await ViewBatch.open(
      view,
      labels.map(({ label }) => label),
    );
    let entriesSeen = 0;
    for (const { label, entries } of labels) {
      for (const entry of entries) {
        const refusal = importEntry(entry, { label, batch, context });
        if (refusal !== undefined) return refusal;
        if (++entriesSeen % verifyChunkEntries === 0) await scheduler.yield();
      }
    }
    // Need not be flushed: a store that is half filled is wiped at the next start.
    await commit(batch.finish(nowMs).changes, { durable: false });
    return undefined;
  });
}

/** True when these labels follow each other, and the one before them, in the order of their bytes. */
export function areInOrder(
  labels: readonly SnapshotLabel[],
  after: Uint8Array | undefined,
): boolean {
  let before = after;
  for (const { label } of labels) {
    if (before !== undefined && compareBytes(before, label) >= 0) return false;
    before = label;
  }
  return true;
}

interface LabelImport {
  readonly label: Uint8Array;
  readonly batch: ViewBatch;
  readonly context: ImportContext;
}

function importEntry(
  { entryBytes, opened, mentions }: SnapshotEntry,
  { label, batch, context }: LabelImport,
): Refusal | undefined {
  const verified = context.entries.verify(entryBytes);
  if (verified.verdict !== 'accept') return verified;
  const { entry } = verified.value;
  if (!bytesEqual(entry.label, label)) return isFalse('an entry of another label');
  if (!mentions.every((mention) => isLogged(mention, verified.value, context))) {
    return isFalse('a leaf that no log has');
  }
  const [first] = mentions;
  if (first === undefined || !isKnown(verified.value, batch)) {
    return isFalse('an entry that no log has');
  }
  for (const mention of mentions) batch.integrate({ ...verified.value, ...mention });
  if (opened === null) return undefined;
  const payload = batch.check(entry, opened);
  if (payload.verdict === 'accept') {
    batch.integrate({ ...verified.value, ...first }, opened);
    return undefined;
  }
  // Of another label epoch: nobody can check it any more, and nobody serves it.
  return payload.verdict === 'reject' ? payload : undefined;
}

/** An update is new here; of ownership entries the logs have brought every one. */
function isKnown({ entry, entryId }: VerifiedEntry, batch: ViewBatch): boolean {
  return entry.kind === 'update' || batch.history(entry.label).ownership.has(entryId.toHex());
}

/**
 * Tells whether this very leaf stands in the log: by its hash, since leaves are kept by the bundle, which
 * would be read and taken apart for each.
 */
function isLogged(
  mention: LeafMention,
  { entryBytes }: VerifiedEntry,
  { logs, view: { crypto } }: ImportContext,
): boolean {
  const { origin, index, at, charter, role } = mention;
  const log = logs.get(origin);
  if (log === undefined || index >= log.size) return false;
  const leaf = encodeLeaf({ v: 1, at, charter, role, entry: entryBytes });
  return bytesEqual(log.leafHash(index), leafHash(leaf, crypto));
}

function isFalse(shown: string): Refusal {
  return reject('snapshot_false', `the snapshot has ${shown}`);
}
