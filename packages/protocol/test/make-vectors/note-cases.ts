/** Vectors of signed notes and verifier keys. */
import { encodeVerifierKey } from '../../src/notes/verifier-key.ts';
import { signNote } from '../../src/notes/signed-note.ts';
import { nodeCryptography } from '../../src/crypto/node.ts';
import { fixedNoteSigner, verifierKeyText } from './charter-base.ts';
import { fixed32 } from './vector-case.ts';
import type { VectorCase } from './vector-case.ts';

const topic = 'notes';
const names = ['alpha.example/note', 'beta.example/note'] as const;
const [alpha, beta] = names.map((name) => fixedNoteSigner(name));
const vkeys = names.map((name) => verifierKeyText(name));
const text = 'What is signed.\nOn two lines.\n';
const whole = signNote(text, [alpha!]);

/** Returns all vectors about notes and verifier keys. */
export function noteCases(): VectorCase[] {
  return [
    ...validNotes(),
    ...malformedNotes(),
    ...unverifiedNotes(),
    ...validKeys(),
    ...malformedKeys(),
  ];
}

function noteCase(
  name: string,
  comment: string,
  { note, expect = 'accept', signed = 1 }: { note: string; expect?: string; signed?: number },
): VectorCase {
  const outcome = expect === 'accept' ? { verified: names.slice(0, signed) } : {};
  return { topic, name, comment, expect, values: { verify: 'note', vkeys, note, ...outcome } };
}

function validNotes(): VectorCase[] {
  const accepted = (name: string, comment: string, note: string): VectorCase =>
    noteCase(name, comment, { note });
  const strangers = (count: number): string =>
    signNote(text, [alpha!, ...Array.from({ length: count - 1 }, () => fixedNoteSigner('x'))]);
  return [
    accepted('one_signature', 'signed by one of two keys', whole),
    noteCase('two_signatures', 'signed by both keys', {
      note: signNote(text, [alpha!, beta!]),
      signed: 2,
    }),
    accepted('same_line_twice', 'a key counts once', signNote(text, [alpha!, alpha!])),
    accepted(
      'unknown_key_beside',
      'keys that nobody asked for are passed over',
      signNote(text, [fixedNoteSigner('x'), alpha!]),
    ),
    accepted(
      'known_name_with_another_hash',
      'a line is found by name and hash, not by the name alone',
      `${whole}\u2014 ${names[0]} ${new Uint8Array(68).toBase64()}\n`,
    ),
    accepted(
      'text_with_empty_lines',
      'the last empty line parts',
      signNote('\n\na\n\nb\n', [alpha!]),
    ),
    accepted('text_beyond_ascii', 'UTF-8', signNote('ed \u00e8 subito sera \u{1f319}\n', [alpha!])),
    accepted('text_of_one_newline', 'the shortest text', signNote('\n', [alpha!])),
    accepted('delete_character', 'U+007F is not below U+0020', signNote('\u007f\n', [alpha!])),
    accepted('signatures_99', 'at most 100', strangers(99)),
    accepted('signatures_100', 'at most 100', strangers(100)),
    noteCase('signatures_101', '101, at most 100', {
      note: strangers(101),
      expect: 'note_malformed',
    }),
  ];
}

function malformedNotes(): VectorCase[] {
  const edit = (name: string, comment: string, note: string): VectorCase => {
    if (note === whole) throw new Error(`${name} changes nothing`);
    return noteCase(name, comment, { note, expect: 'note_malformed' });
  };
  const line = whole.slice(text.length + 1);
  const signature = line.split(' ')[2]!.trim();
  const withLine = (changed: string): string => `${text}\n${changed}`;
  const withName = (name: string): string => withLine(line.replace(names[0], name));
  const withSignature = (base64: string): string => withLine(line.replace(signature, base64));
  return [
    edit('empty', 'nothing at all', ''),
    edit('no_empty_line', 'text and signature run together', `${text}${line}`),
    edit('no_signature', 'nothing after the empty line', `${text}\n`),
    edit('no_final_newline', 'the last line is not ended', whole.slice(0, -1)),
    edit('carriage_return', 'CR LF', whole.replaceAll('\n', '\r\n')),
    edit('tab_in_text', 'U+0009', whole.replace('is signed', 'is\tsigned')),
    edit('zero_in_text', 'U+0000', whole.replace('is signed', 'is\u0000signed')),
    edit('lone_surrogate', 'no UTF-8 has it', whole.replace('What', '\ud800')),
    edit('hyphen_for_em_dash', 'U+002D', withLine(line.replace('\u2014', '-'))),
    edit('two_spaces', 'a space too many', withLine(line.replace(' ', '  '))),
    edit('trailing_space', 'a space at the end', withLine(line.replace('\n', ' \n'))),
    edit('trailing_word', 'a word at the end', withLine(line.replace('\n', ' x\n'))),
    edit('key_name_empty', 'no name', withName('')),
    edit('key_name_with_plus', 'U+002B', withName('alpha+example')),
    edit('key_name_with_no_break_space', 'U+00A0', withName('alpha\u00a0example')),
    edit('key_name_with_line_separator', 'U+2028', withName('alpha\u2028example')),
    edit('signature_without_padding', 'no =', withSignature(signature.replace(/=+$/, ''))),
    edit('signature_in_base64url', '- and _', withSignature(`${'-_'.repeat(45)}AA==`)),
    edit('signature_with_stray_bits', 'final bits not zero', withSignature(strayBits(signature))),
    edit('signature_of_hash_alone', '4 bytes', withSignature('AAAAAA==')),
    edit('signature_missing', 'a name alone', withLine(`\u2014 ${names[0]} \n`)),
  ];
}

/** Sets a bit that the decoded bytes do not have. */
function strayBits(base64: string): string {
  return base64.replace(/(.)(=+)$/, (_all, last: string, padding: string) =>
    String.fromCharCode(last.charCodeAt(0) + 1).concat(padding),
  );
}

function unverifiedNotes(): VectorCase[] {
  const refused = (name: string, comment: string, note: string, expect: string): VectorCase =>
    noteCase(name, comment, { note, expect });
  const invalid = 'note_signature_invalid';
  const both = signNote(text, [alpha!, beta!]);
  const bad = `\u2014 ${names[1]} ${Uint8Array.of(...beta!.keyHash, ...new Uint8Array(64)).toBase64()}\n`;
  return [
    refused('text_changed', 'one letter of the text', whole.replace('What', 'Whet'), invalid),
    refused('bad_signature_beside_a_good_one', 'the second is zeros', `${whole}${bad}`, invalid),
    refused(
      'empty_line_among_signatures',
      'the text then includes the first signature',
      both.replace(`\n\u2014 ${names[1]}`, `\n\n\u2014 ${names[1]}`),
      invalid,
    ),
    refused(
      'unknown_key_only',
      'signed by a key nobody asked for',
      signNote(text, [fixedNoteSigner('x')]),
      'note_signature_missing',
    ),
  ];
}

const publicKey = fixed32('any 32 bytes');

function validKeys(): VectorCase[] {
  const accepted = (name: string, comment: string, algorithm: 1 | 4): VectorCase => {
    const key = { name: names[0], algorithm, publicKey };
    const vkey = encodeVerifierKey(key, nodeCryptography);
    const values = { verify: 'verifier-key', vkey, key: { ...key, publicKey: publicKey.toHex() } };
    return { topic, name, comment, expect: 'accept', values };
  };
  return [
    accepted('verifier_key', 'algorithm 1: Ed25519', 1),
    accepted('verifier_key_of_cosigner', 'algorithm 4: timestamped Ed25519', 4),
  ];
}

function malformedKeys(): VectorCase[] {
  const vkey = encodeVerifierKey({ name: names[0], algorithm: 1, publicKey }, nodeCryptography);
  const refused = (name: string, comment: string, text: string): VectorCase => {
    if (text === vkey) throw new Error(`${name} changes nothing`);
    const values = { verify: 'verifier-key', vkey: text };
    return { topic, name, comment, expect: 'verifier_key_malformed', values };
  };
  const of = (name: string, material: Uint8Array): string => {
    const hashed = Uint8Array.of(...new TextEncoder().encode(name), 0x0a, ...material);
    const hash = nodeCryptography.sha256(hashed).subarray(0, 4);
    return `${name}+${hash.toHex()}+${material.toBase64()}`;
  };
  const [, hash] = vkey.split('+');
  return [
    refused('verifier_key_empty', 'nothing at all', ''),
    refused('verifier_key_hash_wrong', 'zeros', vkey.replace(hash!, '00000000')),
    refused('verifier_key_hash_upper_case', 'A to F', vkey.replace(hash!, hash!.toUpperCase())),
    refused('verifier_key_name_empty', 'no name', of('', Uint8Array.of(1, ...publicKey))),
    refused('verifier_key_name_with_space', 'U+0020', of('a b', Uint8Array.of(1, ...publicKey))),
    refused('verifier_key_algorithm_2', 'ECDSA', of(names[0], Uint8Array.of(2, ...publicKey))),
    refused(
      'verifier_key_31_bytes',
      'a short key',
      of(names[0], Uint8Array.of(1, ...publicKey.subarray(1))),
    ),
    refused('verifier_key_33_bytes', 'a long key', of(names[0], Uint8Array.of(1, 0, ...publicKey))),
    refused('verifier_key_without_padding', 'base64 of 33 bytes has none; = added', `${vkey}=`),
    refused('verifier_key_with_newline', 'a newline at the end', `${vkey}\n`),
    refused('verifier_key_two_parts', 'no key', `${names[0]}+${hash}`),
    refused(
      'verifier_key_257_characters',
      'at most 256',
      of('n'.repeat(203), Uint8Array.of(1, ...publicKey)),
    ),
  ];
}
