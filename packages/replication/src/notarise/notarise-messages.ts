/**
 * The messages of `/callbook/notarise/1`. A frame has what is asked at one moment, `{v: 1, requests}`,
 * and is answered by one with as many answers in the same order, `{v: 1, answers}`; each is a byte
 * string, so that a request is encoded once for all members and a malformed one spoils no other:
 * - request `{v: 1, entry, payload, receipts}`: the encoded entry; null or [opening, payload]; the
 *   receipts of its leaves in other logs, so that a member need not have replicated them yet;
 * - answer `{v: 1, receipt}`, or a refusal;
 * with a receipt as `{origin, index, leaf, checkpoint, proof}`.
 */
import type { CborValue, Receipt, Verdict } from '@callbook/protocol';
import {
  accept,
  encodeCbor,
  entryBytesMax,
  isCborMap,
  leafBytesMax,
  parseCbor,
  reject,
} from '@callbook/protocol';

import { parseOpenedPair } from '../batch/log-batch.ts';
import {
  checkpointBytesMax,
  notariseAnswerBytesMax,
  notariseFrameRequestsMax,
  notariseReceiptsMax,
  notariseRequestBytesMax,
  notariseStreamsMax,
  proofHashesMax,
} from '../limits.ts';
import type { StreamProtocol } from '../network/network.ts';
import { refusalIn } from '../network/refusal-message.ts';
import type { OpenedPayload } from '../view/payload-check.ts';

export const notariseProtocol: StreamProtocol = {
  name: '/callbook/notarise/1',
  requestBytesMax: notariseRequestBytesMax,
  answerBytesMax: notariseAnswerBytesMax,
  streamsMax: notariseStreamsMax,
};

export interface NotariseRequest {
  /** The encoded entry. */
  readonly entry: Uint8Array;
  readonly opened?: OpenedPayload;
  /** Receipts of leaves of this entry, at most one a log. */
  readonly receipts: readonly Receipt[];
}

export function encodeNotariseRequests(requests: readonly Uint8Array[]): Uint8Array {
  return encodeCbor({ v: 1, requests });
}

/** The requests of a frame, each still encoded; 1 to `notariseFrameRequestsMax`. */
export function parseNotariseRequests(bytes: Uint8Array): Verdict<readonly Uint8Array[]> {
  return parseByteStrings(bytes, 'requests');
}

export function encodeNotariseAnswers(answers: readonly Uint8Array[]): Uint8Array {
  return encodeCbor({ v: 1, answers });
}

/** The answers of a frame, each still encoded; or the refusal of the whole. */
export function parseNotariseAnswers(bytes: Uint8Array): Verdict<readonly Uint8Array[]> {
  return parseByteStrings(bytes, 'answers');
}

function parseByteStrings(
  bytes: Uint8Array,
  name: 'requests' | 'answers',
): Verdict<readonly Uint8Array[]> {
  const parsed = parseCbor(bytes);
  if (parsed.verdict !== 'accept') return parsed;
  const refusal = name === 'answers' ? refusalIn(parsed.value) : undefined;
  if (refusal !== undefined) return refusal;
  if (!isCborMap(parsed.value)) return malformed('is not a map');
  const { v, [name]: list, ...others } = parsed.value;
  if (v !== 1 || Object.keys(others).length > 0) return malformed('has another version or field');
  if (!Array.isArray(list) || list.length === 0 || list.length > notariseFrameRequestsMax) {
    return malformed(`lacks a list of 1 to ${notariseFrameRequestsMax} ${name}`);
  }
  const strings = (list as readonly CborValue[]).filter((one) => one instanceof Uint8Array);
  return strings.length === list.length ? accept(strings) : malformed(`has malformed ${name}`);
}

export function encodeNotariseRequest({ entry, opened, receipts }: NotariseRequest): Uint8Array {
  const payload = opened === undefined ? null : [opened.opening, opened.payload];
  return encodeCbor({ v: 1, entry, payload, receipts: receipts.map(receiptMap) });
}

export function parseNotariseRequest(bytes: Uint8Array): Verdict<NotariseRequest> {
  const parsed = parseCbor(bytes);
  if (parsed.verdict !== 'accept') return parsed;
  if (!isCborMap(parsed.value)) return malformed('is not a map');
  const { v, entry, payload, receipts, ...others } = parsed.value;
  if (v !== 1 || Object.keys(others).length > 0) return malformed('has another version or field');
  if (!(entry instanceof Uint8Array) || entry.length > entryBytesMax) {
    return malformed(`lacks an entry of at most ${entryBytesMax} bytes`);
  }
  const opened = payload === undefined || payload === null ? payload : parseOpenedPair(payload);
  if (opened === undefined) return malformed('lacks a payload with its opening, or null');
  if (!Array.isArray(receipts) || receipts.length > notariseReceiptsMax) {
    return malformed(`lacks a list of at most ${notariseReceiptsMax} receipts`);
  }
  const parsedReceipts = (receipts as readonly CborValue[]).map(parseReceipt);
  if (!parsedReceipts.every((receipt) => receipt !== undefined)) {
    return malformed('has a malformed receipt');
  }
  return accept({ entry, receipts: parsedReceipts, ...(opened !== null && { opened }) });
}

export function encodeNotariseAnswer(receipt: Receipt): Uint8Array {
  return encodeCbor({ v: 1, receipt: receiptMap(receipt) });
}

export function parseNotariseAnswer(bytes: Uint8Array): Verdict<Receipt> {
  const parsed = parseCbor(bytes);
  if (parsed.verdict !== 'accept') return parsed;
  const refusal = refusalIn(parsed.value);
  if (refusal !== undefined) return refusal;
  if (!isCborMap(parsed.value)) return malformed('is not a map');
  const { v, receipt, ...others } = parsed.value;
  if (v !== 1 || receipt === undefined || Object.keys(others).length > 0) {
    return malformed('has another version or field');
  }
  const value = parseReceipt(receipt);
  return value === undefined ? malformed('has a malformed receipt') : accept(value);
}

function receiptMap({ origin, index, leaf, checkpoint, proof }: Receipt): CborValue {
  return { origin, index, leaf, checkpoint, proof };
}

function parseReceipt(value: CborValue): Receipt | undefined {
  if (!isCborMap(value) || Object.keys(value).length !== 5) return undefined;
  const { origin, index, leaf, checkpoint, proof } = value;
  if (typeof origin !== 'string' || typeof index !== 'number' || index < 0) return undefined;
  if (typeof checkpoint !== 'string' || checkpoint.length > checkpointBytesMax) return undefined;
  if (!(leaf instanceof Uint8Array) || leaf.length > leafBytesMax) return undefined;
  if (!Array.isArray(proof) || proof.length > proofHashesMax) return undefined;
  const hashes = proof.filter((hash) => hash instanceof Uint8Array);
  return hashes.length === proof.length
    ? { origin, index, leaf, checkpoint, proof: hashes }
    : undefined;
}

function malformed(found: string): Verdict<never> {
  return reject('request_malformed', `notarise message ${found}`);
}
