/**
 * Reads single fields of what this package saved earlier (holdings, pending entries). Each reader
 * throws `holding_malformed`, naming the field and never its content.
 */
import { parseBase64Url, type DirectoryError } from '@callbook/protocol';
import { isFields, isNatural, type Fields } from './answer-fields.ts';
import { clientError, type ClientErrorCode } from './errors.ts';

function malformed(field: string, expected: string): DirectoryError<ClientErrorCode> {
  return clientError('holding_malformed', `saved holding has no ${expected} in ${field}`, {
    details: { field },
  });
}

export function savedFields(value: unknown, field: string): Fields {
  if (isFields(value)) return value;
  throw malformed(field, 'object');
}

export function savedList(fields: Fields, field: string): readonly unknown[] {
  const value = fields[field];
  if (Array.isArray(value)) return value;
  throw malformed(field, 'array');
}

export function savedText(fields: Fields, field: string): string {
  const value = fields[field];
  if (typeof value === 'string') return value;
  throw malformed(field, 'text');
}

export function savedInteger(fields: Fields, field: string): number {
  const value = fields[field];
  if (isNatural(value)) return value;
  throw malformed(field, 'integer');
}

export function savedBytes(fields: Fields, field: string, size?: number): Uint8Array {
  const bytes = parseBase64Url(savedText(fields, field));
  if (bytes !== undefined && (size === undefined || bytes.length === size)) return bytes;
  throw malformed(field, size === undefined ? 'base64url' : `base64url of ${size} bytes`);
}

export function savedBytesOrNull(fields: Fields, field: string, size?: number): Uint8Array | null {
  return fields[field] === null ? null : savedBytes(fields, field, size);
}
