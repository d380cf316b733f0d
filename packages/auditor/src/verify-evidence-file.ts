/**
 * Judges a file of evidence against the charters, offline: the evidence of docs/spec/evidence.md, which
 * convicts; and what an auditor has written down of what it was served, which shows that the bytes do
 * not fit what the log has signed, or which charters and checkpoints are genuine, and leaves who served
 * them to that auditor's word.
 */
import {
  accept,
  leafHash,
  parseEntryBundle,
  parseLeaf,
  parseTilePath,
  reject,
  verifyCheckpoint,
  verifyEvidence,
  verifyInclusion,
  verifyIndexRoot,
} from '@callbook/protocol';
import type { CharterSet, Checkpoint, Cryptography, Verdict } from '@callbook/protocol';
import { auditedMembers } from './sync/member-files.ts';
import type { AuditedMember } from './sync/member-files.ts';
import { verifyCharterFile } from './verify-charter-file.ts';

export interface JudgedEvidence {
  readonly kind: string;
  /** Members whose own signatures prove it. */
  readonly convicts: readonly string[];
  /** Members of whom one is wrong; a replay tells which. */
  readonly disputed: readonly string[];
  /** Leaf and log that it is about, where it is about one. */
  readonly log?: string;
  readonly index?: number;
  /** What has to be believed of whoever made the file; empty where nothing has. */
  readonly onWord: string;
}

/** Verifies a file. Codes: those of `verifyEvidence`, of checkpoints and receipts. */
export function verifyEvidenceFile(
  bytes: Uint8Array,
  charters: CharterSet,
  crypto: Cryptography,
): Verdict<JudgedEvidence> {
  const members = auditedMembers(charters.current.charter);
  const nameOf = (origin: string): string =>
    members.find((member) => member.origin === origin)?.name ?? origin;
  const text = bytes[0] === braceByte ? parseJson(bytes) : undefined;
  if (text !== undefined) return judgeWritten(text, members, crypto);
  // A signed charter is JSON with signatures below it.
  if (bytes[0] === braceByte) {
    return verifyCharterFile(new TextDecoder().decode(bytes), charters, crypto);
  }
  if (isNote(bytes)) return judgeRoot(new TextDecoder().decode(bytes), members, crypto);
  const proven = verifyEvidence(bytes, charters, crypto);
  if (proven.verdict !== 'accept') return proven;
  const { kind, origins, disputed } = proven.value;
  const convicts = origins.map(nameOf);
  return accept({ kind, convicts, disputed: disputed.map(nameOf), onWord: '' });
}

const braceByte = 0x7b;
const rootHead = 'callbook/1 index\n';

function isNote(bytes: Uint8Array): boolean {
  return new TextDecoder().decode(bytes.subarray(0, rootHead.length)) === rootHead;
}

/** A signed root is genuine or not; whether it is right takes the logs. */
function judgeRoot(
  note: string,
  members: readonly AuditedMember[],
  crypto: Cryptography,
): Verdict<JudgedEvidence> {
  for (const { name, logKey } of members) {
    if (verifyIndexRoot(note, logKey, crypto).verdict !== 'accept') continue;
    const onWord = 'that a replay of the logs gives another root: replay them';
    return accept({ kind: 'index_root', convicts: [], disputed: [name], onWord });
  }
  return reject('note_signature_missing', 'no member of the charter has signed the index root');
}

type Written = Readonly<Record<string, unknown>>;

function parseJson(bytes: Uint8Array): Written | undefined {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as Written;
  } catch {
    return undefined;
  }
}

function judgeWritten(
  written: Written,
  members: readonly AuditedMember[],
  crypto: Cryptography,
): Verdict<JudgedEvidence> {
  const { kind, log, index, checkpoint: note, proof } = written;
  const member = members.find(({ origin }) => origin === log);
  if (member === undefined) return reject('log_unknown', 'the charter names no such log');
  if (typeof note !== 'string' || typeof index !== 'number') return malformed();
  const checkpoint = verifyCheckpoint(note, member.logKey, crypto);
  if (checkpoint.verdict !== 'accept') return checkpoint;
  const hashes = hexList(proof);
  if (hashes === undefined) return malformed();
  const place = { log: member.origin, index, checkpoint: checkpoint.value, proof: hashes };
  if (kind === 'served_instead') return judgeServed(written, place, crypto);
  if (kind === 'leaf_from_future') return judgeFuture(written, { ...place, member }, crypto);
  if (kind === 'checkpoint_went_back') return judgeLoss(written, { ...place, member }, crypto);
  return malformed();
}

interface Place {
  readonly log: string;
  readonly index: number;
  readonly checkpoint: Checkpoint;
  readonly proof: readonly Uint8Array[];
}

function judgeServed(
  written: Written,
  place: Place,
  crypto: Cryptography,
): Verdict<JudgedEvidence> {
  const { member, served, tile, leafHash: signed } = written;
  const bytes = typeof served === 'string' ? bytesIn(served, Uint8Array.fromBase64) : undefined;
  const hash = typeof signed === 'string' ? bytesIn(signed, Uint8Array.fromHex) : undefined;
  const coordinates = parseTilePath(typeof tile === 'string' ? tile : '');
  if (typeof member !== 'string' || bytes === undefined || hash === undefined) return malformed();
  if (coordinates.verdict !== 'accept') return coordinates;
  if (!isIncluded(hash, place, crypto)) return notIncluded();
  const { level } = coordinates.value;
  const fits =
    level === 'entries' ? hasLeaf(bytes, hash, { place, crypto }) : hasHash(bytes, hash, place);
  if (fits && level === 'entries') {
    return reject('evidence_unproven', 'the leaf that was served is the one that is signed');
  }
  const onWord = `that ${member} served these bytes`;
  const { log, index } = place;
  return accept({ kind: 'served_instead', convicts: [], disputed: [], log, index, onWord });
}

function hasLeaf(
  bytes: Uint8Array,
  hash: Uint8Array,
  { place, crypto }: { readonly place: Place; readonly crypto: Cryptography },
): boolean {
  const leaves = parseEntryBundle(bytes);
  if (leaves.verdict !== 'accept') return false;
  const leaf = leaves.value[place.index % 256];
  return leaf !== undefined && Buffer.compare(leafHash(leaf, crypto), hash) === 0;
}

function hasHash(bytes: Uint8Array, hash: Uint8Array, { index }: Place): boolean {
  const start = (index % 256) * 32;
  return Buffer.compare(bytes.subarray(start, start + 32), hash) === 0;
}

function judgeFuture(
  { leaf: hex }: Written,
  place: Place & { readonly member: AuditedMember },
  crypto: Cryptography,
): Verdict<JudgedEvidence> {
  const bytes = typeof hex === 'string' ? bytesIn(hex, Uint8Array.fromHex) : undefined;
  if (bytes === undefined) return malformed();
  if (!isIncluded(leafHash(bytes, crypto), place, crypto)) return notIncluded();
  const leaf = parseLeaf(bytes);
  if (leaf.verdict !== 'accept') return leaf;
  const onWord = `that it was seen before ${new Date(leaf.value.at).toISOString()}`;
  const { log, index, member } = place;
  return accept({
    kind: 'leaf_from_future',
    convicts: [],
    disputed: [member.name],
    log,
    index,
    onWord,
  });
}

/** Both are signed; that the smaller one was given last is somebody's word. */
function judgeLoss(
  { smaller: note }: Written,
  { member, log, index, checkpoint }: Place & { readonly member: AuditedMember },
  crypto: Cryptography,
): Verdict<JudgedEvidence> {
  const smaller = verifyCheckpoint(typeof note === 'string' ? note : '', member.logKey, crypto);
  if (smaller.verdict !== 'accept') return smaller;
  const { size } = smaller.value;
  if (size >= checkpoint.size || size !== index) {
    return reject('evidence_unproven', 'the checkpoint that was given later is not the smaller');
  }
  const onWord = `that the checkpoint of ${size} leaves was given after that of ${checkpoint.size}`;
  const disputed = [member.name];
  return accept({ kind: 'checkpoint_went_back', convicts: [], disputed, log, index, onWord });
}

function isIncluded(hash: Uint8Array, place: Place, crypto: Cryptography): boolean {
  const { index, proof, checkpoint } = place;
  const { size: treeSize, root } = checkpoint;
  return verifyInclusion({ leafHash: hash, index, treeSize, proof, root }, crypto);
}

function hexList(value: unknown): Uint8Array[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const hashes = value.map((one) =>
    typeof one === 'string' ? bytesIn(one, Uint8Array.fromHex) : undefined,
  );
  const known = hashes.filter((hash) => hash !== undefined);
  return known.length === hashes.length ? known : undefined;
}

function bytesIn(text: string, parse: (text: string) => Uint8Array): Uint8Array | undefined {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

function malformed(): Verdict<never> {
  return reject('evidence_malformed', 'the file lacks a field, or has one of the wrong type');
}

function notIncluded(): Verdict<never> {
  return reject('receipt_proof_invalid', 'the proof does not lead to the root of the checkpoint');
}
