/**
 * Signed index roots: a member's word that folding these logs, up to these sizes, by this ruleset and
 * this charter, gives an index with this root. A signed note by the member's log key. Two roots over
 * the same everything else cannot both be right, so members that disagree can be told apart by replay.
 */
import { assert } from '../assert.ts';
import { parseBase64 } from '../base64.ts';
import { bytesEqual, compareBytes, utf8 } from '../bytes.ts';
import type { Checkpoint } from '../checkpoint.ts';
import type { Cryptography } from '../crypto/cryptography.ts';
import { logOriginCharactersMax, membersMax } from '../limits.ts';
import { emptyRoot, treeHashBytes } from '../merkle/tree-hash.ts';
import { isKeyName } from '../notes/key-hash.ts';
import { signNote, verifyNote } from '../notes/signed-note.ts';
import type { NoteSigner } from '../notes/signed-note.ts';
import type { VerifierKey } from '../notes/verifier-key.ts';
import { accept, reject } from '../verdict.ts';
import type { Refusal, Verdict } from '../verdict.ts';

/** The root of the index, and what it was computed from. */
export interface IndexRoot {
  /** Number of the ruleset that the logs were folded by, from 1. */
  readonly ruleset: number;
  /** Hash of the charter in force, 32 bytes. */
  readonly charter: Uint8Array;
  /** Root of the index tree, 32 bytes. */
  readonly root: Uint8Array;
  /** Every log that was folded, each to which size and root; in the order of their origins. */
  readonly logs: readonly Checkpoint[];
}

/** No checkpoint and no cosignature begins with this line: it is no origin that a charter admits. */
const firstLine = 'callbook/1 index';

/** Returns the note text: the fixed line, ruleset, charter hash, root, and a line for each log. */
export function encodeIndexRoot({ ruleset, charter, root, logs }: IndexRoot): string {
  const lines = [
    firstLine,
    String(ruleset),
    charter.toBase64(),
    root.toBase64(),
    ...logs.map(({ origin, size, root: logRoot }) => `${origin} ${size} ${logRoot.toBase64()}`),
  ];
  const text = `${lines.join('\n')}\n`;
  const parsed = parseIndexRoot(text);
  assert(parsed.verdict === 'accept', parsed.verdict === 'accept' ? '' : parsed.message);
  return text;
}

/** Parses the text of an index root's note; says nothing of who signed it. */
export function parseIndexRoot(text: string): Verdict<IndexRoot> {
  const lines = text.split('\n');
  if (lines.pop() !== '') return malformed('does not end in a newline');
  const [first, rulesetText = '', charterText = '', rootText = '', ...logLines] = lines;
  if (first !== firstLine) return malformed('does not begin with its fixed line');
  const ruleset = parseNumber(rulesetText);
  if (ruleset === undefined || ruleset < 1) return malformed('has no ruleset number');
  const charter = parseHash(charterText);
  if (charter === undefined) return malformed('has a charter hash that is not 32 bytes of base64');
  const root = parseHash(rootText);
  if (root === undefined) return malformed('has a root that is not 32 bytes of base64');
  if (logLines.length < 1 || logLines.length > membersMax) {
    return malformed(`has ${logLines.length} logs, 1 to ${membersMax}`);
  }
  const logs: Checkpoint[] = [];
  for (const line of logLines) {
    const log = parseLogLine(line);
    if (log === undefined) return malformed('has a malformed log line');
    const before = logs.at(-1);
    if (before !== undefined && compareBytes(utf8(before.origin), utf8(log.origin)) >= 0) {
      return malformed('does not have its logs in order, each once');
    }
    logs.push(log);
  }
  return accept({ ruleset, charter, root, logs });
}

/** Signs an index root by the member's log key. */
export function signIndexRoot(root: IndexRoot, signer: NoteSigner): string {
  return signNote(encodeIndexRoot(root), [signer]);
}

/** Verifies that the member of this log key signed the index root. */
export function verifyIndexRoot(
  noteText: string,
  logKey: VerifierKey,
  crypto: Cryptography,
): Verdict<IndexRoot> {
  const note = verifyNote(noteText, [logKey], crypto);
  return note.verdict === 'accept' ? parseIndexRoot(note.value.text) : note;
}

function parseLogLine(line: string): Checkpoint | undefined {
  const [origin = '', sizeText = '', rootText = '', ...rest] = line.split(' ');
  if (rest.length > 0 || !isKeyName(origin) || origin.length > logOriginCharactersMax) {
    return undefined;
  }
  const size = parseNumber(sizeText);
  const root = parseHash(rootText);
  if (size === undefined || root === undefined) return undefined;
  if (size === 0 && !bytesEqual(root, emptyRoot())) return undefined;
  return { origin, size, root };
}

/** Decimal without leading zeros, at most 2^53 - 1. */
function parseNumber(text: string): number | undefined {
  const value = /^(?:0|[1-9][0-9]{0,15})$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) ? value : undefined;
}

function parseHash(text: string): Uint8Array | undefined {
  const bytes = parseBase64(text);
  return bytes?.length === treeHashBytes ? bytes : undefined;
}

function malformed(found: string): Refusal {
  return reject('index_root_malformed', `index root ${found}`);
}
