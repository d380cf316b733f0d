/**
 * Two signed index roots over the same logs, ruleset and charter. By one member they convict it: the
 * fold is a function. By two members they say that one is wrong; which one, only a replay of those
 * logs can tell (`replay-index.ts`), and whoever has the leaves can do it.
 */
import { bytesEqual } from '../bytes.ts';
import { encodeIndexRoot, verifyIndexRoot } from '../index-tree/index-root.ts';
import type { IndexRoot } from '../index-tree/index-root.ts';
import { accept, reject } from '../verdict.ts';
import type { Verdict } from '../verdict.ts';
import type { Evidence } from './evidence.ts';
import { logKeyIn } from './signed-statements.ts';
import type { JudgingContext, ProvenFault } from './verify-evidence.ts';

type IndexRootsEvidence = Extract<Evidence, { kind: 'index_roots' }>;

/** Judges two index roots. */
export function indexRootsFault(
  { origins, roots }: IndexRootsEvidence,
  context: JudgingContext,
): Verdict<ProvenFault> {
  const signed: IndexRoot[] = [];
  for (const [position, origin] of origins.entries()) {
    const logKey = logKeyIn(context.charters, origin);
    if (logKey.verdict !== 'accept') return logKey;
    const root = verifyIndexRoot(roots[position]!, logKey.value, context.crypto);
    if (root.verdict !== 'accept') return root;
    signed.push(root.value);
  }
  const [one, other] = signed as [IndexRoot, IndexRoot];
  if (bytesEqual(one.root, other.root)) return unproven('the index roots are equal');
  if (!foldedFromTheSame(one, other)) return unproven('the index roots are of different logs');
  const [first, second] = origins;
  return first === second
    ? accept({ kind: 'index_roots', origins: [first], disputed: [] })
    : accept({ kind: 'index_roots', origins: [], disputed: [first, second] });
}

function foldedFromTheSame(one: IndexRoot, other: IndexRoot): boolean {
  return encodeIndexRoot({ ...one, root: other.root }) === encodeIndexRoot(other);
}

function unproven(found: string): Verdict<never> {
  return reject('evidence_unproven', found);
}
