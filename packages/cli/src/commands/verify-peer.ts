/**
 * `callbook verify-peer`: whether a call may go ahead, from its SDP and its Identity header, for dial
 * plans and for looking into a refused call. What was known of a peer is kept beside the key files.
 */
import { readFile } from 'node:fs/promises';
import type { CallOffer, PeerAction, PeerPolicy, PeerReason } from '@callbook/client';
import { cliError } from '../errors.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { writeIdentifier } from '../number.ts';
import type { Session } from '../session.ts';

export interface VerifyPeerCommandOptions {
  readonly sdp: string;
  readonly to: string;
  readonly identity?: string;
  readonly policy: PeerPolicy;
}

/** Exits with 0 (allow), 6 (warn) or 3 (refuse). */
export async function verifyPeer(
  session: Session,
  number: string,
  options: VerifyPeerCommandOptions,
): Promise<ExitCode> {
  const peer = await session.readIdentifier(number);
  const { policy, identity } = options;
  const offer: CallOffer = {
    kind: 'call',
    sdp: await text(options.sdp),
    to: await session.readIdentifier(options.to),
    ...(identity === undefined ? {} : { identityHeader: (await text(identity)).trim() }),
  };
  const before = await session.peers.read(peer);
  const seen = before === undefined ? {} : { seen: before };
  const verdict = await session.directory.verifyPeer(peer, offer, { policy, ...seen });
  if (verdict.seen !== undefined) await session.peers.write(peer, verdict.seen);
  const { action, reason, reasons } = verdict;
  session.report.result({ peer, action, reason, reasons, policy }, [
    `${writeIdentifier(peer)}: ${action}`,
    ...reasons.map((found) => `  ${sentences[found]} (${found})`),
  ]);
  return statusOf[action];
}

const statusOf: Readonly<Record<PeerAction, ExitCode>> = {
  allow: exitCodes.ok,
  warn: exitCodes.actionNeeded,
  refuse: exitCodes.verifiedBad,
};

const sentences: Readonly<Record<PeerReason, string>> = {
  verified: 'the published key vouches for the call',
  offer_malformed: 'the SDP or the Identity header cannot be read',
  signature_mismatch: 'it is signed by none of the published keys',
  claims_mismatch: 'it is signed for other parties, or for another time',
  fingerprint_mismatch: 'it is signed for other media keys than are offered',
  keys_unbound: 'it is encrypted, but no published key vouches for it',
  keys_plain: 'the peer has keys, and yet something is not encrypted',
  no_keys_encrypted: 'the peer is proven to have no keys; the call is encrypted',
  no_keys_plain: 'the peer is proven to have no keys, and something is not encrypted',
  keys_vanished: 'the peer had keys the last time and has none now',
  key_changed: 'the peer has other keys than the last time',
  directory_bogus: 'what the members say of the peer is false or contradictory',
  directory_unavailable: 'the directory cannot be asked now',
};

async function text(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch((cause: unknown) => {
    throw cliError('input_unreadable', `cannot read ${path}`, { cause });
  });
}
