/**
 * Evidence: signed statements that no honest member can have made, put together so that anybody who
 * has the charters can check them, offline and without trusting who hands them over. One format,
 * deterministic CBOR `{v, kind, …}`. Parsing says that the form is right; `verify-evidence.ts` says
 * whether it proves anything. Statements about leaves are receipts: leaf, proof and signed checkpoint.
 */
import { encodeCbor, isCborMap, parseCbor } from '../cbor.ts';
import type { CborValue } from '../cbor.ts';
import {
  evidenceBytesMax,
  evidenceLeavesMax,
  leafBytesMax,
  logOriginCharactersMax,
  proofHashesMax,
  receiptCheckpointCharactersMax,
} from '../limits.ts';
import { areTreeHashes, treeHashBytes } from '../merkle/tree-hash.ts';
import type { Receipt } from '../receipt.ts';
import { accept, reject } from '../verdict.ts';
import type { Refusal, Verdict } from '../verdict.ts';
import { dnsAnswerFields, dnsAnswerOf } from './dns-answer-form.ts';
import type { DnsAnswerEvidence } from './dns-answer-form.ts';

/** What can be proven against a log; docs/spec/evidence.md has a section for each. */
export type EvidenceKind = Evidence['kind'];

/** Kinds in which one log's own leaves contradict each other. */
export type PairKind = 'time_back' | 'same_slot' | 'commit_vetoed';

/** Kinds that hold one leaf of the accused against leaves in several logs. */
export type CrossKind = 'commit_early' | 'witness_alone';

/** What convicts a log. */
export type Evidence =
  | DnsAnswerEvidence
  | { readonly kind: 'two_roots'; readonly checkpoints: readonly [string, string] }
  | {
      readonly kind: 'fork';
      /** Leaf that both trees have, 0-based. */
      readonly index: number;
      readonly sides: readonly [ForkSide, ForkSide];
    }
  | { readonly kind: PairKind; readonly leaves: readonly [Receipt, Receipt] }
  | { readonly kind: CrossKind; readonly leaves: readonly [Receipt, ...Receipt[]] }
  | {
      readonly kind: 'index_roots';
      /** Logs of the two signers, or of the one that signed both. */
      readonly origins: readonly [string, string];
      /** Signed notes. */
      readonly roots: readonly [string, string];
    };

/** What a log signed of one leaf: the proof leads from the leaf's hash to the checkpoint's root. */
export interface ForkSide {
  /** The signed note, cosignatures included. */
  readonly checkpoint: string;
  /** 32 bytes. */
  readonly leafHash: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/** Encodes evidence; does not check it. */
export function encodeEvidence(evidence: Evidence): Uint8Array {
  switch (evidence.kind) {
    case 'two_roots':
    case 'index_roots':
      return encodeCbor({ v: 1, ...evidence });
    case 'fork': {
      const sides = evidence.sides.map((side) => ({ ...side }));
      return encodeCbor({ v: 1, ...evidence, sides });
    }
    case 'time_back':
    case 'same_slot':
    case 'commit_vetoed':
    case 'commit_early':
    case 'witness_alone':
      return encodeCbor({ v: 1, kind: evidence.kind, leaves: evidence.leaves.map(receiptMap) });
    case 'dns_answer':
      return encodeCbor({ v: 1, ...dnsAnswerFields(evidence) });
  }
}

function receiptMap({ origin, index, leaf, checkpoint, proof }: Receipt): CborValue {
  return { origin, index, leaf, checkpoint, proof };
}

/** Parses evidence; codes `evidence_too_large`, `cbor_malformed`, `evidence_malformed`. */
export function parseEvidence(bytes: Uint8Array): Verdict<Evidence> {
  if (bytes.length > evidenceBytesMax) {
    const found = `evidence is ${bytes.length} bytes, at most ${evidenceBytesMax}`;
    return reject('evidence_too_large', found);
  }
  const parsed = parseCbor(bytes);
  if (parsed.verdict !== 'accept') return parsed;
  if (!isCborMap(parsed.value)) return malformed('is not a map');
  const { v, kind, ...fields } = parsed.value;
  if (v !== 1) return malformed('has another version than 1');
  if (typeof kind !== 'string') return malformed('has no kind');
  const evidence = evidenceOf(kind, fields);
  return typeof evidence === 'string' ? malformed(evidence) : accept(evidence);
}

type Fields = { readonly [name: string]: CborValue };

/** Returns the evidence, or what is wrong with it. */
function evidenceOf(kind: string, fields: Fields): Evidence | string {
  switch (kind) {
    case 'two_roots':
      return twoRootsOf(fields);
    case 'fork':
      return forkOf(fields);
    case 'time_back':
    case 'same_slot':
    case 'commit_vetoed':
      return pairOf(kind, fields);
    case 'commit_early':
    case 'witness_alone':
      return crossOf(kind, fields);
    case 'index_roots':
      return indexRootsOf(fields);
    case 'dns_answer':
      return dnsAnswerOf(fields);
    default:
      return 'is of an unknown kind';
  }
}

function twoRootsOf(fields: Fields): Evidence | string {
  const { checkpoints, ...others } = fields;
  const notes = pairOfTexts(checkpoints, receiptCheckpointCharactersMax);
  return notes === undefined || hasMore(others)
    ? 'does not have two checkpoints and nothing else'
    : { kind: 'two_roots', checkpoints: notes };
}

function forkOf(fields: Fields): Evidence | string {
  const { index, sides, ...others } = fields;
  if (!isIndex(index) || hasMore(others)) return 'does not have an index, two sides and no more';
  const [first, second, ...rest] = Array.isArray(sides) ? (sides as CborValue[]).map(sideOf) : [];
  return first === undefined || second === undefined || rest.length > 0
    ? 'does not have two sides, each of checkpoint, leafHash and proof'
    : { kind: 'fork', index, sides: [first, second] };
}

function pairOf(kind: PairKind, fields: Fields): Evidence | string {
  const leaves = receiptsOf(fields);
  const [first, second, ...rest] = leaves ?? [];
  return first === undefined || second === undefined || rest.length > 0
    ? 'does not have two leaves, each as a receipt'
    : { kind, leaves: [first, second] };
}

function crossOf(kind: CrossKind, fields: Fields): Evidence | string {
  const [first, ...rest] = receiptsOf(fields) ?? [];
  return first === undefined
    ? `does not have 1 to ${evidenceLeavesMax} leaves, each as a receipt`
    : { kind, leaves: [first, ...rest] };
}

function indexRootsOf(fields: Fields): Evidence | string {
  const { origins, roots, ...others } = fields;
  const signers = pairOfTexts(origins, logOriginCharactersMax);
  const notes = pairOfTexts(roots, receiptCheckpointCharactersMax);
  return signers === undefined || notes === undefined || hasMore(others)
    ? 'does not have two origins, two index roots and nothing else'
    : { kind: 'index_roots', origins: signers, roots: notes };
}

function receiptsOf({ leaves, ...others }: Fields): Receipt[] | undefined {
  if (hasMore(others) || !Array.isArray(leaves) || leaves.length > evidenceLeavesMax) {
    return undefined;
  }
  const receipts = (leaves as CborValue[]).map(receiptOf).filter((one) => one !== undefined);
  return receipts.length === leaves.length ? receipts : undefined;
}

function receiptOf(value: CborValue): Receipt | undefined {
  if (!isCborMap(value)) return undefined;
  const { origin, index, leaf, checkpoint, proof, ...others } = value;
  if (hasMore(others) || !isText(origin, logOriginCharactersMax) || !isIndex(index)) {
    return undefined;
  }
  if (!isText(checkpoint, receiptCheckpointCharactersMax) || !isProof(proof)) return undefined;
  if (!(leaf instanceof Uint8Array) || leaf.length > leafBytesMax) return undefined;
  return { origin, index, leaf, checkpoint, proof };
}

function sideOf(value: CborValue): ForkSide | undefined {
  if (!isCborMap(value)) return undefined;
  const { checkpoint, leafHash, proof, ...others } = value;
  if (hasMore(others) || !isText(checkpoint, receiptCheckpointCharactersMax)) return undefined;
  if (!(leafHash instanceof Uint8Array) || leafHash.length !== treeHashBytes) return undefined;
  return isProof(proof) ? { checkpoint, leafHash, proof } : undefined;
}

function hasMore(others: Fields): boolean {
  return Object.keys(others).length > 0;
}

function isIndex(value: CborValue | undefined): value is number {
  return typeof value === 'number' && value >= 0;
}

function isText(value: CborValue | undefined, charactersMax: number): value is string {
  return typeof value === 'string' && value.length <= charactersMax;
}

function isProof(value: CborValue | undefined): value is readonly Uint8Array[] {
  if (!Array.isArray(value) || value.length > proofHashesMax) return false;
  const hashes = value.filter((hash) => hash instanceof Uint8Array);
  return hashes.length === value.length && areTreeHashes(hashes);
}

function pairOfTexts(
  value: CborValue | undefined,
  charactersMax: number,
): readonly [string, string] | undefined {
  if (!Array.isArray(value) || value.length !== 2) return undefined;
  const [first, second] = value as readonly CborValue[];
  if (!isText(first, charactersMax) || !isText(second, charactersMax)) return undefined;
  return [first, second];
}

function malformed(found: string): Refusal {
  return reject('evidence_malformed', `evidence ${found}`);
}
