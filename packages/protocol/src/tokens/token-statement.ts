/**
 * A member's word of the key with which it issues tokens in a period: a note, signed by its log key. There
 * is one key a period. All members serve the statements of all, so nobody can be given a key of their
 * own, by which their tokens would be known again: two statements of one period convict whoever signed both.
 */
import { assert } from '../assert.ts';
import { parseBase64 } from '../base64.ts';
import type { Charter, CharterMember } from '../charter/charter.ts';
import { encodeCanonicalJson, parseCanonicalJson } from '../charter/canonical-json.ts';
import { activeMembers } from '../charter/quorum.ts';
import type { Cryptography } from '../crypto/cryptography.ts';
import { membersMax } from '../limits.ts';
import { isKeyName } from '../notes/key-hash.ts';
import { parseNote } from '../notes/note.ts';
import { signNote, verifyNote } from '../notes/signed-note.ts';
import type { NoteSigner } from '../notes/signed-note.ts';
import { parseVerifierKey } from '../notes/verifier-key.ts';
import { accept, ignore, reject } from '../verdict.ts';
import type { Refusal, Verdict } from '../verdict.ts';
import { tokenPeriodMs, tokenStatementCharactersMax } from './limits.ts';
import { tokenChallenge } from './privacy-pass.ts';
import { parseTokenKey } from './token-key.ts';

/** The key with which a member issues tokens in a period. */
export interface TokenStatement {
  /** Origin of the member's log. */
  readonly origin: string;
  /** Number of the period since 1970 in which the key issues. */
  readonly period: number;
  /** The key as `encodeTokenKey` has it. */
  readonly tokenKey: Uint8Array;
}

/** What is known of a key whose statement is good. */
export interface StatedTokenKey extends TokenStatement {
  readonly member: CharterMember;
  /** SHA-256 of the key, 32 bytes. */
  readonly tokenKeyId: Uint8Array;
  /** SHA-256 of the challenge to which its tokens answer, 32 bytes. */
  readonly challengeDigest: Uint8Array;
}

/** No checkpoint begins with this line: it is no origin that a charter admits. */
const firstLine = 'callbook/1 token key';
/** Of each member the keys of the period before, of this one and of the next. */
const statementsMax: number = 3 * membersMax;
/** A bundle of the most members, every character of their statements escaped. */
export const tokenBundleCharactersMax: number = statementsMax * 2 * tokenStatementCharactersMax;

/** Returns the period that a time falls in. */
export function tokenPeriodAt(nowMs: number): number {
  return Math.floor(nowMs / tokenPeriodMs);
}

/** Whether tokens of a period's key are taken: in that period and in the one after. */
export function isTokenPeriodGood(period: number, nowMs: number): boolean {
  const now = tokenPeriodAt(nowMs);
  return period === now || period === now - 1;
}

/** Host and port of a member's API: the name of the issuer in challenges. */
export function issuerNameOf({ api }: Pick<CharterMember, 'api'>): string {
  return new URL(api).host;
}

/** Signs which key a member issues tokens with in a period. */
export function signTokenStatement(statement: TokenStatement, signer: NoteSigner): string {
  const { origin, period, tokenKey } = statement;
  const text = `${firstLine}\n${origin}\n${period}\n${tokenKey.toBase64()}\n`;
  const parsed = parseTokenStatement(text);
  assert(parsed.verdict === 'accept', 'a statement is of an origin, a period and a key');
  return signNote(text, [signer]);
}

/**
 * Verifies that an active member has signed the statement about itself, of a period that is not over
 * (`token_key_old`). Codes of notes, `token_key_malformed`.
 */
export function verifyTokenStatement(
  noteText: string,
  { charter, nowMs }: { readonly charter: Charter; readonly nowMs: number },
  crypto: Cryptography,
): Verdict<StatedTokenKey> {
  if (noteText.length > tokenStatementCharactersMax) return malformed('is too long');
  const parsed = parseNote(noteText);
  if (parsed.verdict !== 'accept') return parsed;
  // A second signature, by a key that nobody knows, would be a mark on whoever is shown it.
  if (parsed.value.signatures.length !== 1) return malformed('has more than one signature');
  const statement = parseTokenStatement(parsed.value.text);
  if (statement.verdict !== 'accept') return statement;
  const { origin, period, tokenKey } = statement.value;
  for (const member of activeMembers(charter)) {
    const logKey = parseVerifierKey(member.logKey);
    if (logKey.verdict !== 'accept' || logKey.value.name !== origin) continue;
    const note = verifyNote(noteText, [logKey.value], crypto);
    if (note.verdict !== 'accept') return note;
    if (Math.abs(period - tokenPeriodAt(nowMs)) > 1) {
      return ignore('token_key_old', 'token key is of no period from the last to the next');
    }
    const challengeDigest = crypto.sha256(tokenChallenge(issuerNameOf(member)));
    const tokenKeyId = crypto.sha256(tokenKey);
    return accept({ ...statement.value, member, tokenKeyId, challengeDigest });
  }
  return malformed('is of no active member');
}

function parseTokenStatement(text: string): Verdict<TokenStatement> {
  const [first, origin = '', period = '', base64 = '', end, ...rest] = text.split('\n');
  if (first !== firstLine || end !== '' || rest.length > 0)
    return malformed('is not of four lines');
  if (!isKeyName(origin)) return malformed('names no origin');
  if (!/^[1-9][0-9]{0,8}$/.test(period)) return malformed('has no period');
  const tokenKey = parseBase64(base64);
  if (tokenKey === undefined) return malformed('has no base64');
  const key = parseTokenKey(tokenKey);
  if (key.verdict !== 'accept') return key;
  return accept({ origin, period: Number(period), tokenKey });
}

/** Encodes statements in the order of their texts, so that the same ones are the same octets everywhere. */
export function encodeTokenBundle(statements: readonly string[]): string {
  const json = encodeCanonicalJson({ statements: [...statements].sort() });
  assert(json !== undefined, 'statements are well-formed texts');
  return json;
}

/** Parses a bundle; the statements are not verified. Codes `json_not_canonical`, `token_key_malformed`. */
export function parseTokenBundle(text: string): Verdict<readonly string[]> {
  if (text.length > tokenBundleCharactersMax) return malformed('bundle is too long');
  const json = parseCanonicalJson(text);
  if (json.verdict !== 'accept') return json;
  const value = json.value as { readonly statements?: unknown } | null;
  const notes: unknown = typeof value === 'object' ? value?.statements : undefined;
  const isList =
    Array.isArray(notes) &&
    notes.length <= statementsMax &&
    notes.every((note) => typeof note === 'string');
  return isList ? accept(notes) : malformed(`bundle is not a list of up to ${statementsMax}`);
}

function malformed(found: string): Refusal {
  return reject('token_key_malformed', `token key statement ${found}`);
}
