/**
 * Vectors of the fold and of what honest members log: one rule of docs/spec/fold.md a case, below,
 * at and above its limit. `state` is what the logs come to, dishonest leaves included; `expect` is
 * what a member answers that has seen these logs and is asked to log one more entry.
 */
import { charterCases } from './fold-charter-cases.ts';
import { claimCases } from './fold-claim-cases.ts';
import { holderCases } from './fold-holder-cases.ts';
import { replacementCases } from './fold-replacement-cases.ts';
import { standOffCases } from './fold-stand-off-cases.ts';
import type { VectorCase } from './vector-case.ts';

/** Returns all cases of `vectors/fold`. */
export function foldCases(): VectorCase[] {
  return [
    ...claimCases(),
    ...holderCases(),
    ...replacementCases(),
    ...standOffCases(),
    ...charterCases(),
  ];
}
