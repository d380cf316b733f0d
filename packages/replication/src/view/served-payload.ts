/**
 * Which of the payloads held for a label is served, and which are still of use. The fold never reads
 * payloads; this does, and so two members may serve differently while one of them lacks a payload.
 */
import type { BindingState, CharterSet, LabelHistory } from '@callbook/protocol';
import { bytesEqual, entryProgress } from '@callbook/protocol';

import { payloadsPerLabelMax } from '../limits.ts';
import type { HeldPayload } from './label-row.ts';

/**
 * The payload of the entry in force; while that is missing, the newest earlier one under the same
 * ownership entry; else none. An entry without a commitment says that nothing is to be served.
 */
export function servedPayload(
  state: BindingState,
  history: LabelHistory,
  held: readonly HeldPayload[],
): HeldPayload | undefined {
  const { commitment } = state;
  if (commitment === null) return undefined;
  const exact = held.find((payload) => bytesEqual(payload.commitment, commitment));
  if (exact !== undefined) return exact;
  const ownerId = ownerOf(state, history);
  return held
    .filter(({ ownershipId, seq }) => seq < state.seq && bytesEqual(ownershipId, ownerId))
    .reduce<HeldPayload | undefined>(
      (a, b) => (a !== undefined && a.seq > b.seq ? a : b),
      undefined,
    );
}

export interface LabelCircumstances {
  readonly history: LabelHistory;
  readonly charters: CharterSet;
  readonly state: BindingState | undefined;
  /** True when the binding has been released and the pause after that is over. */
  readonly ended: boolean;
}

/** The payloads worth keeping: the one served, and those whose entries may still come into force. */
export function keptPayloads(
  { history, charters, state, ended }: LabelCircumstances,
  held: readonly HeldPayload[],
  served: HeldPayload | undefined,
): readonly HeldPayload[] {
  if (state === undefined) return held.slice(-payloadsPerLabelMax);
  const ownerId = ownerOf(state, history);
  const mayCome = ({ epoch, ownershipId }: HeldPayload): boolean => {
    if (epoch !== state.epoch) return epoch > state.epoch;
    if (ended) return false;
    if (bytesEqual(ownershipId, ownerId)) return false;
    return entryProgress(history, ownershipId, charters)?.complete !== true;
  };
  const pending = held.filter((payload) => payload !== served && mayCome(payload));
  return [...(served === undefined ? [] : [served]), ...pending.slice(-(payloadsPerLabelMax - 1))];
}

/** The ownership entry under which updates count; a release has none, so it is the one it ends. */
function ownerOf(state: BindingState, history: LabelHistory): Uint8Array {
  if (state.status === 'held') return state.ownershipId;
  return history.ownership.get(state.ownershipId.toHex())!.entry.prev!;
}
