/**
 * Binary HTTP messages of known length (RFC 9292): what lies inside an oblivious capsule. Strict and
 * bounded; trailers and interim responses are checked and passed over, since nothing here uses them.
 * Messages of indeterminate length are refused: a capsule is opened whole, so its length is known.
 */
import { assert } from '../assert.ts';
import { concatBytes, utf8 } from '../bytes.ts';
import { accept, reject } from '../verdict.ts';
import type { Refusal, Verdict } from '../verdict.ts';
import { asciiText, encodeFields, fieldFault, parseFields } from './binary-fields.ts';
import type { BinaryField } from './binary-fields.ts';
import {
  binaryMessageBytesMax,
  binaryMethodBytesMax,
  binaryTargetBytesMax,
  interimResponsesMax,
} from './limits.ts';
import { encodeVarint, OctetReader } from './octet-reader.ts';

/** A request as one string of octets (RFC 9292). */
export interface BinaryRequest {
  /** In upper case. */
  readonly method: string;
  readonly scheme: string;
  /** Host, with its port where it has one; may be empty. */
  readonly authority: string;
  /** Path and query. */
  readonly path: string;
  readonly fields: readonly BinaryField[];
  readonly content: Uint8Array;
}

/** A response as one string of octets (RFC 9292). */
export interface BinaryResponse {
  /** 200 to 599. */
  readonly status: number;
  readonly fields: readonly BinaryField[];
  readonly content: Uint8Array;
}

/** RFC 9292 §3.3. */
const knownLengthRequest = 0;
const knownLengthResponse = 1;

const methodPattern = /^[A-Z]+$/;
const schemePattern = /^[a-z][a-z0-9+.-]*$/;
const authorityPattern = /^[A-Za-z0-9.:[\]-]*$/;
const pathPattern = /^\/[!-~]*$/;
const utmostStatus = 599;

/** Encodes a request, followed by as many zeros as make it `paddedBytes` long. */
export function encodeBinaryRequest(request: BinaryRequest, paddedBytes = 0): Uint8Array {
  const fault = targetFault(request) ?? fieldFault(request.fields);
  assert(fault === undefined, `binary request ${fault}`);
  const { method, scheme, authority, path } = request;
  const control = [method, scheme, authority, path].map(utf8);
  return padded(
    [
      encodeVarint(knownLengthRequest),
      ...control.flatMap((text) => [encodeVarint(text.length), text]),
      ...sections(request),
    ],
    paddedBytes,
  );
}

/** Encodes a response, followed by as many zeros as make it `paddedBytes` long. */
export function encodeBinaryResponse(response: BinaryResponse, paddedBytes = 0): Uint8Array {
  const { status, fields } = response;
  const fault = isFinal(status) ? fieldFault(fields) : 'has a status that is not 200 to 599';
  assert(fault === undefined, `binary response ${fault}`);
  return padded(
    [encodeVarint(knownLengthResponse), encodeVarint(status), ...sections(response)],
    paddedBytes,
  );
}

/** Parses a request; code `binary_message_malformed`. */
export function parseBinaryRequest(bytes: Uint8Array): Verdict<BinaryRequest> {
  const begun = begin(bytes, knownLengthRequest);
  if (!(begun instanceof OctetReader)) return begun;
  const control = [1, 2, 3, 4].map(() => begun.counted());
  if (control.includes(undefined)) return malformed('has truncated control data');
  const [method, scheme, authority, path] = control.map((text) => asciiText(text!));
  const target = { method: method!, scheme: scheme!, authority: authority!, path: path! };
  const fault = targetFault(target);
  if (fault !== undefined) return malformed(fault);
  const rest = parseRest(begun);
  return rest.verdict === 'accept' ? accept({ ...target, ...rest.value }) : rest;
}

/** Parses a response; code `binary_message_malformed`. */
export function parseBinaryResponse(bytes: Uint8Array): Verdict<BinaryResponse> {
  const begun = begin(bytes, knownLengthResponse);
  if (!(begun instanceof OctetReader)) return begun;
  for (let interim = 0; interim <= interimResponsesMax; interim++) {
    const status = begun.varint();
    if (status === undefined) return malformed('has no status');
    if (isFinal(status)) {
      const rest = parseRest(begun);
      return rest.verdict === 'accept' ? accept({ status, ...rest.value }) : rest;
    }
    // RFC 9292 §3.5: informational responses have a status and a header, and come first.
    if (status < 100 || status > utmostStatus) return malformed('has a status that HTTP lacks');
    const section = begun.counted();
    const fields = section === undefined ? 'has a truncated header' : parseFields(section);
    if (typeof fields === 'string') return malformed(fields);
  }
  return malformed(`has more than ${interimResponsesMax} interim responses`);
}

function begin(bytes: Uint8Array, framing: number): OctetReader | Refusal {
  if (bytes.length > binaryMessageBytesMax) {
    return malformed(`is ${bytes.length} bytes, at most ${binaryMessageBytesMax}`);
  }
  const reader = new OctetReader(bytes);
  return reader.varint() === framing
    ? reader
    : malformed('is not of known length and of this direction');
}

/**
 * RFC 9292 §3.8: "Decoders MUST treat missing truncated fields as equivalent to having been sent with
 * the length field set to zero." The example of RFC 9458 leaves out even the header, so may others.
 */
function parseRest(
  reader: OctetReader,
): Verdict<{ readonly fields: readonly BinaryField[]; readonly content: Uint8Array }> {
  const parts: Uint8Array[] = [];
  for (let part = 0; part < 3; part++) {
    const octets = reader.left === 0 ? new Uint8Array() : reader.counted();
    if (octets === undefined) return malformed('is truncated');
    parts.push(octets);
  }
  const [header, content, trailer] = parts as [Uint8Array, Uint8Array, Uint8Array];
  // "Non-zero padding bytes cause a message to be invalid"
  const padding = reader.taken(reader.left)!;
  if (!padding.every((octet) => octet === 0)) return malformed('has padding that is not zero');
  const fields = parseFields(header);
  if (typeof fields === 'string') return malformed(fields);
  const trailers = parseFields(trailer);
  return typeof trailers === 'string' ? malformed(trailers) : accept({ fields, content });
}

type Target = Pick<BinaryRequest, 'authority' | 'method' | 'path' | 'scheme'>;

function targetFault({ method, scheme, authority, path }: Target): string | undefined {
  if (method.length > binaryMethodBytesMax || !methodPattern.test(method)) {
    return 'has a malformed method';
  }
  if ([scheme, authority, path].some(({ length }) => length > binaryTargetBytesMax)) {
    return `has a target of more than ${binaryTargetBytesMax} bytes`;
  }
  const isTarget =
    schemePattern.test(scheme) && authorityPattern.test(authority) && pathPattern.test(path);
  return isTarget ? undefined : 'has a malformed target';
}

/** No trailer: "the trailers ... MAY be omitted"; padding reads as an empty one. */
function sections({ fields, content }: Omit<BinaryResponse, 'status'>): Uint8Array[] {
  return [encodeFields(fields), encodeVarint(content.length), content];
}

function padded(parts: readonly Uint8Array[], paddedBytes: number): Uint8Array {
  const message = concatBytes(...parts);
  const size = Math.max(message.length, paddedBytes);
  assert(size <= binaryMessageBytesMax, 'a binary message is within its limit');
  return concatBytes(message, new Uint8Array(size - message.length));
}

function isFinal(status: number): boolean {
  return status >= 200 && status <= utmostStatus;
}

function malformed(found: string): Refusal {
  return reject('binary_message_malformed', `binary message ${found}`);
}
