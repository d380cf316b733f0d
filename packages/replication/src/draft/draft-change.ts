/**
 * One member's change of the charter draft, signed by its log key, as members exchange and keep it:
 * CBOR map `v` 1, `base` (hash of the charter before), `draft`, `member`, `number` (from 1), `seen`
 * ([member, number] of the last change of each other member that its author had), `statements`
 * ([field, text or null]), `sig`.
 *
 * It is not Automerge's own format, which can say things that this one cannot: a compressed or
 * run-length-coded bomb, another's actor, operation counters of one's choice, predecessors that do
 * not exist. `draft-document.ts` derives all of that from what stands here.
 */
import type { CborValue, Cryptography, NoteSigner, Verdict, VerifierKey } from '@callbook/protocol';
import {
  accept,
  bytesEqual,
  concatBytes,
  encodeCbor,
  isCborMap,
  isDraftStatement,
  membersMax,
  parseCbor,
  reject,
  utf8,
} from '@callbook/protocol';

import { draftChangeBytesMax, draftChangesMax, draftStatementsMax } from '../limits.ts';

/** A field and its new text; null takes back what was drafted for it. */
export type DraftStatement = readonly [field: string, text: string | null];

/** How many changes of a member's were known. */
type SeenChanges = readonly (readonly [memberName: string, count: number])[];

export interface DraftChange {
  /** Hash of the charter that the draft follows, 32 bytes. */
  readonly base: Uint8Array;
  /** 32 bytes. */
  readonly draft: Uint8Array;
  readonly member: string;
  /** From 1, without gaps. */
  readonly number: number;
  /** Other members only, by name; none with 0. */
  readonly seen: SeenChanges;
  /** By field, each once. */
  readonly statements: readonly DraftStatement[];
}

export interface SignedDraftChange extends DraftChange {
  /** As it was received or signed. */
  readonly bytes: Uint8Array;
}

const domain = utf8('callbook/1 draft change\n');
const signatureBytes = 64;

/** Signs by the log key. */
export function signDraftChange(change: DraftChange, signer: NoteSigner): Uint8Array {
  const sig = signer.sign(signedBytes(change));
  return encodeCbor({ ...fieldsOf(change), sig });
}

/** Parses and checks all that one change says by itself, but for who signed it. */
export function parseDraftChange(bytes: Uint8Array): Verdict<SignedDraftChange> {
  if (bytes.length > draftChangeBytesMax) {
    return malformed(`is ${bytes.length} bytes, at most ${draftChangeBytesMax}`);
  }
  const parsed = parseCbor(bytes);
  if (parsed.verdict !== 'accept') return parsed;
  if (!isCborMap(parsed.value)) return malformed('is not a map');
  const { v, base, draft, member, number, seen, statements, sig, ...others } = parsed.value;
  if (v !== 1 || Object.keys(others).length > 0) return malformed('has another version or field');
  if (!isHash(base) || !isHash(draft)) return malformed('lacks the hash of base or draft');
  if (typeof member !== 'string' || !isCount(number)) return malformed('lacks member or number');
  if (!isSeen(seen, member)) return malformed('lacks what its author had seen');
  if (!isStatements(statements)) return malformed('lacks statements, in order, each once');
  if (!(sig instanceof Uint8Array) || sig.length !== signatureBytes) {
    return malformed('lacks a signature');
  }
  return accept({ base, draft, member, number, seen, statements, bytes });
}

/** Verifies that a parsed change is signed by the log key of its member. */
export function verifyDraftChange(
  change: SignedDraftChange,
  logKey: VerifierKey,
  crypto: Cryptography,
): boolean {
  const parsed = parseCbor(change.bytes);
  const map = parsed.verdict === 'accept' && isCborMap(parsed.value) ? parsed.value : {};
  return crypto.ed25519Verify(signedBytes(change), map['sig'] as Uint8Array, logKey.publicKey);
}

/** Tells whether two changes say the same, whatever their signatures. */
export function saySame(a: DraftChange, b: DraftChange): boolean {
  return bytesEqual(signedBytes(a), signedBytes(b));
}

/** What is signed. */
export function signedBytes(change: DraftChange): Uint8Array {
  return concatBytes(domain, encodeCbor(fieldsOf(change)));
}

function fieldsOf(change: DraftChange): { readonly [name: string]: CborValue } {
  const { base, draft, member, number, seen, statements } = change;
  return { v: 1, base, draft, member, number, seen, statements };
}

export function isHash(value: CborValue | undefined): value is Uint8Array {
  return value instanceof Uint8Array && value.length === 32;
}

function isCount(value: CborValue | undefined): value is number {
  return typeof value === 'number' && value >= 1 && value <= draftChangesMax;
}

function isSeen(value: CborValue | undefined, author: string): value is SeenChanges {
  if (!Array.isArray(value) || value.length > membersMax) return false;
  return (value as readonly CborValue[]).every((item, index) => {
    if (!Array.isArray(item) || item.length !== 2) return false;
    const [name, count] = item as readonly CborValue[];
    if (typeof name !== 'string' || name === author || !isCount(count)) return false;
    return index === 0 || (value[index - 1] as readonly [string])[0] < name;
  });
}

function isStatements(value: CborValue | undefined): value is readonly DraftStatement[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > draftStatementsMax)
    return false;
  return (value as readonly CborValue[]).every((item, index) => {
    if (!Array.isArray(item) || item.length !== 2) return false;
    const [field, text] = item as readonly CborValue[];
    if (typeof field !== 'string' || !isDraftStatement(field, '-')) return false;
    if (text !== null && (typeof text !== 'string' || !isDraftStatement(field, text))) return false;
    return index === 0 || (value[index - 1] as readonly [string])[0] < field;
  });
}

function malformed(found: string): Verdict<never> {
  return reject('draft_malformed', `change of the draft ${found}`);
}
