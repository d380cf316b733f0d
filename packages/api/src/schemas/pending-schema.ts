/** Requests to replace a holder, in answers of look-ups and of the state of an entry. */
import { pendingRequestsMax } from '@callbook/protocol';
import { Type } from 'typebox';
import { bytesOf, timeMs } from './bytes.ts';

const pendingRequest = Type.Object(
  {
    requestId: bytesOf(32, 'The request'),
    class: Type.Enum(['recovery', 'email', 'possession']),
    timeMs: timeMs('Time of the request'),
    commitFromMs: timeMs('End of its hold: from then on the claimant may take the identifier over'),
  },
  { additionalProperties: false },
);

export const pendingRequests = Type.Array(pendingRequest, {
  maxItems: pendingRequestsMax,
  description: 'Requests to replace the holder that are not vetoed; first to end first',
});
