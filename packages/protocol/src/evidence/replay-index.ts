/**
 * The index root that logs give, folded anew from their leaves: what decides between two members that
 * signed different roots over the same logs. Reads everything into memory, so it is for an auditor
 * with time, or for small federations; a running member compares with its own index instead.
 */
import type { Cryptography } from '../crypto/cryptography.ts';
import { entryId as idOf, verifyEntry } from '../entry.ts';
import { charterSet } from '../fold/charter-set.ts';
import type { CharterSet } from '../fold/charter-set.ts';
import { foldLabel } from '../fold/fold-label.ts';
import { emptyHistory, integrateLeaf } from '../fold/history.ts';
import type { LabelHistory } from '../fold/history.ts';
import { applyIndexBatch } from '../index-tree/apply-batch.ts';
import { bindingStateHash } from '../index-tree/binding-state-hash.ts';
import type { IndexRoot } from '../index-tree/index-root.ts';
import { parseLeaf } from '../leaf.ts';
import { emptyFrontier, extendFrontier, frontierRoot } from '../merkle/frontier.ts';
import { leafHash } from '../merkle/tree-hash.ts';
import { bytesEqual } from '../bytes.ts';
import { accept, ignore, reject } from '../verdict.ts';
import type { Verdict } from '../verdict.ts';

/** A log's leaves from the first on; those beyond the size at hand are not looked at. */
export interface ReplayedLog {
  readonly origin: string;
  readonly leaves: readonly Uint8Array[];
}

/**
 * Returns the root that the fold gives for the logs, sizes and charter that an index root names, 32
 * bytes. Codes: `charter_missing` (ignore), `batch_root_mismatch` where the leaves given are not those
 * of a log that the index root names.
 */
export function replayIndexRoot(
  claimed: Omit<IndexRoot, 'root'>,
  logs: readonly ReplayedLog[],
  { charters, crypto }: { readonly charters: CharterSet; readonly crypto: Cryptography },
): Verdict<Uint8Array> {
  const known = charters.byHash(claimed.charter);
  if (known === undefined) return ignore('charter_missing', 'the charter named is not at hand');
  const notes = charters.all.slice(0, known.charter.version).map(({ note }) => note);
  const then = charterSet(notes, crypto);
  if (then.verdict !== 'accept') return then;
  const histories = new Map<string, LabelHistory>();
  for (const { origin, size, root } of claimed.logs) {
    const leaves = logs.find((log) => log.origin === origin)?.leaves.slice(0, size) ?? [];
    const hashes = leaves.map((leaf) => leafHash(leaf, crypto));
    if (
      leaves.length !== size ||
      !bytesEqual(frontierRoot(extendFrontier(emptyFrontier, hashes, crypto), crypto), root)
    ) {
      return reject('batch_root_mismatch', 'the leaves given do not lead to the root of a log');
    }
    integrateLog({ origin, leaves }, histories, { charters: then.value, crypto });
  }
  return accept(rootOf(histories, then.value, crypto));
}

/** Leaves that are malformed, badly signed or dated back contribute nothing (docs/spec/log.md). */
function integrateLog(
  { origin, leaves }: ReplayedLog,
  histories: Map<string, LabelHistory>,
  context: { readonly charters: CharterSet; readonly crypto: Cryptography },
): void {
  let lastAtMs = 0;
  for (const [index, leafBytes] of leaves.entries()) {
    const leaf = parseLeaf(leafBytes);
    if (leaf.verdict !== 'accept' || leaf.value.at < lastAtMs) continue;
    const { at, charter, role, entry: entryBytes } = leaf.value;
    lastAtMs = at;
    if (entryBytes === undefined) continue;
    const entry = verifyEntry(entryBytes, context.crypto);
    if (entry.verdict !== 'accept') continue;
    const entryId = idOf(entryBytes, context.crypto);
    const logged = { origin, index, at, charter, role, entry: entry.value, entryId, entryBytes };
    const name = entry.value.label.toHex();
    histories.set(name, integrateLeaf(histories.get(name) ?? emptyHistory, logged, context));
  }
}

function rootOf(
  histories: ReadonlyMap<string, LabelHistory>,
  charters: CharterSet,
  crypto: Cryptography,
): Uint8Array {
  const changes = [...histories].flatMap(([, history]) => {
    const state = foldLabel(history, charters);
    if (state === undefined) return [];
    return [{ label: state.label, stateHash: bindingStateHash(state, crypto) }];
  });
  return applyIndexBatch(changes, () => undefined, crypto).root;
}
