/**
 * Looks at the leaves of other members as they are folded: for times that go back and for leaves that
 * contradict each other. What is suspicious becomes evidence as soon as all leaves concerned can be
 * proven: that is when they are stored, but for the own log, and for logs after a restart.
 *
 * Suspicions wait in memory. If we crash in between, the leaves are stored and not looked at again
 * here; the members that did not crash at that moment tell us.
 */
import type { CharterSet, LeafPlace, LoggedEntry, Receipt, Suspicion } from '@callbook/protocol';
import { encodeEvidence, parseLeaf, suspicionsAbout } from '@callbook/protocol';
import type { LabelHistory } from '@callbook/protocol';

import { lookBackLeavesMax, suspicionsMax } from '../limits.ts';
import type { LogSet } from '../log/log-set.ts';
import type { StoredLog } from '../log/stored-log.ts';
import type { EvidenceSet } from './evidence-set.ts';

export interface LeafWatchContext {
  readonly logs: () => LogSet;
  readonly evidence: EvidenceSet;
  readonly charters: () => CharterSet;
  /** Our own leaves have been judged before they were logged. */
  readonly ownOrigin: string;
}

/** What one stretch of a log brought. */
export interface SeenLeaves {
  readonly origin: string;
  readonly logged: readonly LoggedEntry[];
  /** Indexes of leaves whose time is before that of an earlier leaf. */
  readonly backdated: readonly number[];
}

export class LeafWatch {
  readonly #context: LeafWatchContext;
  #waiting: readonly Suspicion[] = [];

  constructor(context: LeafWatchContext) {
    this.#context = context;
  }

  /** Finds what is suspicious in leaves that their histories hold by now. */
  look(
    { origin, logged }: SeenLeaves,
    historyOf: (label: Uint8Array) => LabelHistory,
  ): readonly Suspicion[] {
    if (origin === this.#context.ownOrigin) return [];
    const charters = this.#context.charters();
    return logged.flatMap((leaf) =>
      // Nearly all leaves are of updates, and nothing is ever suspicious about these.
      leaf.entry.kind === 'update'
        ? []
        : suspicionsAbout(leaf, historyOf(leaf.entry.label), charters),
    );
  }

  /** Takes up suspicions about leaves that are stored now, and looks at those that waited for them. */
  stored({ origin, backdated }: SeenLeaves, found: readonly Suspicion[]): void {
    const log = this.#context.logs().get(origin);
    const [first] = backdated;
    const timeBack = log === undefined || first === undefined ? [] : timeBackIn(log, first);
    const all = [...this.#waiting, ...timeBack, ...found];
    if (all.length === 0) return;
    this.#waiting = all.filter((suspicion) => !this.#isSettled(suspicion)).slice(-suspicionsMax);
  }

  /** False while a checkpoint of one of the logs does not reach its leaf. */
  #isSettled({ kind, leaves }: Suspicion): boolean {
    const receipts = leaves.map((place) => this.#receiptOf(place));
    const [first, second, ...rest] = receipts.filter((receipt) => receipt !== undefined);
    if (first === undefined || rest.length + 2 < leaves.length) return false;
    if (leaves.length > 1 && second === undefined) return false;
    const others = second === undefined ? [] : [second, ...rest];
    const evidence =
      kind === 'commit_early' || kind === 'witness_alone'
        ? encodeEvidence({ kind, leaves: [first, ...others] })
        : encodeEvidence({ kind, leaves: [first, second!] });
    // Only a store that has failed rejects, and it stops the member.
    this.#context.evidence.note(evidence).catch(() => undefined);
    return true;
  }

  #receiptOf({ origin, index }: LeafPlace): Receipt | undefined {
    const logs = this.#context.logs();
    const leaf = logs.get(origin)?.leaf(index);
    const proven = logs.prove(origin, index);
    if (leaf === undefined || proven === undefined) return undefined;
    return { origin, index, leaf, checkpoint: proven.note, proof: proven.proof };
  }
}

/** Finds the leaf before `index` whose time is later. */
function timeBackIn(log: StoredLog, index: number): Suspicion[] {
  const { origin } = log;
  const atMs = timeOf(log, index);
  if (atMs === undefined) return [];
  const last = Math.max(0, index - lookBackLeavesMax);
  for (let earlier = index - 1; earlier >= last; earlier--) {
    if ((timeOf(log, earlier) ?? 0) <= atMs) continue;
    return [
      {
        kind: 'time_back',
        leaves: [
          { origin, index: earlier },
          { origin, index },
        ],
      },
    ];
  }
  return [];
}

function timeOf(log: StoredLog, index: number): number | undefined {
  const bytes = log.leaf(index);
  const leaf = bytes === undefined ? undefined : parseLeaf(bytes);
  return leaf?.verdict === 'accept' ? leaf.value.at : undefined;
}
