/**
 * Stores and folds a proven stretch of another member's log: its leaves, its tiles and all they
 * change in the view go into one batch. The batch is not flushed to disk: if we crash, a suffix of
 * batches may be gone, each as a whole, and the tail begins again where the store then ends. Leaves
 * of the member's own log, which others gave back to it, are flushed: they have been vouched for.
 */
import type { Clock, Identifier } from '@callbook/protocol';
import { witnessAgeMsMax } from '@callbook/protocol';

import type { LeafWatch } from '../evidence/leaf-watch.ts';
import type { LabelState } from '../index/label-states.ts';
import type { StoreWriter } from '../store/store-writer.ts';
import type { OpenedPayload } from '../view/payload-check.ts';
import { ViewBatch } from '../view/view-batch.ts';
import type { ViewContext } from '../view/view-batch.ts';
import type { DecodedExtension, DecodedLeaf, Extension, LogIntake } from './log-intake.ts';

export interface IntegrationContext {
  readonly view: ViewContext;
  readonly writer: StoreWriter;
  /** Hears of changed states in the turn in which the log takes its new size over. */
  readonly onStates: (states: readonly LabelState[]) => void;
  readonly clock: Clock;
  readonly ownOrigin: string;
  /** Looks for what no honest member logs. */
  readonly watch: LeafWatch;
}

export interface IntegrationResult {
  /** Identifiers whose published binding has changed, come or gone. */
  readonly identifiers: readonly Identifier[];
  /** Recent ownership entries of which this member's own log has no leaf. */
  readonly unwitnessed: readonly { entry: Uint8Array; opened?: OpenedPayload }[];
}

export async function integrateExtension(
  intake: LogIntake,
  extension: Extension & DecodedExtension,
  context: IntegrationContext,
): Promise<IntegrationResult> {
  const { decoded, backdated, lastAtMs, charter } = extension;
  return context.writer.run(async (commit) => {
    if (intake.isClosed) return { identifiers: [], unwitnessed: [] };
    const { log } = intake;
    const labels = decoded.map(({ logged }) => logged.entry.label);
    const view = await ViewBatch.open(context.view, labels);
    for (const { logged, offered } of decoded) view.integrate(logged, offered);
    const logged = decoded.map((leaf) => leaf.logged);
    const seen = { origin: intake.log.origin, logged, backdated };
    const suspicions = context.watch.look(seen, (label) => view.history(label));
    const { leaves, grown, signed } = extension;
    const planned = log.plan({
      leaves,
      grown,
      lastAtMs,
      ...(charter && { charter }),
      ...(signed && { signed }),
    });
    const nowMs = context.clock.nowMs();
    const unwitnessed = decoded.filter((leaf) => needsWitness(leaf, view, { ...context, nowMs }));
    const { changes, identifiers, states } = view.finish(nowMs);
    const durable = log.origin === context.ownOrigin;
    await commit([...planned.changes, ...changes], { durable });
    log.adopt(planned);
    context.onStates(states);
    context.watch.stored(seen, suspicions);
    return { identifiers, unwitnessed: unwitnessed.map(toSubmit) };
  });
}

/** Sorts out the hopeless cases cheaply; admission has the last word. */
function needsWitness(
  { logged }: DecodedLeaf,
  view: ViewBatch,
  { ownOrigin, nowMs }: { ownOrigin: string; nowMs: number },
): boolean {
  const { entry, entryId, at } = logged;
  if (entry.kind === 'update' || nowMs - at > witnessAgeMsMax) return false;
  const known = view.history(entry.label).ownership.get(entryId.toHex());
  return known !== undefined && known.mentions.every(({ origin }) => origin !== ownOrigin);
}

function toSubmit({ logged, offered }: DecodedLeaf): { entry: Uint8Array; opened?: OpenedPayload } {
  // Copies: it may wait in a queue, and must not keep the page it came with in memory.
  const entry = new Uint8Array(logged.entryBytes);
  if (offered === undefined) return { entry };
  const opening = new Uint8Array(offered.opening);
  return { entry, opened: { opening, payload: new Uint8Array(offered.payload) } };
}
