/**
 * Adoption of charters, after TUF's root rule: version 1 is signed by a quorum of its own members,
 * version N+1 by a quorum of N and by one of N+1. Members are counted, not keys. Nothing here reads a
 * clock: an expired charter can still be followed by the next.
 */
import type { Cryptography } from '../crypto/cryptography.ts';
import { verifyNote } from '../notes/signed-note.ts';
import { accept, ignore, reject } from '../verdict.ts';
import type { Refusal, Verdict } from '../verdict.ts';
import { charterHash, parseCharter } from './charter.ts';
import type { Charter } from './charter.ts';
import { verifierKeyIn } from './charter-consistency.ts';
import { activeMembers, quorumOf } from './quorum.ts';
import { successionFaultOf } from './succession.ts';

/** Verifies a version 1: signed by q of its own members, all of them active, all logs empty. */
export function verifyFoundingCharter(noteText: string, crypto: Cryptography): Verdict<Charter> {
  const charter = parseCharter(noteText);
  if (charter.verdict !== 'accept') return charter;
  const { version, members, logs } = charter.value;
  if (version !== 1) return reject('charter_not_founding', `charter is version ${version}, not 1`);
  if (members.some((member) => member.state !== 'active')) {
    return reject('charter_not_founding', 'a founding charter has only active members');
  }
  if (logs.some((log) => log.size !== 0)) {
    return reject('charter_not_founding', 'a founding charter has only empty logs');
  }
  return checkQuorum(noteText, charter.value, crypto) ?? charter;
}

/**
 * Verifies the charter after a verified one: exactly one version on, naming its hash, a step that
 * succession allows, signed by q of both. Another version is ignored: it may be honest, and known
 * already or too early.
 */
export function verifyNextCharter(
  noteText: string,
  previousNote: string,
  crypto: Cryptography,
): Verdict<Charter> {
  const previous = parseCharter(previousNote);
  if (previous.verdict !== 'accept') return previous;
  const charter = parseCharter(noteText);
  if (charter.verdict !== 'accept') return charter;
  const [from, to] = [previous.value, charter.value];
  if (to.version !== from.version + 1) {
    const found = `charter is version ${to.version}, not ${from.version + 1}`;
    return ignore('charter_version_not_next', found);
  }
  if (to.previous !== charterHash(previousNote, crypto).toHex()) {
    return reject('charter_previous_mismatch', 'charter names another charter as the one before');
  }
  const fault = successionFaultOf({ from, to });
  if (fault !== undefined) return reject('charter_succession_invalid', `charter ${fault}`);
  return checkQuorum(noteText, from, crypto) ?? checkQuorum(noteText, to, crypto) ?? accept(to);
}

/** Refuses a note that fewer than q active members of the charter have signed. */
function checkQuorum(noteText: string, by: Charter, crypto: Cryptography): Refusal | undefined {
  const quorum = quorumOf(by);
  const memberByKey = new Map(
    activeMembers(by).flatMap((member) =>
      member.governanceKeys.map((vkey) => [verifierKeyIn(vkey), member.name] as const),
    ),
  );
  const note = verifyNote(noteText, [...memberByKey.keys()], crypto);
  const missing = note.verdict !== 'accept' && note.code === 'note_signature_missing';
  if (note.verdict !== 'accept' && !missing) return note;
  const keys = note.verdict === 'accept' ? note.value.verified : [];
  const signed = new Set(keys.map((key) => memberByKey.get(key))).size;
  if (signed >= quorum) return undefined;
  const found = `${signed} members of version ${by.version} have signed, at least ${quorum}`;
  return reject('charter_quorum_missing', found);
}
