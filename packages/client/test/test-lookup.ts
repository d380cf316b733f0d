/** What an honest member of a test federation says of a binding when it is looked up. */
import { encodeBase64Url } from '@callbook/protocol';
import type { TestBinding, TestRequest } from './test-member.ts';

/** Beside it come the log's origin and the requests that are pending. */
export function publishedJson({ payload, entry, ownershipId, entryId }: TestBinding): object {
  return {
    state: 'published',
    visibility: payload.visibility,
    routes: payload.routes,
    keys: payload.keys.map((key) => ({ ...key, key: encodeBase64Url(key.key) })),
    labelEpoch: entry.labelEpoch,
    label: encodeBase64Url(entry.label),
    epoch: entry.epoch,
    seq: entry.seq,
    ownershipId: encodeBase64Url(ownershipId),
    entryId: encodeBase64Url(entryId),
    changedAtMs: 1_700_000_000_000,
  };
}

export function pendingJson({ entryId, entry, timeMs, commitFromMs }: TestRequest): object {
  return { requestId: encodeBase64Url(entryId), class: entry.class, timeMs, commitFromMs };
}
