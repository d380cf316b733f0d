/**
 * The messages of `/callbook/evidence/1`. Each request is answered by one frame, in order:
 * - `{v: 1, want: 'keep', evidence}` → `{v: 1, kept: true}`: the member has verified and keeps it, or
 *   had proof of as much already;
 * - `{v: 1, want: 'branch', origin, size}` → `{v: 1, index, checkpoint, leafHash, proof}`: the last leaf
 *   that a branch of `size` leaves and the member's own branch of that log must have in common.
 * Any request may be answered by a refusal.
 */
import type { CborValue, Verdict } from '@callbook/protocol';
import {
  accept,
  encodeCbor,
  evidenceBytesMax,
  isCborMap,
  logOriginCharactersMax,
  parseCbor,
  reject,
} from '@callbook/protocol';

import {
  checkpointBytesMax,
  evidenceAnswerBytesMax,
  evidenceRequestBytesMax,
  evidenceStreamsMax,
  proofHashesMax,
} from '../limits.ts';
import type { StreamProtocol } from '../network/network.ts';
import { refusalIn } from '../network/refusal-message.ts';
import type { BranchLeaf, Inquiry } from './fork-watch.ts';

export const evidenceProtocol: StreamProtocol = {
  name: '/callbook/evidence/1',
  requestBytesMax: evidenceRequestBytesMax,
  answerBytesMax: evidenceAnswerBytesMax,
  streamsMax: evidenceStreamsMax,
};

export type EvidenceRequest =
  | { readonly want: 'keep'; readonly evidence: Uint8Array }
  | ({ readonly want: 'branch' } & Inquiry);

export function encodeEvidenceRequest(request: EvidenceRequest): Uint8Array {
  return encodeCbor({ v: 1, ...request });
}

export function parseEvidenceRequest(bytes: Uint8Array): Verdict<EvidenceRequest> {
  const parsed = parseCbor(bytes);
  if (parsed.verdict !== 'accept') return parsed;
  if (!isCborMap(parsed.value)) return malformed('is not a map');
  const { v, want, evidence, origin, size, ...others } = parsed.value;
  if (v !== 1 || Object.keys(others).length > 0) return malformed('has another version or field');
  if (want === 'keep' && origin === undefined && size === undefined) {
    return evidence instanceof Uint8Array && evidence.length <= evidenceBytesMax
      ? accept({ want, evidence })
      : malformed(`lacks evidence of at most ${evidenceBytesMax} bytes`);
  }
  if (want !== 'branch' || evidence !== undefined) return malformed('wants something unknown');
  if (typeof origin !== 'string' || origin.length > logOriginCharactersMax) {
    return malformed('lacks an origin');
  }
  if (typeof size !== 'number' || size < 1) return malformed('lacks a size');
  return accept({ want, origin, size });
}

export function encodeKept(): Uint8Array {
  return encodeCbor({ v: 1, kept: true });
}

/** Parses the answer to `keep`: accepted when the member keeps it. */
export function parseKept(bytes: Uint8Array): Verdict<true> {
  const parsed = parseCbor(bytes);
  if (parsed.verdict !== 'accept') return parsed;
  const refusal = refusalIn(parsed.value);
  if (refusal !== undefined) return refusal;
  if (!isCborMap(parsed.value)) return malformed('is not a map');
  const { v, kept, ...others } = parsed.value;
  return v === 1 && kept === true && Object.keys(others).length === 0
    ? accept(true)
    : malformed('has other fields');
}

export function encodeBranchLeaf({ index, checkpoint, leafHash, proof }: BranchLeaf): Uint8Array {
  return encodeCbor({ v: 1, index, checkpoint, leafHash, proof });
}

export function parseBranchLeaf(bytes: Uint8Array): Verdict<BranchLeaf> {
  const parsed = parseCbor(bytes);
  if (parsed.verdict !== 'accept') return parsed;
  const refusal = refusalIn(parsed.value);
  if (refusal !== undefined) return refusal;
  if (!isCborMap(parsed.value)) return malformed('is not a map');
  const { v, index, checkpoint, leafHash, proof, ...others } = parsed.value;
  if (v !== 1 || Object.keys(others).length > 0) return malformed('has another version or field');
  if (typeof index !== 'number' || index < 0) return malformed('lacks an index');
  if (typeof checkpoint !== 'string' || checkpoint.length > checkpointBytesMax) {
    return malformed('lacks a checkpoint');
  }
  if (!isHash(leafHash)) return malformed('lacks a leaf hash');
  if (!Array.isArray(proof) || proof.length > proofHashesMax) return malformed('lacks a proof');
  const hashes = proof.filter(isHash);
  return hashes.length === proof.length
    ? accept({ index, checkpoint, leafHash, proof: hashes })
    : malformed('has a proof with something else in it');
}

function isHash(value: CborValue | undefined): value is Uint8Array {
  return value instanceof Uint8Array && value.length === 32;
}

function malformed(found: string): Verdict<never> {
  return reject('request_malformed', `evidence message ${found}`);
}
