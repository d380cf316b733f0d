/**
 * The body of C2SP tlog-witness `add-checkpoint`: the size that the witness cosigned last, a
 * consistency proof from there, and the checkpoint's note. Strict: each body has one spelling.
 */
import { assert } from './assert.ts';
import { parseBase64 } from './base64.ts';
import { receiptCheckpointCharactersMax, witnessProofHashesMax } from './limits.ts';
import { treeHashBytes } from './merkle/tree-hash.ts';
import { accept, reject } from './verdict.ts';
import type { Refusal, Verdict } from './verdict.ts';

/** What a member is asked to cosign (C2SP tlog-witness). */
export interface WitnessRequest {
  /** Leaves of the tree that the proof begins at. */
  readonly oldSize: number;
  /** Each 32 bytes. */
  readonly proof: readonly Uint8Array[];
  /** The checkpoint's signed note; not parsed yet. */
  readonly checkpoint: string;
}

/** Returns the body. */
export function encodeWitnessRequest({ oldSize, proof, checkpoint }: WitnessRequest): string {
  assert(Number.isSafeInteger(oldSize) && oldSize >= 0, 'a size is a safe integer');
  // "The client MUST NOT send more than 63 consistency proof lines."
  assert(proof.length <= witnessProofHashesMax, 'a proof has at most 63 hashes');
  const lines = [`old ${oldSize}`, ...proof.map((hash) => hash.toBase64())];
  return `${lines.join('\n')}\n\n${checkpoint}`;
}

/** Parses a body; says nothing of the checkpoint in it. Code `witness_request_malformed`. */
export function parseWitnessRequest(body: string): Verdict<WitnessRequest> {
  // "an old size line, zero or more consistency proof lines, and an empty line, followed by a
  // checkpoint"
  const end = body.indexOf('\n\n');
  if (end < 0) return malformed('has no empty line');
  const [first = '', ...hashes] = body.slice(0, end).split('\n');
  // "no leading zeroes (unless the size is zero, in which case the encoding MUST be `0`)"
  const [, digits] = /^old (0|[1-9][0-9]{0,15})$/.exec(first) ?? [];
  const oldSize = digits === undefined ? Number.NaN : Number(digits);
  if (!Number.isSafeInteger(oldSize)) return malformed('does not begin with an old size');
  if (hashes.length > witnessProofHashesMax) {
    return malformed(`has ${hashes.length} proof lines, at most ${witnessProofHashesMax}`);
  }
  const proof = hashes.map(parseBase64).filter((hash) => hash?.length === treeHashBytes);
  if (proof.length !== hashes.length) return malformed('has a proof line that is not 32 bytes');
  const checkpoint = body.slice(end + 2);
  if (checkpoint.length > receiptCheckpointCharactersMax) {
    return malformed(
      `has a checkpoint of ${checkpoint.length} characters, at most ${receiptCheckpointCharactersMax}`,
    );
  }
  return accept({ oldSize, proof: proof as Uint8Array[], checkpoint });
}

function malformed(found: string): Refusal {
  return reject('witness_request_malformed', `witness request ${found}`);
}
