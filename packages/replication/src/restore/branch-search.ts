/**
 * Looks for a leaf by which another member's copy of our log differs from ours, both under
 * checkpoints of our own key. Pages that follow on a prefix of ours prove that it is a prefix of
 * theirs too; so the place where the two part is found by halving, in a few pages.
 */
import type { Cryptography, Verdict, VerifierKey } from '@callbook/protocol';
import { bytesEqual, extendFrontier, leafHash, verifyCheckpoint } from '@callbook/protocol';

import type { LogBatch } from '../batch/log-batch.ts';
import { branchPagesMax } from '../limits.ts';
import { leadsTo } from '../log/log-intake.ts';
import type { StoredLog } from '../log/stored-log.ts';

export interface BranchContext {
  readonly log: StoredLog;
  readonly logKey: VerifierKey;
  readonly crypto: Cryptography;
}

/** Returns a checkpoint that signs another leaf than ours; undefined when the member has shown none. */
export async function searchBranch(
  read: (first: number) => Promise<Verdict<LogBatch>>,
  context: BranchContext,
): Promise<string | undefined> {
  const { log } = context;
  // Leaves that are the same in both logs, and a number of leaves that are not.
  let [shared, apart] = [0, log.size];
  for (let pages = 0; pages < branchPagesMax && shared <= apart; pages++) {
    const first = shared + Math.floor((apart - shared) / 2);
    const page = await read(first);
    if (page.verdict !== 'accept' || page.value.first !== first) return undefined;
    if (!follows(page.value, context)) {
      // Not even what follows on the shared leaves leads to a root of ours: it is made up.
      if (first === shared) return undefined;
      apart = first;
      continue;
    }
    const { leaves, checkpoint } = page.value;
    if (differs(leaves, first, log)) return checkpoint;
    if (leaves.length === 0 || first + leaves.length >= log.size) return undefined;
    shared = first + leaves.length;
  }
  return undefined;
}

/** Tells whether a page leads from a prefix of our log to a checkpoint that our key has signed. */
function follows(page: LogBatch, { log, logKey, crypto }: BranchContext): boolean {
  const checkpoint = verifyCheckpoint(page.checkpoint, logKey, crypto);
  if (checkpoint.verdict !== 'accept') return false;
  const hashes = page.leaves.map((leaf) => leafHash(leaf, crypto));
  const frontier = extendFrontier(log.frontierAt(page.first), hashes, crypto);
  return leadsTo(checkpoint.value, frontier, { proof: page.proof, crypto });
}

function differs(leaves: readonly Uint8Array[], first: number, log: StoredLog): boolean {
  return leaves.some((leaf, offset) => {
    const ours = log.leaf(first + offset);
    return ours !== undefined && !bytesEqual(ours, leaf);
  });
}
