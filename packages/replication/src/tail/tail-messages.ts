/**
 * The messages of `/callbook/tail/1`. Each request is answered by one frame, in order:
 * - `{v: 1, want: 'checkpoints'}` → `{v: 1, checkpoints: [[origin, note], …]}`: the newest of each log;
 * - `{v: 1, want: 'leaves', origin, first}` → a batch, the page that begins at `first`;
 * - `{v: 1, want: 'leaves', origin}` → the page after the last one sent on this stream;
 * - either with `until`: the page ends there at the latest.
 * A request is the reader's credit for one page; at most four may be open. A page without leaves says
 * that there are no more. Any request may be answered by a refusal.
 */
import type { CborValue, Verdict } from '@callbook/protocol';
import { accept, encodeCbor, isCborMap, membersMax, parseCbor, reject } from '@callbook/protocol';

import {
  checkpointBytesMax,
  pageFrameBytesMax,
  tailRequestBytesMax,
  tailStreamsMax,
} from '../limits.ts';
import { refusalIn } from '../network/refusal-message.ts';
import type { StreamProtocol } from '../network/network.ts';

export const tailProtocol: StreamProtocol = {
  name: '/callbook/tail/1',
  requestBytesMax: tailRequestBytesMax,
  answerBytesMax: pageFrameBytesMax,
  streamsMax: tailStreamsMax,
};

export type TailRequest =
  | { readonly want: 'checkpoints' }
  | {
      readonly want: 'leaves';
      readonly origin: string;
      readonly first?: number;
      readonly until?: number;
    };

export function encodeTailRequest(request: TailRequest): Uint8Array {
  return encodeCbor({ v: 1, ...request });
}

export function parseTailRequest(bytes: Uint8Array): Verdict<TailRequest> {
  const parsed = parseCbor(bytes);
  if (parsed.verdict !== 'accept') return parsed;
  if (!isCborMap(parsed.value)) return malformed('is not a map');
  const { v, want, origin, first, until, ...others } = parsed.value;
  if (v !== 1 || Object.keys(others).length > 0) return malformed('has another version or field');
  const names = [origin, first, until];
  if (want === 'checkpoints' && names.every((name) => name === undefined)) return accept({ want });
  if (want !== 'leaves' || typeof origin !== 'string') return malformed('wants something unknown');
  if (!isIndex(first) || !isIndex(until)) return malformed('has no index as first or until');
  return accept({
    want,
    origin,
    ...(first !== undefined && { first }),
    ...(until !== undefined && { until }),
  });
}

function isIndex(value: CborValue | undefined): value is number | undefined {
  return value === undefined || (typeof value === 'number' && value >= 0);
}

/** A log's origin and its newest signed checkpoint. */
export type NamedCheckpoint = readonly [origin: string, note: string];

export function encodeCheckpoints(checkpoints: readonly NamedCheckpoint[]): Uint8Array {
  return encodeCbor({ v: 1, checkpoints });
}

export function parseCheckpoints(bytes: Uint8Array): Verdict<readonly NamedCheckpoint[]> {
  const parsed = parseCbor(bytes);
  if (parsed.verdict !== 'accept') return parsed;
  const refusal = refusalIn(parsed.value);
  if (refusal !== undefined) return refusal;
  if (!isCborMap(parsed.value)) return malformed('is not a map');
  const { v, checkpoints, ...others } = parsed.value;
  const isList = Array.isArray(checkpoints) && checkpoints.length <= membersMax;
  if (v !== 1 || Object.keys(others).length > 0 || !isList) return malformed('has other fields');
  return (checkpoints as readonly CborValue[]).every(isNamedCheckpoint)
    ? accept(checkpoints as unknown as readonly NamedCheckpoint[])
    : malformed('has a checkpoint that is not a pair of texts');
}

function isNamedCheckpoint(value: CborValue): boolean {
  if (!Array.isArray(value) || value.length !== 2) return false;
  return value.every((text) => typeof text === 'string' && text.length <= checkpointBytesMax);
}

function malformed(found: string): Verdict<never> {
  return reject('request_malformed', `tail message ${found}`);
}
