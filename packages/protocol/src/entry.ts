/**
 * Entries: one signed statement of a holder or a claimant about one binding, as a flat map of
 * deterministic CBOR. This page parses and verifies all seven kinds; what an entry does to a binding
 * is the fold's.
 *
 * Each signature covers a domain line and the map without the signatures that come after it, so
 * `sig` covers all others. A rotate's `sig` is by the key it replaces, which only the fold knows;
 * every other signature verifies from the entry alone.
 */
import { utf8 } from './bytes.ts';
import { encodeCbor, encodeWithout, parseCbor } from './cbor.ts';
import { entryOf, kindProblemOf } from './entry-rules.ts';
import { readCommonEntry } from './flat-reader.ts';
import { entryBytesMax } from './limits.ts';
import { accept, reject } from './verdict.ts';
import type { Cryptography } from './crypto/cryptography.ts';
import type { Verdict } from './verdict.ts';

/** What an entry does. */
export type EntryKind =
  'register' | 'rotate' | 'release' | 'request' | 'veto' | 'commit' | 'update';

/** What a request to replace a holder is founded on; it decides how long the hold is. */
export type RequestClass = 'recovery' | 'email' | 'possession';

/** A signed statement about one label: what logs consist of. */
export interface Entry {
  readonly v: 1;
  readonly kind: EntryKind;
  readonly labelEpoch: number;
  /** 32 bytes. */
  readonly label: Uint8Array;
  /** Which holder, from 0. */
  readonly epoch: number;
  /** 0 in ownership kinds; from 1 in updates, under each ownership entry anew. */
  readonly seq: number;
  /** Id of the entry it follows, 32 bytes, or null. */
  readonly prev: Uint8Array | null;
  /** Ed25519 key in force after it, 32 bytes; in a request the key proposed. */
  readonly authority: Uint8Array;
  /** 32 bytes. */
  readonly commitment: Uint8Array | null;
  /** SHA-256 of the recovery public key, 32 bytes. */
  readonly recovery: Uint8Array | null;
  readonly lock: boolean;
  /** Commitment to an e-mail address, 32 bytes. */
  readonly email: Uint8Array | null;
  /** Id of the request, 32 bytes; in `commit` and `veto` only. */
  readonly request?: Uint8Array;
  /** In `request` only. */
  readonly class?: RequestClass;
  /** Recovery public key (32) and its signature (64); in `request` only. */
  readonly recoverySig?: Uint8Array;
  /** Signature of the new authority key, 64 bytes; in `rotate` only. */
  readonly newSig?: Uint8Array;
  /** 64 bytes. */
  readonly sig: Uint8Array;
}

/**
 * Parses an entry's form; codes `entry_too_large`, `cbor_malformed`, `entry_malformed`. What it is made
 * of may be views of `bytes`, which must not change afterwards, and stay in memory with them.
 */
export function parseEntry(bytes: Uint8Array): Verdict<Entry> {
  if (bytes.length > entryBytesMax) {
    return reject('entry_too_large', `entry is ${bytes.length} bytes, at most ${entryBytesMax}`);
  }
  const read = readCommonEntry(bytes);
  if (read !== undefined && kindProblemOf(read) === undefined) return accept(read);
  const parsed = parseCbor(bytes);
  if (parsed.verdict !== 'accept') return parsed;
  const entry = entryOf(parsed.value);
  return typeof entry === 'string' ? reject('entry_malformed', entry) : accept(entry);
}

/** Encodes an entry; does not check it. */
export function encodeEntry(entry: Entry): Uint8Array {
  return encodeCbor({ ...entry });
}

/** Returns the 32-byte id of an encoded entry. */
export function entryId(bytes: Uint8Array, crypto: Cryptography): Uint8Array {
  return crypto.sha256(bytes);
}

/** What each signature of an entry covers first. */
export const entryDomains: Readonly<Record<'entry' | 'newAuthority' | 'recovery', Uint8Array>> = {
  entry: utf8('callbook/1 entry\n'),
  newAuthority: utf8('callbook/1 new authority\n'),
  recovery: utf8('callbook/1 recovery\n'),
};

/**
 * Parses an entry and verifies every signature that it can by itself: all but a rotate's `sig`.
 * Codes `entry_signature_invalid` and those of `parseEntry`.
 */
export function verifyEntry(bytes: Uint8Array, crypto: Cryptography): Verdict<Entry> {
  const parsed = parseEntry(bytes);
  return parsed.verdict === 'accept' ? verifyParsedEntry(parsed.value, bytes, crypto) : parsed;
}

/** The same for an entry that has been parsed from these bytes. */
export function verifyParsedEntry(
  entry: Entry,
  bytes: Uint8Array,
  crypto: Cryptography,
): Verdict<Entry> {
  const { authority, newSig, recoverySig, sig } = entry;
  if (newSig !== undefined) {
    const message = encodeWithout(bytes, ['sig', 'newSig'], entryDomains.newAuthority);
    return crypto.ed25519Verify(message, newSig, authority) ? accept(entry) : invalid('newSig');
  }
  if (!crypto.ed25519Verify(encodeWithout(bytes, ['sig'], entryDomains.entry), sig, authority)) {
    return invalid('sig');
  }
  if (recoverySig !== undefined) {
    const message = encodeWithout(bytes, ['sig', 'recoverySig'], entryDomains.recovery);
    const recoveryKey = recoverySig.subarray(0, 32);
    if (!crypto.ed25519Verify(message, recoverySig.subarray(32), recoveryKey)) {
      return invalid('recoverySig');
    }
  }
  return accept(entry);
}

/** Tells whether a rotate's `sig` is by the authority key (32 bytes) that it replaces. */
export function verifyRotateBy(
  entry: Entry,
  previousAuthority: Uint8Array,
  crypto: Cryptography,
): boolean {
  const message = encodeWithout(encodeEntry(entry), ['sig'], entryDomains.entry);
  return crypto.ed25519Verify(message, entry.sig, previousAuthority);
}

function invalid(field: string): Verdict<Entry> {
  return reject('entry_signature_invalid', `${field} does not verify`);
}
