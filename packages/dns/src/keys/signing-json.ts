/**
 * Reading the JSON files that go between a member and the machine with its KSK. They come from
 * another machine: whatever is wrong ends in `dns_presigned_malformed`, which names the field.
 */
import { dnsError } from '../errors.ts';
import { encodeRdata, parseRdata } from '../wire/rdata.ts';
import type { DnskeyRdata } from '../wire/rdata.ts';
import { recordTypes } from '../wire/record-types.ts';

const ttlSecondsMax = 604_800;

/** Parses a JSON text that names its format. Code: `dns_presigned_malformed`. */
export function parseJsonObject(text: string, expected: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw presignedMalformed('it is not JSON');
  }
  const root = objectOf(value, 'the file');
  if (root['format'] !== expected) throw presignedMalformed(`its format is not ${expected}`);
  return root;
}

export function presignedMalformed(what: string): Error {
  return dnsError('dns_presigned_malformed', `the file cannot be used: ${what}`);
}

export function objectOf(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw presignedMalformed(`${name} is not an object`);
  return value as Readonly<Record<string, unknown>>;
}

export function listOf(value: unknown, name: string): readonly unknown[] {
  if (!Array.isArray(value)) throw presignedMalformed(`${name} is not a list`);
  return value;
}

export function timeOf(value: unknown, name: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0)
    throw presignedMalformed(`${name} is not a time in milliseconds`);
  return value as number;
}

export function ttlOf(value: unknown): number {
  const seconds = timeOf(value, 'dnskeyTtlSeconds');
  if (seconds > ttlSecondsMax)
    throw presignedMalformed(`dnskeyTtlSeconds is ${seconds}, at most ${ttlSecondsMax}`);
  return seconds;
}

export function textOf(value: unknown, name: string): string {
  if (typeof value !== 'string') throw presignedMalformed(`${name} is not a text`);
  return value;
}

/** Parses a list of one or more DNSKEYs, each RDATA in base64. */
export function keysOf(value: unknown, name: string): readonly DnskeyRdata[] {
  const keys = listOf(value, name).map(parseKey);
  if (keys.length === 0) throw presignedMalformed(`${name} is empty`);
  return keys;
}

function parseKey(value: unknown): DnskeyRdata {
  const rdata = parseRdata(recordTypes.DNSKEY, octetsOf(value));
  if (rdata.verdict !== 'accept' || rdata.value.type !== 'DNSKEY')
    throw presignedMalformed('a DNSKEY is malformed');
  return rdata.value;
}

/** Decodes base64. */
export function octetsOf(value: unknown): Uint8Array {
  try {
    if (typeof value === 'string') return Uint8Array.fromBase64(value);
  } catch {
    // Said below.
  }
  throw presignedMalformed('RDATA is not base64');
}

/** Encodes a DNSKEY as `keysOf` reads it. */
export function base64OfKey(key: DnskeyRdata): string {
  return encodeRdata(key).toBase64();
}
