/** Vectors of agreed checkpoints and of requests to a witness. */
import { mergeCheckpointNotes } from '../../src/agreed-checkpoint.ts';
import { cosignCheckpoint } from '../../src/cosignature.ts';
import { signNote } from '../../src/notes/signed-note.ts';
import type { Charter } from '../../src/charter/charter.ts';
import {
  charterText,
  fixedNoteSigner,
  fixedSigner,
  foundingCharter,
  memberNames,
  originOf,
  signedBy,
} from './charter-base.ts';
import { fixed32 } from './vector-case.ts';
import type { VectorCase } from './vector-case.ts';

const [alpha, beta, gamma, delta, epsilon] = memberNames.map(originOf) as [
  string,
  string,
  string,
  string,
  string,
];
const root = fixed32('log root').toBase64();
const text = `${alpha}\n42\n${root}\n`;
const timestampSeconds = 1_767_225_600;

/** Returns all vectors about agreed checkpoints and requests to a witness. */
export function agreedCases(): VectorCase[] {
  return [...agreed(), ...witnessRequests()];
}

const charterNote = (charter: Charter): string =>
  signedBy(charterText(charter), memberNames.slice(0, charter.members.length));

/** Four members of which one may be dishonest: a quorum is three. */
const four = charterNote(foundingCharter(4, 1));
const signed = (log = alpha): string => signNote(text.replace(alpha, log), [fixedNoteSigner(log)]);
const by = (note: string, name: string, seconds = timestampSeconds): string =>
  cosignCheckpoint(note, { name, signer: fixedSigner(name) }, seconds);
const all = (note: string, names: readonly string[]): string =>
  names.reduce((cosigned, name) => by(cosigned, name), note);

function agreed(): VectorCase[] {
  const of = (name: string, comment: string, values: object, expect = 'accept'): VectorCase => ({
    topic: 'agreed',
    name,
    comment,
    expect,
    values: { charter: four, ...values },
  });
  const short = 'checkpoint_quorum_missing';
  const twice = by(all(signed(), [beta, gamma]), beta, timestampSeconds + 60);
  const spoilt = all(signed(), [beta, gamma, delta]).replace(text, text.replace('42', '43'));
  return [
    of('three_of_four', 'a quorum, without the log itself', {
      note: all(signed(), [beta, gamma, delta]),
      cosigners: [beta, gamma, delta],
      timestampSeconds,
    }),
    of('log_cosigns_its_own', 'its member counts when it has cosigned', {
      note: all(signed(), [alpha, beta, gamma]),
      cosigners: [alpha, beta, gamma],
      timestampSeconds,
    }),
    of('time_of_the_quorum', 'the third newest of four times', {
      note: [alpha, beta, gamma, delta].reduce(
        (note, name, place) => by(note, name, timestampSeconds + place * 10),
        signed(),
      ),
      cosigners: [alpha, beta, gamma, delta],
      timestampSeconds: timestampSeconds + 10,
    }),
    of('newest_time_of_a_cosigner', 'beta has cosigned twice and counts once', {
      note: by(by(all(signed(), [beta, gamma]), beta, timestampSeconds + 60), delta),
      cosigners: [beta, gamma, delta],
      timestampSeconds,
    }),
    of('outside_witness_beside', 'a key that the charter does not name is passed over', {
      note: all(signed(), [beta, epsilon, gamma, delta]),
      cosigners: [beta, gamma, delta],
      timestampSeconds,
    }),
    of('one_member', 'an installation of one is its own quorum', {
      charter: charterNote(foundingCharter(1, 0)),
      note: by(signed(), alpha),
      cosigners: [alpha],
      timestampSeconds,
    }),
    of('two_of_four', 'one below the quorum', { note: all(signed(), [beta, gamma]) }, short),
    of('cosigner_twice', 'a member counts once', { note: twice }, short),
    of(
      'own_signature_is_no_cosignature',
      'the log has signed and two have cosigned',
      { note: mergeCheckpointNotes([all(signed(), [beta, gamma]), signed()]) },
      short,
    ),
    of('signed_only', 'no cosignature at all', { note: signed() }, short),
    of(
      'outside_witnesses_only',
      'others do not make a quorum',
      { note: all(signed(), [beta, gamma, epsilon, originOf('zeta')]) },
      short,
    ),
    of(
      'cosigned_but_not_signed',
      'three cosignatures under no signature of the log',
      { note: withoutFirstLine(all(signed(), [beta, gamma, delta])) },
      'note_signature_missing',
    ),
    of('text_changed', '43 leaves', { note: spoilt }, 'note_signature_invalid'),
    of(
      'bad_cosignature_beside_a_quorum',
      'the whole note is refused',
      { note: badLine(all(signed(), [beta, gamma, delta])) },
      'note_signature_invalid',
    ),
    of(
      'log_of_nobody',
      'the charter has four members',
      { note: all(signed(epsilon), [beta, gamma, delta]) },
      'log_unknown',
    ),
    of('text_alone', 'not a note', { note: text }, 'note_malformed'),
  ];
}

function withoutFirstLine(note: string): string {
  const [, line] = /\n\n(.*\n)/.exec(note)!;
  return note.replace(line!, '');
}

/** Adds a line of alpha's cosigner key whose signature is that of beta. */
function badLine(note: string): string {
  const other = by(signed(), alpha);
  const line = other.trimEnd().split('\n').at(-1)!;
  const [dash, name, base64] = line.split(' ') as [string, string, string];
  const bytes = Uint8Array.fromBase64(base64);
  bytes.fill(7, 20, 40);
  return `${note}${dash} ${name} ${bytes.toBase64()}\n`;
}

function witnessRequests(): VectorCase[] {
  const hash = fixed32('proof').toBase64();
  const of = (
    name: string,
    comment: string,
    body: string,
    values: object | string = 'witness_request_malformed',
  ): VectorCase => ({
    topic: 'agreed',
    name: `witness_${name}`,
    comment,
    expect: typeof values === 'string' ? values : 'accept',
    values: { body, ...(typeof values === 'string' ? {} : values) },
  });
  const note = signed();
  const proof = (count: number): string => `${hash}\n`.repeat(count);
  const whole = `old 7\n${proof(2)}\n${note}`;
  return [
    of('request', 'two proof lines', whole, { oldSize: 7, proofHashes: 2 }),
    of('request_from_0', 'no proof line', `old 0\n\n${note}`, { oldSize: 0, proofHashes: 0 }),
    of('request_of_63_lines', 'at most 63', `old 7\n${proof(63)}\n${note}`, {
      oldSize: 7,
      proofHashes: 63,
    }),
    of('request_of_64_lines', 'at most 63', `old 7\n${proof(64)}\n${note}`),
    of('request_empty', 'nothing at all', ''),
    of('request_without_empty_line', 'proof and note run together', `old 7\n${text}`),
    of('old_size_missing', 'a proof line first', `${proof(1)}\n${note}`),
    of('old_size_with_zero', '07', whole.replace('old 7', 'old 07')),
    of('old_size_with_sign', '+7', whole.replace('old 7', 'old +7')),
    of('old_size_with_two_spaces', 'a space too many', whole.replace('old 7', 'old  7')),
    of('old_size_of_2_53', 'one above the largest size', whole.replace('7', String(2n ** 53n))),
    of('proof_line_short', '31 bytes', `old 7\n${fixed32('x').slice(1).toBase64()}\n\n${note}`),
    of('proof_line_in_base64url', '- and _', `old 7\n${'-_'.repeat(21)}A=\n\n${note}`),
    of('carriage_return', 'CR LF', whole.replaceAll('\n', '\r\n')),
    of('checkpoint_of_8193_characters', 'at most 8192', `old 7\n\n${'x'.repeat(8193)}`),
  ];
}
