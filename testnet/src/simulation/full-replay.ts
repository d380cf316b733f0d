/**
 * What the logs that a member stores say, computed anew and simply: every leaf is read back and folded,
 * label by label, and the index made in one batch. The engine, which did it in pieces, in another
 * order and across crashes, must have come to the same.
 */
import type { BindingState, CharterSet, LabelHistory } from '@callbook/protocol';
import {
  applyIndexBatch,
  bindingStateHash,
  countedTime,
  emptyHistory,
  emptyIndexRoot,
  entryId,
  foldLabel,
  integrateLeaf,
  parseLeaf,
  verifyEntry,
} from '@callbook/protocol';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import type { Replica } from '@callbook/replication';
import { leavesOf } from './stored-leaves.ts';

export interface Replay {
  /** Leaves of each log, by origin. */
  readonly leaves: ReadonlyMap<string, readonly Uint8Array[]>;
  /** States of all labels, by their hexadecimal form. */
  readonly states: ReadonlyMap<string, BindingState | undefined>;
  /** Ownership entries that are complete by these logs, by hexadecimal id. */
  readonly complete: ReadonlySet<string>;
  /** Root of the index, 32 bytes. */
  readonly root: Uint8Array;
}

/** Reads and folds all logs that a member stores. */
export function replayLogs(replica: Replica, charters: CharterSet): Replay {
  const leaves = new Map<string, readonly Uint8Array[]>();
  const histories = new Map<string, LabelHistory>();
  for (const { origin, size } of replica.logSizes()) {
    const log = leavesOf(replica, origin, size);
    leaves.set(origin, log);
    foldLog({ origin, log }, histories, charters);
  }
  const states = new Map(
    [...histories].map(([label, history]) => [label, foldLabel(history, charters)]),
  );
  const complete = [...histories.values()].flatMap((history) => completeIn(history, charters));
  return { leaves, states, complete: new Set(complete), root: indexRootOf(states) };
}

function completeIn(history: LabelHistory, charters: CharterSet): string[] {
  return [...history.ownership]
    .filter(([, known]) => countedTime(known, history, charters) !== undefined)
    .map(([idText]) => idText);
}

function foldLog(
  { origin, log }: { readonly origin: string; readonly log: readonly Uint8Array[] },
  histories: Map<string, LabelHistory>,
  charters: CharterSet,
): void {
  let lastAtMs = 0;
  for (const [index, leafBytes] of log.entries()) {
    const leaf = parseLeaf(leafBytes);
    if (leaf.verdict !== 'accept' || leaf.value.at < lastAtMs) continue;
    const { at, charter, role, entry: entryBytes } = leaf.value;
    lastAtMs = at;
    if (entryBytes === undefined) continue;
    const entry = verifyEntry(entryBytes, crypto);
    if (entry.verdict !== 'accept') continue;
    const label = entry.value.label.toHex();
    const mention = { origin, index, at, charter, role };
    const id = entryId(entryBytes, crypto);
    const logged = { ...mention, entry: entry.value, entryId: id, entryBytes };
    const before = histories.get(label) ?? emptyHistory;
    histories.set(label, integrateLeaf(before, logged, { charters, crypto }));
  }
}

function indexRootOf(states: ReadonlyMap<string, BindingState | undefined>): Uint8Array {
  const changes = [...states]
    .filter(([, state]) => state !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, state]) => ({
      label: Uint8Array.fromHex(label),
      stateHash: bindingStateHash(state!, crypto),
    }));
  if (changes.length === 0) return emptyIndexRoot();
  return applyIndexBatch(changes, () => undefined, crypto).root;
}
