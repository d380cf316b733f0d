/**
 * Adoption of charters, after TUF's root rule: version 1 is signed by a quorum of its own members,
 * version N+1 by a quorum of N and by one of N+1. Members are counted, not keys. Nothing here reads a
 * clock: an expired charter can still be followed by the next.
 */
import type { Cryptography } from '../crypto/cryptography.ts';
import { verifyNote } from '../notes/signed-note.ts';
import { accept, ignore, reject } from '../verdict.ts';
import type { Refusal, Verdict } from '../verdict.ts';
import { charterHash, parseCharter, parseCharterText } from './charter.ts';
import type { Charter } from './charter.ts';
import { verifierKeyIn } from './charter-consistency.ts';
import { activeMembers, quorumOf } from './quorum.ts';
import { successionFaultOf } from './succession.ts';
import type { Step } from './succession.ts';

/** Verifies a version 1: signed by q of its own members, all of them active, all logs empty. */
export function verifyFoundingCharter(noteText: string, crypto: Cryptography): Verdict<Charter> {
  const charter = parseCharter(noteText);
  if (charter.verdict !== 'accept') return charter;
  return checkFounding(charter.value) ?? checkQuorum(noteText, charter.value, crypto) ?? charter;
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
  const wrong = checkStep({ from, to }, charterHash(previousNote, crypto));
  if (wrong !== undefined) return wrong;
  return checkQuorum(noteText, from, crypto) ?? checkQuorum(noteText, to, crypto) ?? accept(to);
}

/**
 * Verifies a text that is to be signed, as `verifyNextCharter` does but for the signatures; without
 * a charter before, as a version 1.
 */
export function verifyProposal(
  text: string,
  previousNote: string | undefined,
  crypto: Cryptography,
): Verdict<Charter> {
  const charter = parseCharterText(text);
  if (charter.verdict !== 'accept') return charter;
  if (previousNote === undefined) return checkFounding(charter.value) ?? charter;
  const previous = parseCharter(previousNote);
  if (previous.verdict !== 'accept') return previous;
  const step = { from: previous.value, to: charter.value };
  return checkStep(step, charterHash(previousNote, crypto)) ?? charter;
}

function checkFounding({ version, members, logs }: Charter): Refusal | undefined {
  if (version !== 1) return reject('charter_not_founding', `charter is version ${version}, not 1`);
  if (members.some((member) => member.state !== 'active')) {
    return reject('charter_not_founding', 'a founding charter has only active members');
  }
  if (logs.some((log) => log.size !== 0)) {
    return reject('charter_not_founding', 'a founding charter has only empty logs');
  }
  return undefined;
}

function checkStep(step: Step, previousHash: Uint8Array): Refusal | undefined {
  const { from, to } = step;
  if (to.version !== from.version + 1) {
    const found = `charter is version ${to.version}, not ${from.version + 1}`;
    return ignore('charter_version_not_next', found);
  }
  if (to.previous !== previousHash.toHex()) {
    return reject('charter_previous_mismatch', 'charter names another charter as the one before');
  }
  const fault = successionFaultOf(step);
  return fault === undefined ? undefined : reject('charter_succession_invalid', `charter ${fault}`);
}

/**
 * Returns the names of the members of either charter that have signed a note, each once, in the
 * order of its lines; refuses a note with a bad signature by one of their keys.
 */
export function charterSigners(
  noteText: string,
  charters: readonly Charter[],
  crypto: Cryptography,
): Verdict<readonly string[]> {
  const names = new Set<string>();
  // Charter by charter: keys of two versions may share name and hash, those of one may not.
  for (const { members } of charters) {
    const keys = members.flatMap(({ governanceKeys, name }) =>
      governanceKeys.map((vkey) => [verifierKeyIn(vkey), name] as const),
    );
    const nameByKey = new Map(keys);
    const note = verifyNote(noteText, [...nameByKey.keys()], crypto);
    if (note.verdict === 'accept') {
      for (const key of note.value.verified) names.add(nameByKey.get(key)!);
    } else if (note.code !== 'note_signature_missing') return note;
  }
  return accept([...names]);
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
