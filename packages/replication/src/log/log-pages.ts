/**
 * Pages of a stored log for another member: leaves with their payloads, up to the limits of a page,
 * and the proof that ties them to the newest checkpoint. The member's own log and its mirrors are
 * served alike, so a reader gets a log from whoever has it.
 */
import { bytesEqual, parseEntry, parseLeaf } from '@callbook/protocol';

import type { LogBatch } from '../batch/log-batch.ts';
import { pageBytesMax, pageEntriesMax, tileWidth } from '../limits.ts';
import { updatesKey } from '../store/row-keys.ts';
import type { Store } from '../store/store.ts';
import { parsePayloads } from '../view/label-row.ts';
import type { OpenedPayload } from '../view/payload-check.ts';
import type { StoredLog } from './stored-log.ts';

/** Leaves whose payloads are read at once. */
const chunkLeaves = 64;

export interface PageRequest {
  /** Index of the first leaf. */
  readonly first: number;
  /** Where the page ends at the latest; everything that is signed when left out. */
  readonly until?: number | undefined;
}

/** Reads the page that begins at `first`, or undefined while nothing of the log is signed here. */
export async function readPage(
  log: StoredLog,
  store: Store,
  { first, until = Infinity }: PageRequest,
): Promise<LogBatch | undefined> {
  const before = Math.min(log.position.signedSize, until);
  const page = { leaves: [] as Uint8Array[], payloads: [] as (OpenedPayload | null)[], bytes: 0 };
  const last = wholeBundles(first, Math.min(first + pageEntriesMax, before), before);
  while (first + page.leaves.length < last) {
    const at = first + page.leaves.length;
    const leaves = log.leavesFrom(at, last).slice(0, chunkLeaves);
    const payloads = await readPayloads(leaves, store);
    if (!addToPage(page, leaves, payloads)) break;
  }
  const whole = wholeBundles(first, first + page.leaves.length, before) - first;
  page.leaves.length = whole;
  page.payloads.length = whole;
  // The checkpoint may have moved on meanwhile: proof and note are taken in one turn.
  const { checkpoint, origin } = log;
  if (checkpoint === undefined) return undefined;
  const end = first + page.leaves.length;
  const proof = end <= log.position.signedSize ? log.consistency(end) : [];
  const { leaves, payloads } = page;
  return { origin, first, leaves, payloads, checkpoint, proof };
}

/**
 * Where more is to come, a page ends with an entry bundle if it holds the end of one: the reader stores
 * bundles, and would write the rest twice, as a part and with the others.
 */
function wholeBundles(first: number, end: number, before: number): number {
  const boundary = end - (end % tileWidth);
  return end < before && boundary > first ? boundary : end;
}

/** Adds what fits; false when the page is full. One entry always fits. */
function addToPage(
  page: { leaves: Uint8Array[]; payloads: (OpenedPayload | null)[]; bytes: number },
  leaves: readonly Uint8Array[],
  payloads: readonly (OpenedPayload | null)[],
): boolean {
  for (const [position, leaf] of leaves.entries()) {
    const opened = payloads[position] ?? null;
    const bytes = leaf.length + (opened === null ? 0 : opened.payload.length + 32);
    if (page.leaves.length > 0 && page.bytes + bytes > pageBytesMax) return false;
    page.bytes += bytes;
    page.leaves.push(leaf);
    page.payloads.push(opened);
  }
  return leaves.length > 0;
}

async function readPayloads(
  leaves: readonly Uint8Array[],
  store: Store,
): Promise<(OpenedPayload | null)[]> {
  const commitments = leaves.map(commitmentIn);
  const rowKeys = commitments.flatMap((named) => (named === undefined ? [] : [named.rowKey]));
  const rows = await store.getMany(rowKeys);
  let position = 0;
  return commitments.map((named) => {
    const row = named === undefined ? undefined : rows[position++];
    if (named === undefined || row === undefined) return null;
    const { commitment } = named;
    const held = parsePayloads(row).find((payload) => bytesEqual(payload.commitment, commitment));
    return held?.opened ?? null;
  });
}

/** What a leaf's entry commits to and the row where its payload would be. */
function commitmentIn(
  leafBytes: Uint8Array,
): { rowKey: Uint8Array; commitment: Uint8Array } | undefined {
  const leaf = parseLeaf(leafBytes);
  if (leaf.verdict !== 'accept' || leaf.value.entry === undefined) return undefined;
  const entry = parseEntry(leaf.value.entry);
  if (entry.verdict !== 'accept' || entry.value.commitment === null) return undefined;
  return { rowKey: updatesKey(entry.value.label), commitment: entry.value.commitment };
}
