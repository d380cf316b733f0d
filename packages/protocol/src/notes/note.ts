/**
 * Signed notes (C2SP signed-note): text, an empty line, signature lines. Strict: what is parsed
 * encodes to the same characters again, so a note has one spelling. Nothing here verifies; the text
 * of a note that only parsed is nobody's word.
 */
import { assert } from '../assert.ts';
import { parseBase64 } from '../base64.ts';
import { utf8 } from '../bytes.ts';
import { noteBytesMax, noteSignaturesMax } from '../limits.ts';
import { accept, reject } from '../verdict.ts';
import type { Refusal, Verdict } from '../verdict.ts';
import { hasControl, isKeyName } from './key-hash.ts';

/** A signature line of a note. */
export interface NoteSignature {
  readonly name: string;
  /** Key hash, 4 bytes. */
  readonly hash: Uint8Array;
  /** As the algorithm defines it, at least 1 byte. */
  readonly signature: Uint8Array;
}

/** A text with signatures, of which none is verified (C2SP signed-note). */
export interface Note {
  /** With its final newline, without the empty line. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** Parses a note: 1 to 100 signatures, at most 1 000 000 bytes. */
export function parseNote(note: string): Verdict<Note> {
  const bytes = note.length > noteBytesMax ? note.length : utf8(note).length;
  if (bytes > noteBytesMax) {
    return reject('note_too_large', `note is ${bytes} bytes, at most ${noteBytesMax}`);
  }
  // "Signed notes MUST be valid UTF-8 and MUST NOT contain any ASCII control characters (those below
  // U+0020) other than newline."
  if (!note.isWellFormed()) return malformed('has a lone surrogate');
  if (hasControl(note, '\n')) return malformed('has a control character');
  // "the text is separated from the signatures by the last empty line in the note"
  const split = note.lastIndexOf('\n\n');
  if (split < 0) return malformed('has no empty line');
  const lines = note.slice(split + 2).split('\n');
  if (lines.pop() !== '' || lines.length === 0)
    return malformed('does not end in a signature line');
  if (lines.length > noteSignaturesMax) {
    return malformed(`has ${lines.length} signatures, at most ${noteSignaturesMax}`);
  }
  const signatures: NoteSignature[] = [];
  for (const line of lines) {
    const signature = parseSignatureLine(line);
    if (signature === undefined) return malformed('has a malformed signature line');
    signatures.push(signature);
  }
  return accept({ text: note.slice(0, split + 1), signatures });
}

/** Encodes a note; the text must end in a newline and have no other control character. */
export function encodeNote(note: Note): string {
  assertNoteText(note.text);
  assert(note.signatures.length > 0, 'a note has a signature');
  return `${note.text}\n${note.signatures.map(encodeSignatureLine).join('')}`;
}

/** Throws unless the text can be a note's. */
export function assertNoteText(text: string): void {
  assert(text.endsWith('\n'), 'a note text ends in a newline');
  assert(text.isWellFormed() && !hasControl(text, '\n'), 'a note text has no control characters');
}

// "em dash (U+2014), space (U+0020), key name, space, base64-encoded signature, newline."
const linePrefix = '\u2014 ';

function parseSignatureLine(line: string): NoteSignature | undefined {
  if (!line.startsWith(linePrefix)) return undefined;
  const [name, text, ...rest] = line.slice(linePrefix.length).split(' ');
  if (name === undefined || text === undefined || rest.length > 0 || !isKeyName(name)) {
    return undefined;
  }
  const bytes = parseBase64(text);
  // "Signatures are the base64 encoding of 4+n bytes."
  if (bytes === undefined || bytes.length < 5) return undefined;
  return { name, hash: bytes.slice(0, 4), signature: bytes.slice(4) };
}

function encodeSignatureLine({ name, hash, signature }: NoteSignature): string {
  assert(isKeyName(name) && hash.length === 4 && signature.length > 0, 'a complete signature');
  return `${linePrefix}${name} ${Uint8Array.of(...hash, ...signature).toBase64()}\n`;
}

function malformed(found: string): Refusal {
  return reject('note_malformed', `note ${found}`);
}
