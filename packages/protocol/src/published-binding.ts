/**
 * What the directory says of one identifier, as look-ups see it: the view's row. DNS and the API
 * both answer from it; the fold never reads it.
 */
import type { RequestClass } from './entry.ts';
import type { Identifier } from './identifiers.ts';
import type { PublishedKey, Route, Visibility } from './payload.ts';

/** `public`: what DNS tells. `all`: also what is for whoever brings a token, and for the holder. */
export type LookupScope = 'all' | 'public';

/** What is published of an identifier: routes, keys, and the entry that says so. */
export interface PublishedBinding {
  readonly identifier: Identifier;
  readonly visibility: Visibility;
  readonly routes: readonly Route[];
  readonly keys: readonly PublishedKey[];
  readonly labelEpoch: number;
  /** 32 bytes. */
  readonly label: Uint8Array;
  /** Which holder, from 0. */
  readonly epoch: number;
  /** Sequence number of the entry in force: 0 for the ownership entry itself. */
  readonly seq: number;
  /** Entry that made the present authority key the one in force; 32 bytes. */
  readonly ownershipId: Uint8Array;
  /** Entry whose payload is served: the ownership entry or its winning update; 32 bytes. */
  readonly entryId: Uint8Array;
  /** Log that has the earliest leaf of `entryId`, and that leaf's time. */
  readonly origin: string;
  readonly changedAtMs: number;
  /**
   * Requests to replace the holder that nobody has vetoed: what may be committed first comes first, at
   * most `pendingRequestsMax`.
   */
  readonly pending: readonly PendingRequest[];
}

/** A complete request to replace the holder. */
export interface PendingRequest {
  /** 32 bytes. */
  readonly requestId: Uint8Array;
  readonly requestClass: RequestClass;
  readonly timeMs: number;
  /** End of the hold: from here on the claimant may become the holder. */
  readonly commitFromMs: number;
}
