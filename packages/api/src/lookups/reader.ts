/**
 * Who looks up, and what they are shown. What is published for DNS is for everybody. What is published with
 * visibility `api` is for whoever brings a token, and for its holder; to everybody else it is as if nobody held
 * the number. That is settled before anything is read of the number that is asked for, and for a proof after
 * the whole work is done, so that neither the answer nor its time tells the two apart.
 */
import { bytesEqual, parsePayload } from '@callbook/protocol';
import type { Identifier, LookupScope } from '@callbook/protocol';
import type { IdentifierProof } from '../ports.ts';

export interface Reader {
  /** A token pays for the request. */
  readonly hasToken: boolean;
  /** Authority key that has signed for the request, 32 bytes. */
  readonly authority?: Uint8Array;
  /** The identifier that this key holds, where the reader has named an ownership entry in force. */
  readonly holds?: Identifier | undefined;
}

/** What a look-up reads for somebody. */
export function scopeFor(reader: Reader, identifier: Identifier): LookupScope {
  return reader.hasToken || reader.holds === identifier ? 'all' : 'public';
}

/**
 * Whether a proof may be shown. A label that is proven to be a number's can be searched for in the logs, which
 * everybody reads; so a proof of absence for some would tell who else is there.
 */
export function mayBeShown({ state, opened }: IdentifierProof, reader: Reader): boolean {
  if (reader.hasToken) return true;
  if (state === null) return false;
  const { authority } = reader;
  if (authority !== undefined && bytesEqual(state.authority, authority)) return true;
  if (state.status !== 'held' || opened === null) return false;
  const payload = parsePayload(opened.payload);
  return payload.verdict === 'accept' && payload.value.visibility === 'dns';
}
