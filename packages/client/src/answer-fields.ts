/**
 * Reads single fields of a member's JSON. Each reader returns a value of the right type and range
 * or throws `member_answer_malformed`, naming the field and never its content.
 */
import { parseBase64Url, type DirectoryError } from '@callbook/protocol';
import { clientError, type ClientErrorCode } from './errors.ts';

export type Fields = Readonly<Record<string, unknown>>;

function malformed(field: string, expected: string): DirectoryError<ClientErrorCode> {
  return clientError('member_answer_malformed', `answer has no ${expected} in ${field}`, {
    details: { field },
  });
}

export function readFields(value: unknown, field = 'the body'): Fields {
  if (!isFields(value)) throw malformed(field, 'object');
  return value;
}

export function readArray(fields: Fields, field: string): readonly unknown[] {
  const value = fields[field];
  if (!Array.isArray(value)) throw malformed(field, 'array');
  return value;
}

export function readText(fields: Fields, field: string): string {
  const value = fields[field];
  if (typeof value !== 'string') throw malformed(field, 'text');
  return value;
}

export function readChoice<T extends string>(
  fields: Fields,
  field: string,
  choices: readonly T[],
): T {
  const value = readText(fields, field);
  const choice = choices.find((candidate) => candidate === value);
  if (choice === undefined) throw malformed(field, `one of ${choices.join(', ')}`);
  return choice;
}

/** A safe integer from 0. */
export function readInteger(fields: Fields, field: string): number {
  const value = fields[field];
  if (!isNatural(value)) throw malformed(field, 'integer');
  return value;
}

/** `size` bytes in base64url without padding; any number of bytes when `size` is left out. */
export function readBytes(fields: Fields, field: string, size?: number): Uint8Array {
  const bytes = parseBase64Url(readText(fields, field));
  if (bytes === undefined || (size !== undefined && bytes.length !== size)) {
    throw malformed(field, size === undefined ? 'base64url' : `base64url of ${size} bytes`);
  }
  return bytes;
}

/** As `readBytes`, and null for null. */
export function readBytesOrNull(fields: Fields, field: string, size?: number): Uint8Array | null {
  return fields[field] === null ? null : readBytes(fields, field, size);
}

export function readBoolean(fields: Fields, field: string): boolean {
  const value = fields[field];
  if (typeof value !== 'boolean') throw malformed(field, 'boolean');
  return value;
}

/** Whether `value` is a JSON object. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether `value` is a safe integer from 0. */
export function isNatural(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
