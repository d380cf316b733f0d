/**
 * Decides whether a call or a message may go ahead, from what the directory says of the peer, what is
 * offered, and what was known of the peer before. Pure: the clock and the directory's answer are given,
 * and nothing is remembered but by the caller, who keeps `seen` for the next time.
 *
 * "No keys" is only what the directory has proven. That it could not be asked, or that its answer was
 * bogus, is another finding with another answer, so that nobody can downgrade a call by an outage.
 */
import {
  bytesEqual,
  type Cryptography,
  type Identifier,
  type PublishedKey,
} from '@callbook/protocol';
import { passportAgeSecondsMax } from '../limits.ts';
import { parseMediaStreams, type Fingerprint, type MediaStream } from './media-streams.ts';
import { isSignedByOneOf, parseIdentityHeader, type Passport } from './passport.ts';
import { decide, type PeerPolicy, type PeerReason, type PeerVerdict } from './peer-policy.ts';

/** What the directory says of the peer now. `no_keys` is a proven absence. */
export type PeerKeys =
  | { readonly state: 'published'; readonly keys: readonly PublishedKey[] }
  | { readonly state: 'no_keys' | 'bogus' | 'unavailable' };

/** What was known of the peer after the last call or message. */
export interface SeenPeer {
  readonly keys: readonly PublishedKey[];
}

/** A call that the peer makes or answers. */
export interface CallOffer {
  readonly kind: 'call';
  readonly sdp: string;
  /** Value of the SIP `Identity` header; undefined when there is none. */
  readonly identityHeader?: string;
  /** To whom the peer speaks: the identifier that was called. */
  readonly to: Identifier;
}

/** A message of the peer. */
export interface MessageOffer {
  readonly kind: 'message';
  readonly isEncrypted: boolean;
  /** Public key whose signature over the message was good; undefined when it bears none. */
  readonly signedBy?: Uint8Array;
}

/** What a peer offers: a call or a message. */
export type PeerOffer = CallOffer | MessageOffer;

/** All that a verdict about a peer depends on. */
export interface PeerQuestion {
  readonly peer: Identifier;
  readonly offer: PeerOffer;
  readonly policy: PeerPolicy;
  readonly known: PeerKeys;
  /** undefined when the peer is met for the first time. */
  readonly seen?: SeenPeer;
  readonly nowMs: number;
  readonly crypto: Cryptography;
}

/** A verdict, and what to remember of the peer. */
export interface JudgedPeer extends PeerVerdict {
  /** To keep, and to give back next time; undefined while there is nothing to remember. */
  readonly seen: SeenPeer | undefined;
}

/** Judges an offer by the call and message policy. Never throws for what a peer can send. */
export function judgePeer(question: PeerQuestion): JudgedPeer {
  const found = [...foundInHistory(question), ...foundInOffer(question)];
  return { ...decide(found, question.policy), seen: seenAfter(question) };
}

/** What vanished stays remembered: otherwise the second call would pass for one to a new peer. */
function seenAfter({ known, seen }: PeerQuestion): SeenPeer | undefined {
  return known.state === 'published' ? { keys: known.keys } : seen;
}

function foundInHistory({ known, seen }: PeerQuestion): PeerReason[] {
  if (known.state === 'bogus') return ['directory_bogus'];
  if (known.state === 'unavailable') return ['directory_unavailable'];
  if (seen === undefined || seen.keys.length === 0) return [];
  if (known.state !== 'published') return ['keys_vanished'];
  const isAllThere = seen.keys.every((old) => known.keys.some((key) => isSameKey(old, key)));
  return isAllThere ? [] : ['key_changed'];
}

function isSameKey(a: PublishedKey, b: PublishedKey): boolean {
  return a.use === b.use && a.algorithm === b.algorithm && bytesEqual(a.key, b.key);
}

function foundInOffer(question: PeerQuestion): PeerReason[] {
  const { offer } = question;
  return offer.kind === 'call' ? foundInCall(question, offer) : foundInMessage(question, offer);
}

function foundInMessage({ known }: PeerQuestion, offer: MessageOffer): PeerReason[] {
  const { signedBy, isEncrypted } = offer;
  if (known.state === 'no_keys') return [isEncrypted ? 'no_keys_encrypted' : 'no_keys_plain'];
  // Without an answer of the directory there is nothing to compare with, and that is found already.
  if (known.state !== 'published') return [];
  if (signedBy !== undefined && !known.keys.some(({ key }) => bytesEqual(key, signedBy))) {
    return ['signature_mismatch'];
  }
  if (!isEncrypted) return ['keys_plain'];
  return [signedBy === undefined ? 'keys_unbound' : 'verified'];
}

function foundInCall(question: PeerQuestion, offer: CallOffer): PeerReason[] {
  const { known } = question;
  const streams = parseMediaStreams(offer.sdp);
  if (streams === undefined || streams.length === 0) return ['offer_malformed'];
  if (known.state === 'no_keys') {
    const isPlain = streams.some(({ protection }) => protection === 'plain');
    return [isPlain ? 'no_keys_plain' : 'no_keys_encrypted'];
  }
  if (known.state !== 'published') return [];
  if (offer.identityHeader === undefined) return unbound(streams);
  const passport = parseIdentityHeader(offer.identityHeader);
  if (passport === undefined) return ['offer_malformed'];
  const mismatch = mismatchOf(passport, { question, offer, keys: known.keys });
  if (mismatch !== undefined) return [mismatch];
  // RFC 8225 §5.2.2: "mky" is optional. Without it the signature says who calls, not which media.
  if (passport.mediaKeys.length === 0) return unbound(streams);
  return streams.map((stream) => boundStream(stream, passport.mediaKeys));
}

function unbound(streams: readonly MediaStream[]): PeerReason[] {
  return streams.map(({ protection }) => (protection === 'plain' ? 'keys_plain' : 'keys_unbound'));
}

function boundStream(stream: MediaStream, mediaKeys: readonly Fingerprint[]): PeerReason {
  if (stream.protection === 'plain') return 'keys_plain';
  // A key that every server on the way has seen is bound by nothing.
  if (stream.protection === 'keyed-by-signalling') return 'keys_unbound';
  // Each certificate that the stream may be keyed with has to be one that was signed for.
  const isSigned = stream.fingerprints.every(({ hash, digest }) =>
    mediaKeys.some((key) => key.hash === hash && key.digest === digest),
  );
  return isSigned ? 'verified' : 'fingerprint_mismatch';
}

function mismatchOf(
  passport: Passport,
  of: { question: PeerQuestion; offer: CallOffer; keys: readonly PublishedKey[] },
): PeerReason | undefined {
  const { peer, nowMs, crypto } = of.question;
  const sipKeys = of.keys.filter(({ algorithm }) => algorithm === 'p256').map(({ key }) => key);
  if (!isSignedByOneOf(passport, sipKeys, crypto)) return 'signature_mismatch';
  const namesParties =
    names(passport.orig, peer) && passport.dest.some((called) => names(called, of.offer.to));
  // RFC 8224 §6.2.2 step 4: a verifier must check freshness; 60 seconds is what it recommends.
  const ageSeconds = Math.abs(nowMs / 1000 - passport.issuedAtSeconds);
  const isFresh = ageSeconds <= passportAgeSecondsMax;
  return namesParties && isFresh ? undefined : 'claims_mismatch';
}

/** RFC 8224 §8.3: a number in digits alone, without "+"; anything else is a URI. */
function names(party: string, identifier: Identifier): boolean {
  const isNumber = identifier.startsWith('tel:+');
  return isNumber ? party === identifier.slice('tel:+'.length) : party.toLowerCase() === identifier;
}
