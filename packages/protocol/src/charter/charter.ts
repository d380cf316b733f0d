/**
 * The charter: who the members are and by which parameters everybody folds. Its text is canonical
 * JSON on one line, carried by a signed note. Parsing says that a charter is well formed and agrees
 * with itself; `adoption.ts` says whether it is in force.
 */
import { assert } from '../assert.ts';
import { utf8 } from '../bytes.ts';
import type { Cryptography } from '../crypto/cryptography.ts';
import { charterBytesMax } from '../limits.ts';
import { parseNote } from '../notes/note.ts';
import { reject } from '../verdict.ts';
import type { Verdict } from '../verdict.ts';
import { encodeCanonicalJson, parseCanonicalJson } from './canonical-json.ts';
import { inconsistencyOf } from './charter-consistency.ts';
import { shapedCharter } from './charter-shape.ts';

/** Who the members are, and by which rules. */
export interface Charter {
  /** From 1; each charter is exactly one above the one before. */
  readonly version: number;
  /** Hash of the charter before, lower-case hexadecimal; null in version 1. */
  readonly previous: string | null;
  readonly effectiveAtMs: number;
  readonly expiresAtMs: number;
  readonly labelEpoch: number;
  /** 32 bytes of base64url. */
  readonly vrfPublicKey: string;
  /** Members that may be dishonest: f. */
  readonly faults: number;
  readonly holds: CharterHolds;
  readonly ruleset: { readonly number: number; readonly activatesAtMs: number };
  readonly members: readonly CharterMember[];
  /** Logs as they stood at adoption. */
  readonly logs: readonly CharterLog[];
}

/** How long changes wait, in milliseconds: those of ownership, and of the charter itself. */
export interface CharterHolds {
  readonly recoveryMs: number;
  readonly emailMs: number;
  readonly possessionMs: number;
  readonly lockedMs: number;
  readonly releaseMs: number;
  readonly unlockMs: number;
  readonly emailChangeMs: number;
  readonly theftMs: number;
  /** How long before it takes effect members sign a charter that adds or weakens. */
  readonly noticeMs: number;
}

/** Whether a member takes part, serves only, or is out. */
export type MemberState = 'active' | 'readonly' | 'expelled';

/** A member, as the charter names it. */
export interface CharterMember {
  /** What the member is called everywhere; never changes. */
  readonly name: string;
  readonly organisation: string;
  readonly legalForm: string;
  readonly auditor: string;
  /** YYYY-MM-DD. */
  readonly lastAudit: string;
  /** Verifier keys (algorithm 0x01) that sign charters. */
  readonly governanceKeys: readonly string[];
  /** Verifier key (algorithm 0x01) whose name is the log's origin. */
  readonly logKey: string;
  /** libp2p peer id, base58btc. */
  readonly peerId: string;
  /** Multiaddrs. */
  readonly addresses: readonly string[];
  /** `https://host[:port]`, nothing after. */
  readonly api: string;
  /** Apex of the DNS zone: lower case, no final dot. */
  readonly zone: string;
  /** RDATA of the zone's DS records in presentation form. */
  readonly zoneDs: readonly string[];
  readonly state: MemberState;
  /** Where an expelled member's log ends; there if and only if the state is `expelled`. */
  readonly cutoff?: LogState;
}

/** The size of a log and its root, in base64. */
export interface LogState {
  /** Leaves. */
  readonly size: number;
  /** 32 bytes of base64. */
  readonly root: string;
}

/** Where a log stood when the charter was made. */
export interface CharterLog extends LogState {
  readonly origin: string;
}

/** Parses a charter's signed note; says nothing of who signed it. */
export function parseCharter(noteText: string): Verdict<Charter> {
  const note = parseNote(noteText);
  return note.verdict === 'accept' ? parseCharterText(note.value.text) : note;
}

/** Parses the text that is signed: canonical JSON and one newline. */
export function parseCharterText(text: string): Verdict<Charter> {
  const bytes = text.length > charterBytesMax ? text.length : utf8(text).length;
  if (bytes > charterBytesMax) {
    return reject('charter_too_large', `charter is ${bytes} bytes, at most ${charterBytesMax}`);
  }
  if (!text.endsWith('\n')) return reject('charter_malformed', 'charter does not end in a newline');
  const json = parseCanonicalJson(text.slice(0, -1));
  if (json.verdict !== 'accept') return json;
  const charter = shapedCharter(json.value);
  if (charter.verdict !== 'accept') return charter;
  return inconsistencyOf(charter.value) ?? charter;
}

/** Returns the text to sign; throws for what `parseCharterText` would refuse. */
export function encodeCharter(charter: Charter): string {
  const json = encodeCanonicalJson(charter);
  assert(json !== undefined, 'a charter has integers and well-formed strings');
  const text = `${json}\n`;
  const parsed = parseCharterText(text);
  assert(parsed.verdict === 'accept', parsed.verdict === 'accept' ? '' : parsed.message);
  return text;
}

/** Returns SHA-256 of the note's text, without its signatures, 32 bytes. The note has been parsed. */
export function charterHash(noteText: string, crypto: Cryptography): Uint8Array {
  const note = parseNote(noteText);
  assert(note.verdict === 'accept', 'only a parsed charter has a hash');
  return crypto.sha256(utf8(note.value.text));
}
