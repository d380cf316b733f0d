/**
 * What somebody who has passed a challenge for an identifier may claim: told by the member that
 * challenged, so that a client need not read logs. Whether it is admitted is judged when it comes.
 */
import { bytesEqual } from '../bytes.ts';
import type { CharterSet } from './charter-set.ts';
import { foldLabel } from './fold-label.ts';
import type { LabelHistory } from './history.ts';
import { openRequests } from './replacement-admission.ts';

/** What a claimant can do: register, request, commit, or nothing yet. */
export type NextClaim =
  | {
      readonly kind: 'register' | 'request';
      readonly epoch: number;
      /** Release to build on, 32 bytes; null for the first holder and for a request. */
      readonly prev: Uint8Array | null;
    }
  | {
      readonly kind: 'commit';
      readonly epoch: number;
      readonly prev: null;
      /** The claimant's own request, 32 bytes. */
      readonly request: Uint8Array;
      /** End of its hold, over or not. */
      readonly fromMs: number;
    };

export interface ClaimCircumstances {
  readonly charters: CharterSet;
  readonly nowMs: number;
  /** The challenged authority key, 32 bytes; without it no request is taken for the claimant's own. */
  readonly authority?: Uint8Array;
}

/** Returns what a claimant of this label can do next. */
export function nextClaim(
  history: LabelHistory,
  { charters, nowMs, authority }: ClaimCircumstances,
): NextClaim {
  const state = foldLabel(history, charters);
  if (state === undefined) return { kind: 'register', epoch: 0, prev: null };
  if (state.endsAtMs !== null && nowMs >= state.endsAtMs) {
    return { kind: 'register', epoch: state.epoch + 1, prev: state.ownershipId };
  }
  const own = openRequests(history, charters)
    .filter((request) => authority !== undefined && bytesEqual(request.authority, authority))
    .toSorted((a, b) => a.commitFromMs - b.commitFromMs)[0];
  if (own === undefined) return { kind: 'request', epoch: state.epoch, prev: null };
  const { requestId: request, commitFromMs: fromMs } = own;
  return { kind: 'commit', epoch: state.epoch + 1, prev: null, request, fromMs };
}
