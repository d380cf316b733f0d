/**
 * A witness that cannot have seen the challenged leaves it needs. A leaf that is missing proves
 * nothing, so the evidence shows what the members logged instead: an honest member whose leaf says
 * `witnessed` never challenged, and one whose challenged leaf is later than two clocks can differ
 * challenged afterwards. When those who are left are fewer than it takes, the witness was alone.
 */
import { bytesEqual } from '../bytes.ts';
import { challengedMin } from '../charter/quorum.ts';
import type { Leaf } from '../leaf.ts';
import { clockErrorMsMax } from '../limits.ts';
import type { Receipt } from '../receipt.ts';
import { accept, reject } from '../verdict.ts';
import type { Verdict } from '../verdict.ts';
import { activeOrigins, chartersUpTo, dishonestMax } from './quorum-bounds.ts';
import { verifyVouch, verifyVouches } from './signed-statements.ts';
import type { JudgingContext, ProvenFault } from './verify-evidence.ts';

/** Judges a witness's leaf against leaves of the same entry in other logs. */
export function witnessAloneFault(
  [accused, ...shown]: readonly [Receipt, ...Receipt[]],
  context: JudgingContext,
): Verdict<ProvenFault> {
  const witness = verifyVouch(accused, context);
  if (witness.verdict !== 'accept') return witness;
  const others = verifyVouches(shown, context);
  if (others.verdict !== 'accept') return others;
  const { leaf, entry, entryId, origin } = witness.value;
  if (leaf.role !== 'witnessed') return unproven('the leaf accused is not of a witness');
  if (!others.value.every((other) => bytesEqual(other.entryId, entryId))) {
    return unproven('a leaf is of another entry');
  }
  const span = chartersUpTo(leaf, context.charters);
  if (span.verdict !== 'accept') return span;
  const { charters, names } = span.value;
  if (!others.value.every((other) => names(other.leaf))) {
    return unproven('a leaf shown names a later charter than the leaf accused');
  }
  const clear = others.value.filter((other) => cannotHavePreceded(other, witness.value));
  const excluded = new Set([origin, ...clear.map((other) => other.origin)]);
  const left = [...activeOrigins(charters)].filter((member) => !excluded.has(member)).length;
  const needed = challengedMin(charters.at(-1)!, entry.kind);
  return left + dishonestMax(charters) < needed
    ? accept({ kind: 'witness_alone', origins: [origin], disputed: [] })
    : unproven('enough members may have challenged before');
}

/** Tells whether an honest member with this leaf had not challenged when the witness logged. */
export function cannotHavePreceded(
  other: { readonly leaf: Pick<Leaf, 'role' | 'at'> },
  witness: { readonly leaf: Pick<Leaf, 'at'> },
): boolean {
  if (other.leaf.role === 'witnessed') return true;
  return other.leaf.at - witness.leaf.at > 2 * clockErrorMsMax;
}

function unproven(found: string): Verdict<never> {
  return reject('evidence_unproven', found);
}
