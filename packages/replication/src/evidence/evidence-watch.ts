/**
 * Everything by which one member finds out that another is dishonest: the evidence it holds, and the
 * two watches that make more of it, of logs that fork and of leaves that contradict each other.
 */
import type { Receipt } from '@callbook/protocol';
import { encodeEvidence } from '@callbook/protocol';

import type { RootContradiction } from '../cosign/root-comparison.ts';
import { EvidenceSet } from './evidence-set.ts';
import type { EvidenceContext } from './evidence-set.ts';
import { ForkWatch } from './fork-watch.ts';
import type { ForkWatchContext } from './fork-watch.ts';
import { LeafWatch } from './leaf-watch.ts';

export type EvidenceWatchContext = EvidenceContext & Omit<ForkWatchContext, 'evidence'>;

export class EvidenceWatch {
  readonly evidence: EvidenceSet;
  readonly forks: ForkWatch;
  readonly leaves: LeafWatch;

  private constructor(evidence: EvidenceSet, context: EvidenceWatchContext) {
    this.evidence = evidence;
    this.forks = new ForkWatch({ ...context, evidence });
    this.leaves = new LeafWatch({ ...context, evidence });
  }

  static async open(context: EvidenceWatchContext): Promise<EvidenceWatch> {
    return new EvidenceWatch(await EvidenceSet.open(context), context);
  }

  /** Call it when leaves of a log have been stored. */
  grown(origin: string): void {
    this.forks.grown(origin);
  }

  /** Takes note of receipts of other members that have been verified. */
  receipts(receipts: readonly Receipt[]): void {
    for (const receipt of receipts) this.forks.receipt(receipt);
  }

  /** Keeps two index roots over the same logs of which one is wrong. */
  contradiction({ origins, roots }: RootContradiction): void {
    const evidence = encodeEvidence({ kind: 'index_roots', origins, roots });
    // Only a store that has failed rejects, and it stops the member.
    this.evidence.note(evidence).catch(() => undefined);
  }
}
