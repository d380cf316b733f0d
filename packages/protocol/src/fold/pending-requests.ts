/**
 * The requests against a holder that look-ups tell of, so that the holder's client finds them without
 * reading logs. Derived from the history alone; DNS answers as if there were none.
 */
import { pendingRequestsMax } from '../limits.ts';
import type { PendingRequest } from '../published-binding.ts';
import type { CharterSet } from './charter-set.ts';
import type { LabelHistory } from './history.ts';
import { openRequests } from './replacement-admission.ts';

/** Requests of the epoch in force that no veto has defeated, the first to be committed first. */
export function pendingRequests(history: LabelHistory, charters: CharterSet): PendingRequest[] {
  // Nearly all labels have never had a request, and updates come here by the thousand.
  if (history.holding !== undefined || !hasRequest(history)) return [];
  return openRequests(history, charters)
    .toSorted((a, b) => a.commitFromMs - b.commitFromMs || a.timeMs - b.timeMs)
    .slice(0, pendingRequestsMax)
    .map(({ requestId, requestClass, timeMs, commitFromMs }) => {
      return { requestId, requestClass, timeMs, commitFromMs };
    });
}

function hasRequest({ ownership }: LabelHistory): boolean {
  for (const { entry } of ownership.values()) if (entry.kind === 'request') return true;
  return false;
}
