/**
 * Forks: two checkpoints of one log of which neither extends the other. Same size and two roots needs
 * nothing more. For two sizes the inclusion proofs of one leaf are enough, and as short as the trees
 * are deep: everything on the left of a leaf's way to the root is a perfect subtree, the same one in
 * every larger tree of the log. A receipt whose leaf a later checkpoint lacks is the same evidence.
 */
import { bytesEqual } from '../bytes.ts';
import type { Checkpoint } from '../checkpoint.ts';
import { leftSiblings, verifyInclusion } from '../merkle/inclusion-proof.ts';
import { accept, reject } from '../verdict.ts';
import type { Verdict } from '../verdict.ts';
import type { Evidence, ForkSide } from './evidence.ts';
import { cosignersOf, verifyLogCheckpoint } from './signed-statements.ts';
import type { JudgingContext, ProvenFault } from './verify-evidence.ts';

type ForkEvidence = Extract<Evidence, { kind: 'fork' }>;

/** Judges two checkpoints of one size. */
export function twoRootsFault(
  notes: readonly [string, string],
  context: JudgingContext,
): Verdict<ProvenFault> {
  const pair = verifyPair(notes, context);
  if (pair.verdict !== 'accept') return pair;
  const [first, second] = pair.value;
  if (first.size !== second.size || bytesEqual(first.root, second.root)) {
    return reject('evidence_unproven', 'the checkpoints do not give two roots for one size');
  }
  return accept({ kind: 'two_roots', origins: culprits(notes, first, context), disputed: [] });
}

/** Judges two checkpoints of any sizes by what each proves of one leaf. */
export function forkFault(
  { index, sides }: ForkEvidence,
  context: JudgingContext,
): Verdict<ProvenFault> {
  const notes = [sides[0].checkpoint, sides[1].checkpoint] as const;
  const pair = verifyPair(notes, context);
  if (pair.verdict !== 'accept') return pair;
  for (const [position, side] of sides.entries()) {
    if (!isIncluded(side, { index, checkpoint: pair.value[position]! }, context)) {
      return reject('receipt_proof_invalid', 'a proof does not lead to the root of its checkpoint');
    }
  }
  const [first, second] = pair.value;
  if (agree(index, { sides, sizes: [first.size, second.size] })) {
    return reject('evidence_unproven', 'the trees agree on the leaf and all before it');
  }
  return accept({ kind: 'fork', origins: culprits(notes, first, context), disputed: [] });
}

function verifyPair(
  notes: readonly [string, string],
  context: JudgingContext,
): Verdict<readonly [Checkpoint, Checkpoint]> {
  const first = verifyLogCheckpoint(notes[0], context);
  if (first.verdict !== 'accept') return first;
  const second = verifyLogCheckpoint(notes[1], context);
  if (second.verdict !== 'accept') return second;
  return first.value.origin === second.value.origin
    ? accept([first.value, second.value])
    : reject('evidence_unproven', 'the checkpoints are of two logs');
}

function isIncluded(
  { leafHash, proof }: ForkSide,
  { index, checkpoint }: { readonly index: number; readonly checkpoint: Checkpoint },
  { crypto }: JudgingContext,
): boolean {
  const { size, root } = checkpoint;
  return verifyInclusion({ leafHash, index, treeSize: size, proof, root }, crypto);
}

/** Both proofs are valid. Equal leaf and equal left siblings: equal leaves from 0 to `index`. */
function agree(
  index: number,
  { sides, sizes }: { sides: readonly ForkSide[]; sizes: readonly number[] },
): boolean {
  const [first = [], second = []] = sides.map(({ leafHash, proof }, position) => [
    leafHash,
    ...leftSiblings({ index, treeSize: sizes[position]! }, proof),
  ]);
  return first.every((hash, position) => bytesEqual(hash, second[position]!));
}

/** The log, and every other member that cosigned both sides. */
function culprits(
  notes: readonly [string, string],
  { origin }: Checkpoint,
  context: JudgingContext,
): string[] {
  const second = cosignersOf(notes[1], context);
  const both = [...cosignersOf(notes[0], context)].filter((name) => second.has(name));
  return [origin, ...both.filter((name) => name !== origin).sort()];
}
