/**
 * A member's word of which key configurations its oblivious gateway has: a note, signed by its log key
 * and dated. All members serve the statements of all, so nobody can be given a key of their own:
 * what two members show alike, everybody is shown.
 */
import { assert } from '../assert.ts';
import { parseBase64 } from '../base64.ts';
import { activeMembers } from '../charter/quorum.ts';
import type { Charter, CharterMember } from '../charter/charter.ts';
import type { Cryptography } from '../crypto/cryptography.ts';
import { isKeyName } from '../notes/key-hash.ts';
import { parseNote } from '../notes/note.ts';
import { signNote, verifyNote } from '../notes/signed-note.ts';
import type { NoteSigner } from '../notes/signed-note.ts';
import { parseVerifierKey } from '../notes/verifier-key.ts';
import { accept, ignore, reject } from '../verdict.ts';
import type { Refusal, Verdict } from '../verdict.ts';
import { parseKeyConfigurations } from './key-configuration.ts';
import type { KeyConfiguration } from './key-configuration.ts';
import {
  keyStatementAgeMsMax,
  keyStatementAheadMsMax,
  keyStatementCharactersMax,
} from './limits.ts';

/** Which keys a member says its gateway has, and since when. */
export interface KeyStatement {
  /** Origin of the member's log. */
  readonly origin: string;
  /** When its newest key was made, by the member's clock; whole seconds. */
  readonly madeAtMs: number;
  /** `application/ohttp-keys`. */
  readonly encoded: Uint8Array;
  readonly configurations: readonly KeyConfiguration[];
}

/** No checkpoint begins with this line: it is no origin that a charter admits. */
const firstLine = 'callbook/1 oblivious keys';

/** Signs configurations by the log key of their member. */
export function signKeyStatement(
  statement: Pick<KeyStatement, 'encoded' | 'madeAtMs' | 'origin'>,
  signer: NoteSigner,
): string {
  const { origin, madeAtMs, encoded } = statement;
  const seconds = Math.floor(madeAtMs / 1000);
  const text = `${firstLine}\n${origin}\n${seconds}\n${encoded.toBase64()}\n`;
  const parsed = parseKeyStatement(text);
  assert(parsed.verdict === 'accept', parsed.verdict === 'accept' ? '' : parsed.message);
  return signNote(text, [signer]);
}

/**
 * Verifies that an active member has signed the statement about itself, and that it is not too old
 * (`oblivious_keys_old`) or dated ahead. Codes of notes, `oblivious_keys_malformed`.
 */
export function verifyKeyStatement(
  noteText: string,
  { charter, nowMs }: { readonly charter: Charter; readonly nowMs: number },
  crypto: Cryptography,
): Verdict<KeyStatement & { readonly member: CharterMember }> {
  if (noteText.length > keyStatementCharactersMax) {
    return malformed(`is ${noteText.length} characters, at most ${keyStatementCharactersMax}`);
  }
  const parsed = parseNote(noteText);
  if (parsed.verdict !== 'accept') return parsed;
  // A second signature, by a key that nobody knows, would be a mark on whoever is shown it.
  if (parsed.value.signatures.length !== 1) return malformed('has more than one signature');
  const statement = parseKeyStatement(parsed.value.text);
  if (statement.verdict !== 'accept') return statement;
  const { origin, madeAtMs } = statement.value;
  for (const member of activeMembers(charter)) {
    const logKey = parseVerifierKey(member.logKey);
    if (logKey.verdict !== 'accept' || logKey.value.name !== origin) continue;
    const note = verifyNote(noteText, [logKey.value], crypto);
    if (note.verdict !== 'accept') return note;
    if (madeAtMs > nowMs + keyStatementAheadMsMax || nowMs > madeAtMs + keyStatementAgeMsMax) {
      return ignore('oblivious_keys_old', 'key statement is not of the last 48 hours');
    }
    return accept({ ...statement.value, member });
  }
  return malformed('is of no active member');
}

/** Parses the text of a statement; says nothing of who signed it. */
export function parseKeyStatement(text: string): Verdict<KeyStatement> {
  const [first, origin = '', seconds = '', base64 = '', end, ...rest] = text.split('\n');
  if (first !== firstLine || end !== '' || rest.length > 0)
    return malformed('is not of four lines');
  if (!isKeyName(origin)) return malformed('names no origin');
  const madeAtMs = /^[1-9][0-9]{0,11}$/.test(seconds) ? Number(seconds) * 1000 : undefined;
  if (madeAtMs === undefined) return malformed('has no date');
  const encoded = parseBase64(base64);
  if (encoded === undefined) return malformed('has no base64');
  const configurations = parseKeyConfigurations(encoded);
  if (configurations.verdict !== 'accept') return configurations;
  return accept({ origin, madeAtMs, encoded, configurations: configurations.value });
}

function malformed(found: string): Refusal {
  return reject('oblivious_keys_malformed', `key statement ${found}`);
}
