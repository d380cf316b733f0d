/**
 * Judges a charter that an auditor was given and did not take, against the chain that it has: beyond a
 * gap, another one of a version, or one that does not follow. What is genuine are its signatures: that
 * somebody with governance keys made it, and who; who handed it out is the auditor's word.
 */
import {
  accept,
  bytesEqual,
  charterHash,
  charterSigners,
  extendCharterSet,
  parseCharter,
  reject,
} from '@callbook/protocol';
import type { CharterSet, Cryptography, Verdict } from '@callbook/protocol';
import type { JudgedEvidence } from './verify-evidence-file.ts';

/** Verifies the note. Codes: those of charters, `evidence_unproven` for one that is as it should be. */
export function verifyCharterFile(
  note: string,
  charters: CharterSet,
  crypto: Cryptography,
): Verdict<JudgedEvidence> {
  const given = parseCharter(note);
  if (given.verdict !== 'accept') return given;
  const chain = charters.all.map(({ charter }) => charter);
  const signed = charterSigners(note, chain, crypto);
  if (signed.verdict !== 'accept') return signed;
  if (signed.value.length === 0) {
    return reject('note_signature_missing', 'nobody with a governance key has signed the charter');
  }
  const wrong = whatIsWrong(note, given.value.version, { charters, crypto });
  if (wrong === undefined) return reject('evidence_unproven', 'the charter fits the chain');
  const { kind, onWord } = wrong;
  return accept({ kind, convicts: [], disputed: signed.value, onWord });
}

function whatIsWrong(
  note: string,
  version: number,
  { charters, crypto }: { readonly charters: CharterSet; readonly crypto: Cryptography },
): Pick<JudgedEvidence, 'kind' | 'onWord'> | undefined {
  const newest = charters.current.charter.version;
  if (version > newest + 1) {
    const missing = `version ${newest + 1}`;
    return { kind: 'charter_gap', onWord: `that who gave it did not give ${missing}` };
  }
  if (version === newest + 1) {
    const next = extendCharterSet(charters, note, crypto);
    return next.verdict === 'accept' ? undefined : { kind: 'charter_invalid', onWord: '' };
  }
  const { hash } = charters.all[version - 1]!;
  return bytesEqual(charterHash(note, crypto), hash)
    ? undefined
    : { kind: 'charter_forked', onWord: '' };
}
