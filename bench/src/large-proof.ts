/**
 * Holds a generated store against what it claims, by the code of whoever checks a member: the index has the
 * root that was reckoned when it was written and the member's signature, a sample of labels is proven to
 * be under it, others not, and leaves of all logs are proven to be under signed checkpoints.
 */
import {
  bytesEqual,
  leafHash,
  verifyCheckpoint,
  verifyInclusion,
  verifyIndexProof,
  verifyIndexRoot,
} from '@callbook/protocol';
import type { IndexLeaf, VerifierKey } from '@callbook/protocol';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import type { Replica } from '@callbook/replication';

/** What is to be proven, and of which replica. */
export interface ProvenSample {
  readonly replica: Replica;
  /** As it was reckoned. */
  readonly root: Uint8Array;
  /** Positions of bindings, and what the index has of each. */
  readonly sample: readonly { readonly position: number; readonly leaf: IndexLeaf }[];
}

/** Throws where something is not proven; returns how many proofs there were. */
export async function assertProven(proven: ProvenSample): Promise<number> {
  return (await assertIndexProofs(proven)) + assertLeafProofs(proven);
}

async function assertIndexProofs({ replica, root, sample }: ProvenSample): Promise<number> {
  const held = sample.map(({ leaf }) => leaf);
  const free = held.map(({ label }) => ({ label: crypto.sha256(label), stateHash: null }));
  const claims = [...held, ...free];
  const evidence = await replica.proveLabels(claims.map(({ label }) => label));
  if (evidence === undefined) throw new Error('the index proves nothing');
  const signed = verifyIndexRoot(evidence.root, logKeyOf(replica, replica.origin), crypto);
  if (signed.verdict !== 'accept') throw new Error(signed.code);
  if (!bytesEqual(signed.value.root, root)) throw new Error('the index has another root');
  for (const [place, claim] of claims.entries()) {
    const proof = evidence.proofs[place]!;
    const verdict = verifyIndexProof({ ...claim, root, proof }, crypto);
    if (verdict.verdict !== 'accept') throw new Error(verdict.code);
  }
  return claims.length;
}

function assertLeafProofs({ replica, sample }: ProvenSample): number {
  let count = 0;
  for (const { origin } of replica.logSizes()) {
    const log = replica.storedLog(origin)!;
    const checkpoint = verifyCheckpoint(log.checkpoint!, logKeyOf(replica, origin), crypto);
    if (checkpoint.verdict !== 'accept') throw new Error(checkpoint.code);
    const { size: treeSize, root } = checkpoint.value;
    for (const { position } of sample) {
      const index = position + 1;
      const hash = leafHash(log.leaf(index)!, crypto);
      const claim = { index, treeSize, leafHash: hash, proof: log.inclusion(index), root };
      if (!verifyInclusion(claim, crypto)) throw new Error('a leaf is not in its log');
      count += 1;
    }
  }
  return count;
}

function logKeyOf({ membership }: Replica, origin: string): VerifierKey {
  const log = membership.logs.find(({ logKey }) => logKey.name === origin);
  if (log === undefined) throw new Error('a log that the charter does not name');
  return log.logKey;
}
