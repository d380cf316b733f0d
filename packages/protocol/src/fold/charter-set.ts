/**
 * The charters a fold may judge by: the chain from version 1 to the newest, each found again by the
 * hash that leaves name. Reads no clock; which version is in force for new leaves is the newest.
 */
import { bytesEqual } from '../bytes.ts';
import { charterHash } from '../charter/charter.ts';
import type { Charter, CharterMember } from '../charter/charter.ts';
import { verifyFoundingCharter, verifyNextCharter } from '../charter/adoption.ts';
import type { Cryptography } from '../crypto/cryptography.ts';
import { parseVerifierKey } from '../notes/verifier-key.ts';
import { accept, reject } from '../verdict.ts';
import type { Verdict } from '../verdict.ts';

/** A charter, its hash, and the signed note that it was read from. */
export interface KnownCharter {
  readonly charter: Charter;
  /** SHA-256 of the signed text, 32 bytes. */
  readonly hash: Uint8Array;
  readonly note: string;
  /** Members by the origin of their log. */
  readonly memberByOrigin: ReadonlyMap<string, CharterMember>;
}

/** All charters from the founding one on, each verified by the one before. */
export interface CharterSet {
  /** The newest. */
  readonly current: KnownCharter;
  /** The chain, version 1 first. */
  readonly all: readonly KnownCharter[];
  /** Returns the charter with this hash; undefined for one that is not known. */
  byHash(hash: Uint8Array): KnownCharter | undefined;
}

/** Verifies a chain of charter notes, version 1 first, without gaps. */
export function charterSet(notes: readonly string[], crypto: Cryptography): Verdict<CharterSet> {
  const [founding, ...later] = notes;
  if (founding === undefined) return reject('charter_missing', 'no charter given, at least 1');
  const charter = verifyFoundingCharter(founding, crypto);
  if (charter.verdict !== 'accept') return charter;
  let charters = setOf([knownCharter(charter.value, founding, crypto)]);
  for (const note of later) {
    const longer = extendCharterSet(charters, note, crypto);
    if (longer.verdict !== 'accept') return longer;
    charters = longer.value;
  }
  return accept(charters);
}

/** Verifies the charter after the newest one; returns the longer chain and leaves the set as it is. */
export function extendCharterSet(
  charters: CharterSet,
  note: string,
  crypto: Cryptography,
): Verdict<CharterSet> {
  const charter = verifyNextCharter(note, charters.current.note, crypto);
  if (charter.verdict !== 'accept') return charter;
  return accept(setOf([...charters.all, knownCharter(charter.value, note, crypto)]));
}

/** Returns the chain up to a version that it has. */
export function charterSetUpTo({ all }: CharterSet, version: number): CharterSet {
  return setOf(all.slice(0, version));
}

/** Joins charters that have been verified as a chain, version 1 first. */
function setOf(all: readonly KnownCharter[]): CharterSet {
  const known = new Map(all.map((charter) => [charter.hash.toHex(), charter]));
  const current = all.at(-1)!;
  return {
    all,
    current,
    // Nearly all leaves name the newest.
    byHash: (hash) => (bytesEqual(hash, current.hash) ? current : known.get(hash.toHex())),
  };
}

function knownCharter(charter: Charter, note: string, crypto: Cryptography): KnownCharter {
  const memberByOrigin = new Map<string, CharterMember>();
  for (const member of charter.members) {
    const logKey = parseVerifierKey(member.logKey);
    if (logKey.verdict === 'accept') memberByOrigin.set(logKey.value.name, member);
  }
  return { charter, hash: charterHash(note, crypto), note, memberByOrigin };
}
