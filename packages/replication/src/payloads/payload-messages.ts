/**
 * The messages of `/callbook/payloads/1`, one request and one answer a stream:
 * - request `{v: 1, wanted: [[label, commitment], …]}`: entries in force whose payload is missing;
 * - answer `{v: 1, payloads: [[opening, payload] | null, …]}`, in the same order, or a refusal.
 */
import type { CborValue, Verdict } from '@callbook/protocol';
import { accept, encodeCbor, isCborMap, parseCbor, reject } from '@callbook/protocol';

import { parseOpenedPair } from '../batch/log-batch.ts';
import {
  payloadsAnswerBytesMax,
  payloadsRequestBytesMax,
  payloadsStreamsMax,
  payloadsWantedMax,
} from '../limits.ts';
import type { StreamProtocol } from '../network/network.ts';
import { refusalIn } from '../network/refusal-message.ts';
import type { OpenedPayload } from '../view/payload-check.ts';

export const payloadsProtocol: StreamProtocol = {
  name: '/callbook/payloads/1',
  requestBytesMax: payloadsRequestBytesMax,
  answerBytesMax: payloadsAnswerBytesMax,
  streamsMax: payloadsStreamsMax,
};

/** A payload by what stands of it in the logs. */
export interface WantedPayload {
  /** 32 bytes. */
  readonly label: Uint8Array;
  /** 32 bytes. */
  readonly commitment: Uint8Array;
}

export function encodePayloadsRequest(wanted: readonly WantedPayload[]): Uint8Array {
  return encodeCbor({
    v: 1,
    wanted: wanted.map(({ label, commitment }) => [label, commitment]),
  });
}

export function parsePayloadsRequest(bytes: Uint8Array): Verdict<readonly WantedPayload[]> {
  const parsed = parseCbor(bytes);
  if (parsed.verdict !== 'accept') return parsed;
  if (!isCborMap(parsed.value)) return malformed('is not a map');
  const { v, wanted, ...others } = parsed.value;
  if (v !== 1 || Object.keys(others).length > 0) return malformed('has another version or field');
  if (!Array.isArray(wanted) || wanted.length > payloadsWantedMax) {
    return malformed(`lacks a list of at most ${payloadsWantedMax} payloads`);
  }
  const pairs = (wanted as readonly CborValue[]).map(parseWanted);
  return pairs.every((pair) => pair !== undefined)
    ? accept(pairs)
    : malformed('wants something without label and commitment');
}

function parseWanted(value: CborValue): WantedPayload | undefined {
  if (!Array.isArray(value) || value.length !== 2) return undefined;
  const [label, commitment] = value as readonly CborValue[];
  if (!(label instanceof Uint8Array) || label.length !== 32) return undefined;
  if (!(commitment instanceof Uint8Array) || commitment.length !== 32) return undefined;
  return { label, commitment };
}

export function encodePayloadsAnswer(payloads: readonly (OpenedPayload | undefined)[]): Uint8Array {
  return encodeCbor({
    v: 1,
    payloads: payloads.map((opened) => opened && [opened.opening, opened.payload]).map(orNull),
  });
}

function orNull(pair: Uint8Array[] | undefined): Uint8Array[] | null {
  return pair ?? null;
}

/** Parses an answer to a request for `count` payloads. */
export function parsePayloadsAnswer(
  bytes: Uint8Array,
  count: number,
): Verdict<readonly (OpenedPayload | null)[]> {
  const parsed = parseCbor(bytes);
  if (parsed.verdict !== 'accept') return parsed;
  const refusal = refusalIn(parsed.value);
  if (refusal !== undefined) return refusal;
  if (!isCborMap(parsed.value)) return malformed('is not a map');
  const { v, payloads, ...others } = parsed.value;
  if (v !== 1 || Object.keys(others).length > 0) return malformed('has another version or field');
  if (!Array.isArray(payloads) || payloads.length !== count) {
    return malformed(`lacks ${count} payloads or nulls`);
  }
  const items = (payloads as readonly CborValue[]).map((item) =>
    item === null ? null : parseOpenedPair(item),
  );
  return items.every((item) => item !== undefined)
    ? accept(items)
    : malformed('has a payload without its opening');
}

function malformed(found: string): Verdict<never> {
  return reject('request_malformed', `payloads message ${found}`);
}
