/** A request to replace a holder, as look-ups and the state of an entry tell of it. */
import { encodeBase64Url } from '@callbook/protocol';
import type { PendingRequest } from '@callbook/protocol';

export function pendingJson({ requestId, requestClass, timeMs, commitFromMs }: PendingRequest) {
  return {
    requestId: encodeBase64Url(requestId),
    class: requestClass,
    timeMs,
    commitFromMs,
  };
}
