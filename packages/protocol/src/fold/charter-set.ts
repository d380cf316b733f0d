/**
 * The charters a fold may judge by: the chain from version 1 to the newest, each found again by the
 * hash that leaves name. Reads no clock; which version is in force for new leaves is the newest.
 */
import { charterHash } from '../charter/charter.ts';
import type { Charter, CharterMember } from '../charter/charter.ts';
import { verifyFoundingCharter, verifyNextCharter } from '../charter/adoption.ts';
import type { Cryptography } from '../crypto/cryptography.ts';
import { parseVerifierKey } from '../notes/verifier-key.ts';
import { accept, reject } from '../verdict.ts';
import type { Verdict } from '../verdict.ts';

export interface KnownCharter {
  readonly charter: Charter;
  /** SHA-256 of the signed text, 32 bytes. */
  readonly hash: Uint8Array;
  readonly note: string;
  /** Members by the origin of their log. */
  readonly memberByOrigin: ReadonlyMap<string, CharterMember>;
}

export interface CharterSet {
  readonly current: KnownCharter;
  byHash(hash: Uint8Array): KnownCharter | undefined;
}

/** Verifies a chain of charter notes, version 1 first, without gaps. */
export function charterSet(notes: readonly string[], crypto: Cryptography): Verdict<CharterSet> {
  const known = new Map<string, KnownCharter>();
  let current: KnownCharter | undefined;
  for (const note of notes) {
    const verdict: Verdict<Charter> =
      current === undefined
        ? verifyFoundingCharter(note, crypto)
        : verifyNextCharter(note, current.note, crypto);
    if (verdict.verdict !== 'accept') return verdict;
    current = knownCharter(verdict.value, note, crypto);
    known.set(current.hash.toHex(), current);
  }
  if (current === undefined) return reject('charter_missing', 'no charter given, at least 1');
  return accept({ current, byHash: (hash) => known.get(hash.toHex()) });
}

function knownCharter(charter: Charter, note: string, crypto: Cryptography): KnownCharter {
  const memberByOrigin = new Map<string, CharterMember>();
  for (const member of charter.members) {
    const logKey = parseVerifierKey(member.logKey);
    if (logKey.verdict === 'accept') memberByOrigin.set(logKey.value.name, member);
  }
  return { charter, hash: charterHash(note, crypto), note, memberByOrigin };
}
