/**
 * Everything that proves what the directory says of some identifiers: each label's proof, state and
 * place in the index, one signed root of the index, and for every log that the root names an
 * agreed checkpoint that the log's part of it belongs to. Whoever has the charter can check it.
 *
 * The work is the same whether a label is known or not. The view may be ahead of the index for a
 * moment: a label that changed just now is proven once the index has caught up. The root is what it
 * is; what is waited for are checkpoints that a quorum has cosigned at its sizes or beyond.
 */
import type { CharterSet, Checkpoint, Cryptography, IndexedState } from '@callbook/protocol';
import {
  bindingStateHash,
  bytesEqual,
  foldLabel,
  parseCheckpoint,
  parseNote,
  verifyIndexProof,
} from '@callbook/protocol';

import { proofAttemptsMax, proofPollMs, proofWaitMsMax } from '../limits.ts';
import type { StoredLog } from '../log/stored-log.ts';
import type { Scheduler } from '../scheduler.ts';
import type { Store } from '../store/store.ts';
import { readLabel } from '../view/bindings.ts';
import type { OpenedPayload } from '../view/payload-check.ts';
import type { BindingIndex, IndexEvidence } from './binding-index.ts';

/** A label with the proof that it is the identifier's. */
export interface ProvenLabel {
  readonly labelEpoch: number;
  /** 32 bytes. */
  readonly label: Uint8Array;
  /** 80 bytes. */
  readonly vrfProof: Uint8Array;
}

/** A log that a root of the index was folded from, as a quorum has seen it. */
export interface AgreedLog {
  /** A checkpoint of at least the size that the root names, a signed note. */
  readonly checkpoint: string;
  /** That its tree extends the one that the root names; empty when they are the same. */
  readonly consistency: readonly Uint8Array[];
}

export interface BindingProofs {
  /** The signed root of the index. */
  readonly root: string;
  /** One for each log that is not empty and goes on, in the order of the root's lines. */
  readonly logs: readonly AgreedLog[];
  /** In the order of the labels. */
  readonly bindings: readonly ProvenBinding[];
}

export interface ProvenBinding extends ProvenLabel {
  readonly indexProof: Uint8Array;
  /** Null where the index has nothing of the label; then so are the entries and the payload. */
  readonly state: IndexedState | null;
  /** The entry of `state.ownershipId`. */
  readonly ownership: Uint8Array | null;
  /** The entry of `state.entryId`, where it is another. */
  readonly published: Uint8Array | null;
  /** What that entry commits to; null where this member does not have it (any more). */
  readonly opened: OpenedPayload | null;
}

export interface ProofContext {
  readonly index: BindingIndex;
  readonly store: Store;
  readonly charters: CharterSet;
  readonly crypto: Cryptography;
  readonly scheduler: Scheduler;
  readonly log: (origin: string) => StoredLog | undefined;
  /** Newest agreed checkpoint of a log. */
  readonly agreed: (origin: string) => string | undefined;
}

/**
 * Proves what the index says of labels. Undefined while the index is being built, and where no
 * quorum has cosigned the logs in time.
 */
export async function proveBindings(
  labels: readonly ProvenLabel[],
  context: ProofContext,
): Promise<BindingProofs | undefined> {
  const { index } = context;
  const read = (): ShownBinding[] => labels.map((proven) => readBinding(proven, context));
  let taken: ShownBinding[] | undefined;
  for (let attempt = 0; attempt < proofAttemptsMax; attempt++) {
    const evidence = await index.prove(labels.map(({ label }) => label));
    if (evidence === undefined) return undefined;
    const bindings = provenBindings(taken ?? read(), evidence, context);
    if (bindings !== undefined) {
      const logs = await agreedLogs(evidence.position.logs, context);
      return logs && { root: evidence.root, logs, bindings };
    }
    taken = await index.withNextBatch(read);
  }
  return undefined;
}

type ShownBinding = Omit<ProvenBinding, 'indexProof'>;

/** Joins each binding to its proof; undefined where one of them is not what the index has. */
function provenBindings(
  shown: readonly ShownBinding[],
  { proofs, position: { root } }: IndexEvidence,
  { crypto }: ProofContext,
): readonly ProvenBinding[] | undefined {
  const bindings: ProvenBinding[] = [];
  for (const [place, binding] of shown.entries()) {
    const { label, state } = binding;
    const stateHash = state === null ? null : bindingStateHash(state, crypto);
    const indexProof = proofs[place]!;
    const claim = { root, label, stateHash, proof: indexProof };
    if (verifyIndexProof(claim, crypto).verdict !== 'accept') return undefined;
    bindings.push({ ...binding, indexProof });
  }
  return bindings;
}

/** Reads what the view has of a label, the entries and the payload that its state names. */
function readBinding(proven: ProvenLabel, { store, charters }: ProofContext): ShownBinding {
  const { history, payloads } = readLabel(store, proven.label);
  const state = foldLabel(history, charters) ?? null;
  if (state === null) return { ...proven, state, ownership: null, published: null, opened: null };
  const { ownershipId, entryId, commitment } = state;
  const entries = [...history.ownership.values(), ...history.updates.values()];
  const bytesOf = (id: Uint8Array): Uint8Array | null =>
    entries.find((known) => bytesEqual(known.entryId, id))?.entryBytes ?? null;
  const held = payloads.find((payload) => {
    return commitment !== null && bytesEqual(payload.commitment, commitment);
  });
  return {
    ...proven,
    state,
    ownership: bytesOf(ownershipId),
    published: bytesEqual(ownershipId, entryId) ? null : bytesOf(entryId),
    opened: held?.opened ?? null,
  };
}

async function agreedLogs(
  vector: readonly Checkpoint[],
  context: ProofContext,
): Promise<AgreedLog[] | undefined> {
  const logs: AgreedLog[] = [];
  for (const { origin, size } of vector) {
    // A log that has ended is what the charter says it is.
    const { cutoff } = context.charters.current.memberByOrigin.get(origin) ?? {};
    if (size === 0 || cutoff !== undefined) continue;
    const agreed = await agreedFrom(origin, size, context);
    const log = context.log(origin);
    if (agreed === undefined || log === undefined) return undefined;
    logs.push({ checkpoint: agreed.note, consistency: log.consistency(size, agreed.size) });
  }
  return logs;
}

/** Waits a moment for an agreed checkpoint of this size or a larger one. */
async function agreedFrom(
  origin: string,
  size: number,
  { agreed, scheduler }: ProofContext,
): Promise<{ readonly note: string; readonly size: number } | undefined> {
  for (let waitedMs = 0; ; waitedMs += proofPollMs) {
    const note = agreed(origin);
    const agreedSize = note === undefined ? 0 : sizeIn(note);
    if (note !== undefined && agreedSize >= size) return { note, size: agreedSize };
    if (waitedMs >= proofWaitMsMax) return undefined;
    await scheduler.delay(proofPollMs);
  }
}

/** Reads the size out of a checkpoint that was verified before it was kept. */
function sizeIn(noteText: string): number {
  const note = parseNote(noteText);
  const checkpoint = note.verdict === 'accept' ? parseCheckpoint(note.value.text) : note;
  return checkpoint.verdict === 'accept' ? checkpoint.value.size : 0;
}
