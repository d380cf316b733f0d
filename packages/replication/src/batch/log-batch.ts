/**
 * A stretch of one log as it travels between members: by gossip, by tail, from the origin or from a
 * mirror. It carries its own proof: the leaves extend the reader's frontier to a root that the signed
 * checkpoint has, or provably grew from. A batch without leaves announces a checkpoint.
 *
 * CBOR map: `v` 1, `origin`, `first` (index of the first leaf), `leaves`, `payloads` (as many: null,
 * or [opening, payload]), `checkpoint` (signed note), `proof` (consistency of the size after the
 * leaves with the checkpoint; empty when they are equal).
 */
import type { CborValue, Verdict } from '@callbook/protocol';
import {
  accept,
  encodeCbor,
  isCborMap,
  leafBytesMax,
  parseCbor,
  payloadBytesMax,
  reject,
} from '@callbook/protocol';

import { checkpointBytesMax, pageEntriesMax, proofHashesMax } from '../limits.ts';
import type { OpenedPayload } from '../view/payload-check.ts';

export interface LogBatch {
  readonly origin: string;
  /** Index of the first leaf. */
  readonly first: number;
  readonly leaves: readonly Uint8Array[];
  /** For each leaf the payload of its entry, or null where the sender has none. */
  readonly payloads: readonly (OpenedPayload | null)[];
  /** The signed note. */
  readonly checkpoint: string;
  /** From the size after the leaves to the checkpoint's. */
  readonly proof: readonly Uint8Array[];
}

export function encodeLogBatch(batch: LogBatch): Uint8Array {
  return encodeCbor({ v: 1, ...logBatchMap(batch) });
}

function logBatchMap(batch: LogBatch): { readonly [name: string]: CborValue } {
  const { origin, first, leaves, checkpoint, proof } = batch;
  const payloads = batch.payloads.map((opened) =>
    opened === null ? null : [opened.opening, opened.payload],
  );
  return { origin, first, leaves, payloads, checkpoint, proof };
}

/** Parses a batch's form; whether it extends the log is for `log-intake.ts`. Code `batch_malformed`. */
export function parseLogBatch(bytes: Uint8Array): Verdict<LogBatch> {
  const parsed = parseCbor(bytes);
  if (parsed.verdict !== 'accept') return parsed;
  const map = parsed.value;
  if (!isCborMap(map) || Object.keys(map).length !== 7)
    return malformed('is not a map of 7 fields');
  const { v, origin, first, leaves, payloads, checkpoint, proof } = map;
  if (v !== 1) return malformed('has another version than 1');
  if (typeof origin !== 'string') return malformed('lacks an origin');
  if (typeof first !== 'number' || first < 0) return malformed('lacks a first index');
  if (typeof checkpoint !== 'string' || checkpoint.length > checkpointBytesMax) {
    return malformed(`lacks a checkpoint of at most ${checkpointBytesMax} characters`);
  }
  if (!isListOfBytes(leaves, { countMax: pageEntriesMax, sizeMax: leafBytesMax })) {
    return malformed(`lacks at most ${pageEntriesMax} leaves of at most ${leafBytesMax} bytes`);
  }
  if (!isListOfBytes(proof, { countMax: proofHashesMax, sizeMax: 32 })) {
    return malformed(`lacks a proof of at most ${proofHashesMax} hashes`);
  }
  const opened = parsePayloads(payloads);
  if (opened?.length !== leaves.length) return malformed('lacks one payload or null for each leaf');
  return accept({ origin, first, leaves, payloads: opened, checkpoint, proof });
}

function isListOfBytes(
  value: CborValue | undefined,
  { countMax, sizeMax }: { countMax: number; sizeMax: number },
): value is readonly Uint8Array[] {
  if (!Array.isArray(value) || value.length > countMax) return false;
  return value.every((item) => item instanceof Uint8Array && item.length <= sizeMax);
}

function parsePayloads(value: CborValue | undefined): (OpenedPayload | null)[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const payloads: (OpenedPayload | null)[] = [];
  for (const item of value as readonly CborValue[]) {
    const opened = item === null ? null : parseOpenedPair(item);
    if (opened === undefined) return undefined;
    payloads.push(opened);
  }
  return payloads;
}

/** Parses `[opening, payload]`; undefined for anything else. */
export function parseOpenedPair(value: CborValue): OpenedPayload | undefined {
  if (!isListOfBytes(value, { countMax: 2, sizeMax: payloadBytesMax })) return undefined;
  const [opening, payload] = value;
  if (payload === undefined || opening?.length !== 32) return undefined;
  return { opening, payload };
}

function malformed(found: string): Verdict<never> {
  return reject('batch_malformed', `batch ${found}`);
}
