/**
 * A member's word that it begins the draft again: CBOR map `v` 1, `base`, `member`, `count` (how
 * often it has done so for this charter), `sig`. Counts only rise, and the name of a draft is made
 * from all of them, so every member comes to the same new draft in whatever order it hears; and a
 * member can do so only a few times, so that it cannot keep the others from drafting.
 */
import type { CborValue, Cryptography, NoteSigner, Verdict, VerifierKey } from '@callbook/protocol';
import {
  accept,
  concatBytes,
  encodeCbor,
  isCborMap,
  parseCbor,
  reject,
  utf8,
} from '@callbook/protocol';

import { draftDiscardBytesMax, draftDiscardsMax } from '../limits.ts';
import { isHash } from './draft-change.ts';

export interface DraftDiscard {
  /** Hash of the charter that the draft follows, 32 bytes. */
  readonly base: Uint8Array;
  readonly member: string;
  /** From 1. */
  readonly count: number;
}

export interface SignedDraftDiscard extends DraftDiscard {
  readonly bytes: Uint8Array;
}

const domain = utf8('callbook/1 draft discard\n');

/** Signs by the log key. */
export function signDraftDiscard(discard: DraftDiscard, signer: NoteSigner): Uint8Array {
  return encodeCbor({ ...fieldsOf(discard), sig: signer.sign(signedBytes(discard)) });
}

/** Parses what a member sent; `verifyDraftDiscard` says whether it is signed. */
export function parseDraftDiscard(bytes: Uint8Array): Verdict<SignedDraftDiscard> {
  if (bytes.length > draftDiscardBytesMax) return malformed('is too long');
  const parsed = parseCbor(bytes);
  if (parsed.verdict !== 'accept') return parsed;
  if (!isCborMap(parsed.value)) return malformed('is not a map');
  const { v, base, member, count, sig, ...others } = parsed.value;
  if (v !== 1 || Object.keys(others).length > 0) return malformed('has another version or field');
  if (!isHash(base) || typeof member !== 'string') return malformed('lacks base or member');
  if (typeof count !== 'number' || count < 1) return malformed('lacks a count from 1');
  if (count > draftDiscardsMax) {
    return reject('draft_limit', `draft discarded ${count} times, at most ${draftDiscardsMax}`);
  }
  if (!(sig instanceof Uint8Array) || sig.length !== 64) return malformed('lacks a signature');
  return accept({ base, member, count, bytes });
}

/** Verifies that it is signed by the log key of its member. */
export function verifyDraftDiscard(
  discard: SignedDraftDiscard,
  logKey: VerifierKey,
  crypto: Cryptography,
): boolean {
  const parsed = parseCbor(discard.bytes);
  const map = parsed.verdict === 'accept' && isCborMap(parsed.value) ? parsed.value : {};
  return crypto.ed25519Verify(signedBytes(discard), map['sig'] as Uint8Array, logKey.publicKey);
}

function signedBytes(discard: DraftDiscard): Uint8Array {
  return concatBytes(domain, encodeCbor(fieldsOf(discard)));
}

function fieldsOf({ base, member, count }: DraftDiscard): { readonly [name: string]: CborValue } {
  return { v: 1, base, member, count };
}

function malformed(found: string): Verdict<never> {
  return reject('draft_malformed', `word that the draft is discarded ${found}`);
}
