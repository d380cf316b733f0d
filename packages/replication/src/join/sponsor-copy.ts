/**
 * Fills an empty store from one sponsor: its copies of all logs, up to the vector over which it has
 * signed a root, and then the labels under that root. The logs prove themselves, by the signatures of
 * their members; of them the ownership entries are folded here. Updates are not: each label's winning
 * one comes with the snapshot. That saves the signature and the fold of all others.
 */
import type { IndexRoot, Refusal, Verdict } from '@callbook/protocol';
import { bytesEqual, frontierRoot, ignore, reject, verifyIndexRoot } from '@callbook/protocol';
import type { Cryptography } from '@callbook/protocol';

import { snapshotTimeoutMs } from '../limits.ts';
import type { FrameStream, Network } from '../network/network.ts';
import type { Replica } from '../replica.ts';
import { areInOrder } from '../snapshot/label-import.ts';
import {
  encodeSnapshotRequest,
  parseSnapshotPage,
  parseSnapshotRoot,
  snapshotProtocol,
} from '../snapshot/snapshot-messages.ts';
import type { SnapshotWant } from '../snapshot/snapshot-messages.ts';
import { tailProtocol } from '../tail/tail-messages.ts';
import { TailReader } from '../tail/tail-reader.ts';

export interface MemberAsked {
  readonly memberName: string;
  readonly replica: Replica;
  readonly network: Network;
  readonly crypto: Cryptography;
}

/** Copies all that a sponsor has; answers with the root that the index over it must have. */
export async function copyFrom(asked: MemberAsked): Promise<Verdict<IndexRoot>> {
  const { memberName, network } = asked;
  // Most of the leaves come before the snapshot is opened: it keeps old rows on the sponsor's disk.
  const copied = await pullLogs(asked);
  if (copied !== undefined) return copied;
  const stream = await network.open(memberName, snapshotProtocol);
  try {
    const root = await readRoot(stream, 'open', asked);
    if (root.verdict !== 'accept') return root;
    const refusal = (await pullLogs(asked, root.value)) ?? (await importPages(stream, asked));
    return refusal ?? root;
  } finally {
    stream.abort();
  }
}

/** Asks a member for a root that it has signed; one of another charter or ruleset is of no use. */
export async function askRoot(asked: MemberAsked): Promise<Verdict<IndexRoot>> {
  const stream = await asked.network.open(asked.memberName, snapshotProtocol);
  try {
    return await readRoot(stream, 'root', asked);
  } finally {
    stream.abort();
  }
}

async function readRoot(
  stream: FrameStream,
  want: SnapshotWant,
  { memberName, replica, crypto }: MemberAsked,
): Promise<Verdict<IndexRoot>> {
  const frame = await ask(stream, want);
  if (frame === undefined) return ended();
  const note = parseSnapshotRoot(frame);
  if (note.verdict !== 'accept') return note;
  const { membership } = replica;
  const logKey = membership.byName(memberName)?.logKey;
  if (logKey === undefined) return reject('log_unknown', 'the charter names no such member');
  const root = verifyIndexRoot(note.value, logKey, crypto);
  if (root.verdict !== 'accept') return root;
  const { charter, hash } = membership.charters.current;
  if (root.value.ruleset !== charter.ruleset.number || !bytesEqual(root.value.charter, hash)) {
    return ignore('charter_unknown', 'the root was folded by another charter');
  }
  return root;
}

/**
 * Pulls logs from a member: up to its newest checkpoints, or exactly to a vector. The roots in the
 * vector are then compared with what has come.
 */
export async function pullLogs(
  { memberName, replica, network, crypto }: MemberAsked,
  vector?: IndexRoot,
): Promise<Refusal | undefined> {
  const reader = new TailReader(await network.open(memberName, tailProtocol), replica);
  try {
    const checkpoints = await reader.checkpoints();
    if (checkpoints === undefined) return ended();
    if (checkpoints.verdict !== 'accept') return checkpoints;
    for (const [origin, note] of checkpoints.value) {
      const until = vector?.logs.find((log) => log.origin === origin)?.size;
      const learned = replica.learn(origin, note);
      if (learned.verdict === 'reject') return learned;
      // A log that is convicted, or cut off, may be complete here all the same.
      if (learned.verdict === 'ignore') continue;
      const refusal = await reader.pull(origin, until);
      if (refusal !== undefined) return refusal;
    }
  } finally {
    reader.abort();
  }
  return vector?.logs.map((log) => compareLog(log, replica, crypto)).find(Boolean);
}

function compareLog(
  { origin, size, root }: IndexRoot['logs'][number],
  replica: Replica,
  crypto: Cryptography,
): Refusal | undefined {
  const log = replica.storedLog(origin);
  if (log === undefined || log.size < size) {
    return ignore('snapshot_unavailable', 'the member has not given all leaves under its root');
  }
  const frontier = log.frontierAt(size);
  return bytesEqual(frontierRoot(frontier, crypto), root)
    ? undefined
    : reject('snapshot_false', 'the root names another log than the one that its member signed');
}

async function importPages(
  stream: FrameStream,
  { replica }: MemberAsked,
): Promise<Refusal | undefined> {
  let after: Uint8Array | undefined;
  for (let more = true; more;) {
    const frame = await ask(stream, 'labels');
    if (frame === undefined) return ended();
    const page = parseSnapshotPage(frame);
    if (page.verdict !== 'accept') return page;
    const { labels } = page.value;
    more = page.value.more;
    // A page that brings nothing and promises more could go on for ever.
    if (!areInOrder(labels, after) || (more && labels.length === 0)) {
      return reject('snapshot_malformed', 'labels are not in the order of their bytes');
    }
    after = labels.at(-1)?.label ?? after;
    const refusal = await replica.importLabels(labels);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

async function ask(stream: FrameStream, want: SnapshotWant): Promise<Uint8Array | undefined> {
  await stream.write(encodeSnapshotRequest(want), snapshotTimeoutMs);
  return stream.read(snapshotTimeoutMs);
}

function ended(): Refusal {
  return ignore('snapshot_unavailable', 'the member has ended the stream');
}
