/** Charters as files: signed notes, proposals that nobody has signed, and copies put together. */
import {
  charterHash,
  encodeNote,
  parseCharter,
  parseCharterText,
  parseNote,
  parseVerifierKey,
  utf8,
} from '@callbook/protocol';
import type { Charter, Cryptography, Note, NoteSignature, Verdict } from '@callbook/protocol';
import { DirectoryError } from '@callbook/protocol';
import type { NodeErrorCode } from '../errors.ts';
import { readInput } from './key-place.ts';

export interface CharterFile {
  readonly charter: Charter;
  /** What is signed, with its newline. */
  readonly text: string;
  /** 64 hexadecimal digits. */
  readonly hash: string;
  /** Undefined for a proposal. */
  readonly note: string | undefined;
}

/** Reads a note or a proposal. Codes: `input_unreadable`, and the verdict on what it is. */
export async function readCharterFile(path: string, crypto: Cryptography): Promise<CharterFile> {
  return charterIn(await readInput(path), crypto);
}

/** Parses a note, or the text of one alone. */
export function charterIn(content: string, crypto: Cryptography): CharterFile {
  const isNote = content.includes('\n\n');
  const charter = accepted(isNote ? parseCharter(content) : parseCharterText(content));
  const text = isNote ? accepted(parseNote(content)).text : content;
  const hash = isNote ? charterHash(content, crypto) : crypto.sha256(utf8(content));
  return { charter, text, hash: hash.toHex(), note: isNote ? content : undefined };
}

/**
 * Puts signed copies of one charter together; only signatures by governance keys of these charters
 * are kept, each once. Code: `charter_copies_differ`.
 */
export function mergeCopies(notes: readonly string[], charters: readonly Charter[]): string {
  const parsed: readonly Note[] = notes.map((note) => accepted(parseNote(note)));
  const { text } = parsed[0]!;
  if (parsed.some((note) => note.text !== text)) {
    throw new DirectoryError<NodeErrorCode>(
      'charter_copies_differ',
      'the copies are not of one charter: compare their hashes (callbook-node charter show <file>)',
    );
  }
  const known = governanceLines(charters);
  const lines = new Map<string, NoteSignature>();
  for (const signature of parsed.flatMap(({ signatures }) => signatures)) {
    const key = lineOf(signature);
    if (known.has(key)) lines.set(key, signature);
  }
  if (lines.size === 0) {
    throw new DirectoryError<NodeErrorCode>(
      'charter_signers_missing',
      'no governance key of a member has signed',
    );
  }
  return encodeNote({ text, signatures: [...lines.values()] });
}

function governanceLines(charters: readonly Charter[]): ReadonlySet<string> {
  const vkeys = charters.flatMap(({ members }) => members.flatMap((one) => one.governanceKeys));
  return new Set(
    vkeys.map((vkey) => {
      const { name, keyHash } = accepted(parseVerifierKey(vkey));
      return lineOf({ name, hash: keyHash });
    }),
  );
}

function lineOf({ name, hash }: Pick<NoteSignature, 'name' | 'hash'>): string {
  return `${name}+${hash.toHex()}`;
}

/** A verdict on a file is an operating error for whoever gave the file. */
export function accepted<Value>(verdict: Verdict<Value>): Value {
  if (verdict.verdict === 'accept') return verdict.value;
  throw new DirectoryError(verdict.code, verdict.message);
}
