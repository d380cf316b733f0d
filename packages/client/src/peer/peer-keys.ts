/**
 * What the directory says of a peer, as the call policy needs it: keys, proven absence, a false answer,
 * or none. Every way in which a look-up can fail falls into one of the last two.
 */
import type { Clock, Cryptography, Identifier } from '@callbook/protocol';
import { isClientError, type ClientErrorCode } from '../errors.ts';
import { lookupKeys, type Lookup } from '../lookup.ts';
import {
  judgePeer,
  type JudgedPeer,
  type PeerKeys,
  type PeerOffer,
  type SeenPeer,
} from './verify-peer.ts';
import type { PeerPolicy } from './peer-policy.ts';

/** How strict to be, and what was known of the peer before. */
export interface VerifyPeerOptions {
  /** Default: `prefer-keys`. */
  readonly policy?: PeerPolicy;
  /** What the last verdict about this peer said to keep. */
  readonly seen?: SeenPeer;
}

/** How to look an identifier up, and what else a verdict needs. */
interface VerdictPorts {
  readonly lookup: (identifier: Identifier) => Promise<Lookup>;
  readonly clock: Clock;
  readonly crypto: Cryptography;
}

/** Looks the peer up and judges what it offers. Throws only `identifier_malformed`. */
export async function verifyPeer(
  { lookup, clock, crypto }: VerdictPorts,
  from: { readonly peer: Identifier; readonly offer: PeerOffer },
  { policy = 'prefer-keys', seen }: VerifyPeerOptions = {},
): Promise<JudgedPeer> {
  const known = await peerKeys(lookup, from.peer);
  const nowMs = clock.nowMs();
  const before = seen === undefined ? {} : { seen };
  return judgePeer({ ...from, policy, known, nowMs, crypto, ...before });
}

/** Answers that somebody has made false, as against answers that did not come. */
const bogusCodes: ReadonlySet<ClientErrorCode> = new Set([
  'members_disagree',
  'proof_root_invalid',
  'proof_index_invalid',
  'proof_entry_invalid',
  'proof_payload_invalid',
  'proof_differs',
  'zone_bogus',
  'zone_differs',
]);

async function peerKeys(lookup: VerdictPorts['lookup'], peer: Identifier): Promise<PeerKeys> {
  try {
    const answer = await lookup(peer);
    const keys = lookupKeys(answer);
    return keys.length === 0 ? { state: 'no_keys' } : { state: 'published', keys };
  } catch (error) {
    if (!isClientError(error) || error.code === 'identifier_malformed') throw error;
    return { state: bogusCodes.has(error.code) ? 'bogus' : 'unavailable' };
  }
}
