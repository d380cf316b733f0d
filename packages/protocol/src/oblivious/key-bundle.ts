/**
 * `GET /v1/oblivious-keys`: the statements of all members, in the order of their origins, so that the
 * same statements are the same octets at every member. Canonical JSON; statements are not verified here.
 */
import { assert } from '../assert.ts';
import { compareBytes, utf8 } from '../bytes.ts';
import { encodeCanonicalJson, parseCanonicalJson } from '../charter/canonical-json.ts';
import { membersMax } from '../limits.ts';
import { accept, reject } from '../verdict.ts';
import type { Refusal, Verdict } from '../verdict.ts';
import { parseKeyStatement } from './key-statement.ts';
import { keyStatementCharactersMax } from './limits.ts';

/** A bundle of the most members, every character of their statements escaped. */
export const keyBundleCharactersMax: number = membersMax * 2 * keyStatementCharactersMax;

/** Encodes statements, each of another member. */
export function encodeKeyBundle(statements: readonly string[]): string {
  const ordered = statements
    .map((note) => ({ note, origin: utf8(originOf(note) ?? '') }))
    .sort((one, other) => compareBytes(one.origin, other.origin));
  const json = encodeCanonicalJson({ statements: ordered.map(({ note }) => note) });
  assert(json !== undefined, 'statements are well-formed texts');
  return json;
}

/** Parses a bundle: statements in order, one of each origin. Code `oblivious_keys_malformed`. */
export function parseKeyBundle(text: string): Verdict<readonly string[]> {
  if (text.length > keyBundleCharactersMax) {
    return malformed(`is ${text.length} characters, at most ${keyBundleCharactersMax}`);
  }
  const json = parseCanonicalJson(text);
  if (json.verdict !== 'accept') return json;
  const value = json.value as { readonly statements?: unknown } | null;
  const notes: unknown = typeof value === 'object' ? value?.statements : undefined;
  if (!Array.isArray(notes) || notes.length > membersMax || Object.keys(value!).length !== 1) {
    return malformed(`is not a list of up to ${membersMax} statements`);
  }
  let before: Uint8Array | undefined;
  for (const note of notes as readonly unknown[]) {
    const origin = typeof note === 'string' ? originOf(note) : undefined;
    if (origin === undefined) return malformed('has an item that is no statement');
    const at = utf8(origin);
    if (before !== undefined && compareBytes(before, at) >= 0) return malformed('is out of order');
    before = at;
  }
  return accept(notes as readonly string[]);
}

function originOf(note: string): string | undefined {
  const statement = parseKeyStatement(note.slice(0, note.lastIndexOf('\n\n') + 1));
  return statement.verdict === 'accept' ? statement.value.origin : undefined;
}

function malformed(found: string): Refusal {
  return reject('oblivious_keys_malformed', `key bundle ${found}`);
}
