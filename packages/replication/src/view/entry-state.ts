/**
 * How far an entry has come, for whoever made it; and how its binding stands, so that holders and
 * claimants learn of each other also where no payload says which identifier the label is of.
 */
import type { CharterSet, LabelHistory, LeafRole, PendingRequest } from '@callbook/protocol';
import { bytesEqual, entryProgress, foldLabel, pendingRequests } from '@callbook/protocol';

import type { Store } from '../store/store.ts';
import { readEntryLabel, readLabel } from './bindings.ts';

export interface EntryState {
  /** 32 bytes. */
  readonly entryId: Uint8Array;
  readonly state: 'incomplete' | 'complete';
  /** True while the binding is what this entry made it. */
  readonly inForce: boolean;
  /** Time of an ownership entry; null while it is incomplete, and for updates. */
  readonly timeMs: number | null;
  /** When this member erased the payloads that the entry, a release, has ended; else null. */
  readonly erasedAtMs: number | null;
  /** Which holder its binding has now, from 0; null where nobody holds it. */
  readonly epoch: number | null;
  /** Requests to replace that holder, as in `PublishedBinding`. */
  readonly pending: readonly PendingRequest[];
  /** Leaves of it that this member has seen; empty for an update that another has replaced. */
  readonly leaves: readonly {
    readonly origin: string;
    readonly index: number;
    readonly at: number;
    readonly role: LeafRole;
  }[];
}

/** Returns the state of an entry, or undefined when no log that this member has holds it. */
export function entryStateOf(
  entryId: Uint8Array,
  asked: { readonly store: Store; readonly charters: CharterSet; readonly nowMs: number },
): EntryState | undefined {
  const { store, charters } = asked;
  const label = readEntryLabel(store, entryId);
  if (label === undefined) return undefined;
  const { history, erased } = readLabel(store, label);
  const standing = standingOf(history, asked);
  const progress = entryProgress(history, entryId, charters);
  // Histories drop an update when a stronger one arrives: it was complete, and is over.
  if (progress === undefined) {
    return {
      entryId,
      state: 'complete',
      inForce: false,
      timeMs: null,
      erasedAtMs: null,
      ...standing,
      leaves: [],
    };
  }
  const binding = foldLabel(history, charters);
  const inForce =
    binding !== undefined &&
    (bytesEqual(binding.ownershipId, entryId) || bytesEqual(binding.entryId, entryId));
  const entry = history.ownership.get(entryId.toHex())?.entry;
  const isRelease = entry?.kind === 'release' && entry.epoch === erased?.epoch;
  return {
    entryId,
    state: progress.complete ? 'complete' : 'incomplete',
    inForce,
    timeMs: progress.timeMs,
    erasedAtMs: isRelease && erased !== undefined ? erased.atMs : null,
    ...standing,
    leaves: progress.leaves.map(({ origin, index, at, role }) => ({ origin, index, at, role })),
  };
}

function standingOf(
  history: LabelHistory,
  { charters, nowMs }: { readonly charters: CharterSet; readonly nowMs: number },
): Pick<EntryState, 'epoch' | 'pending'> {
  const binding = foldLabel(history, charters);
  if (binding === undefined) return { epoch: null, pending: [] };
  const ended = binding.endsAtMs !== null && binding.endsAtMs <= nowMs;
  return ended
    ? { epoch: null, pending: [] }
    : { epoch: binding.epoch, pending: pendingRequests(history, charters) };
}
