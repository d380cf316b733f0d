/**
 * The messages of `/callbook/cosign/1`. Each request is answered by one frame, in order:
 * - `{v: 1, checkpoint, oldSize, proof}` → `{v: 1, cosignature}`, a signature line with its newline;
 *   or `{v: 1, lastSize}`: what was cosigned last, from where the proof should begin;
 * - `{v: 1, agreed}` → `{v: 1}`: a checkpoint that has become agreed;
 * - `{v: 1, root, sizes: [[origin, size], …]}` → `{v: 1, root, agreed: [note, …]}`: the newest index
 *   root of each side, or null, and the agreed checkpoints that are newer than those sizes.
 * Any request may be answered by a refusal.
 */
import type { CborValue, Verdict, WitnessRequest } from '@callbook/protocol';
import { accept, encodeCbor, isCborMap, membersMax, parseCbor, reject } from '@callbook/protocol';

import {
  checkpointBytesMax,
  cosignAnswerBytesMax,
  cosignatureCharactersMax,
  cosignRequestBytesMax,
  cosignStreamsMax,
  proofHashesMax,
} from '../limits.ts';
import { refusalIn } from '../network/refusal-message.ts';
import type { StreamProtocol } from '../network/network.ts';
import type { Cosigned } from './cosigner.ts';

export const cosignProtocol: StreamProtocol = {
  name: '/callbook/cosign/1',
  requestBytesMax: cosignRequestBytesMax,
  answerBytesMax: cosignAnswerBytesMax,
  streamsMax: cosignStreamsMax,
};

/** How far each log is agreed, as one side has it. */
export type AgreedSizes = ReadonlyMap<string, number>;

export type CosignRequest =
  | ({ readonly kind: 'cosign' } & WitnessRequest)
  | { readonly kind: 'agreed'; readonly agreed: string }
  | { readonly kind: 'compare'; readonly root: string | null; readonly sizes: AgreedSizes };

export interface Comparison {
  readonly root: string | null;
  readonly agreed: readonly string[];
}

export function encodeCosignRequest({ checkpoint, oldSize, proof }: WitnessRequest): Uint8Array {
  return encodeCbor({ v: 1, checkpoint, oldSize, proof });
}

export function encodeAgreed(agreed: string): Uint8Array {
  return encodeCbor({ v: 1, agreed });
}

export function encodeCompare(root: string | null, sizes: AgreedSizes): Uint8Array {
  return encodeCbor({ v: 1, root, sizes: [...sizes] });
}

export function encodeCosigned(cosigned: Cosigned): Uint8Array {
  const { line } = cosigned;
  return encodeCbor(
    line === undefined ? { v: 1, lastSize: cosigned.lastSize } : { v: 1, cosignature: line },
  );
}

export function encodeTaken(): Uint8Array {
  return encodeCbor({ v: 1 });
}

export function encodeComparison({ root, agreed }: Comparison): Uint8Array {
  return encodeCbor({ v: 1, root, agreed });
}

export function parseCosignRequest(bytes: Uint8Array): Verdict<CosignRequest> {
  const map = parseMap(bytes);
  if (map.verdict !== 'accept') return map;
  const { v, ...fields } = map.value;
  const names = Object.keys(fields).sort().join(' ');
  if (v !== 1) return malformed('has another version than 1');
  if (names === 'agreed') {
    const { agreed } = fields;
    return isNote(agreed) ? accept({ kind: 'agreed', agreed }) : malformed('lacks a note');
  }
  if (names === 'root sizes') return parseCompare(fields);
  if (names !== 'checkpoint oldSize proof') return malformed('has other fields');
  const { checkpoint, oldSize, proof } = fields;
  if (!isNote(checkpoint)) return malformed('lacks a checkpoint');
  if (!isSize(oldSize)) return malformed('lacks an old size');
  if (!Array.isArray(proof) || proof.length > proofHashesMax) return malformed('lacks a proof');
  const hashes = (proof as readonly CborValue[]).filter((hash) => hash instanceof Uint8Array);
  return hashes.length === proof.length
    ? accept({ kind: 'cosign', checkpoint, oldSize, proof: hashes })
    : malformed('has a proof of other things than hashes');
}

function parseCompare({ root, sizes }: { [name: string]: CborValue }): Verdict<CosignRequest> {
  if (!isNoteOrNull(root)) return malformed('lacks a root or null');
  if (!Array.isArray(sizes) || sizes.length > membersMax) return malformed('lacks sizes');
  const parsed = new Map<string, number>();
  for (const item of sizes as readonly CborValue[]) {
    const [origin, size, ...rest] = Array.isArray(item) ? (item as readonly CborValue[]) : [];
    if (typeof origin !== 'string' || !isSize(size) || rest.length > 0) {
      return malformed('has a size that is not a pair of origin and number');
    }
    parsed.set(origin, size);
  }
  return accept({ kind: 'compare', root, sizes: parsed });
}

/** Parses the answer to a checkpoint. */
export function parseCosigned(bytes: Uint8Array): Verdict<Cosigned> {
  const map = parseMap(bytes);
  if (map.verdict !== 'accept') return map;
  const { v, cosignature, lastSize, ...others } = map.value;
  if (v !== 1 || Object.keys(others).length > 0) return malformed('has other fields');
  if (cosignature === undefined && isSize(lastSize)) return accept({ lastSize });
  return lastSize === undefined &&
    typeof cosignature === 'string' &&
    cosignature.length <= cosignatureCharactersMax
    ? accept({ line: cosignature })
    : malformed('lacks a cosignature or a size');
}

export function parseComparison(bytes: Uint8Array): Verdict<Comparison> {
  const map = parseMap(bytes);
  if (map.verdict !== 'accept') return map;
  const { v, root, agreed, ...others } = map.value;
  if (v !== 1 || Object.keys(others).length > 0) return malformed('has other fields');
  if (!isNoteOrNull(root)) return malformed('lacks a root or null');
  if (!Array.isArray(agreed) || agreed.length > membersMax) return malformed('lacks notes');
  const notes = (agreed as readonly CborValue[]).filter(isNote);
  return notes.length === agreed.length
    ? accept({ root, agreed: notes })
    : malformed('has an agreed checkpoint that is no note');
}

function parseMap(bytes: Uint8Array): Verdict<{ [name: string]: CborValue }> {
  const parsed = parseCbor(bytes);
  if (parsed.verdict !== 'accept') return parsed;
  const refusal = refusalIn(parsed.value);
  if (refusal !== undefined) return refusal;
  return isCborMap(parsed.value) ? accept({ ...parsed.value }) : malformed('is not a map');
}

function isNote(value: CborValue | undefined): value is string {
  return typeof value === 'string' && value.length <= checkpointBytesMax;
}

function isNoteOrNull(value: CborValue | undefined): value is string | null {
  return value === null || isNote(value);
}

function isSize(value: CborValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function malformed(found: string): Verdict<never> {
  return reject('request_malformed', `cosign message ${found}`);
}
