/**
 * The field section of a binary message (RFC 9292 §3.6): header or trailer. Names are lower-case
 * tokens and values printable ASCII: all that Callbook's own messages need, and nothing that a
 * proxy between could read in two ways.
 */
import { concatBytes, utf8 } from '../bytes.ts';
import { binaryFieldNameBytesMax, binaryFieldsMax, binaryFieldValueBytesMax } from './limits.ts';
import { encodeVarint, OctetReader } from './octet-reader.ts';

/** A field of a message: its name in lower case, and its value. */
export interface BinaryField {
  /** In lower case. */
  readonly name: string;
  readonly value: string;
}

/** RFC 9110 §5.6.2, without upper case; so no pseudo-field passes either. */
const namePattern = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;
/** RFC 9110 §5.5: no control character but the tab, and no white space at either end. */
const valuePattern = /^(?:[!-~](?:[\t -~]*[!-~])?)?$/;

/** Tells what is wrong with the fields, or undefined. */
export function fieldFault(fields: readonly BinaryField[]): string | undefined {
  if (fields.length > binaryFieldsMax) {
    return `has ${fields.length} fields, at most ${binaryFieldsMax}`;
  }
  return fields.every(isField) ? undefined : 'has a malformed field';
}

/** Encodes a section: its length, then its lines. */
export function encodeFields(fields: readonly BinaryField[]): Uint8Array {
  const texts = fields.flatMap(({ name, value }) => [utf8(name), utf8(value)]);
  const lines = concatBytes(...texts.flatMap((text) => [encodeVarint(text.length), text]));
  return concatBytes(encodeVarint(lines.length), lines);
}

/** Parses the lines of a section; a text says what is wrong with them. */
export function parseFields(section: Uint8Array): readonly BinaryField[] | string {
  const reader = new OctetReader(section);
  const fields: BinaryField[] = [];
  while (reader.left > 0) {
    if (fields.length === binaryFieldsMax) return `has more than ${binaryFieldsMax} fields`;
    const name = reader.counted();
    const value = name && reader.counted();
    if (value === undefined) return 'has a truncated field';
    fields.push({ name: asciiText(name!), value: asciiText(value) });
  }
  return fieldFault(fields) ?? fields;
}

/** One character for each octet, so that no two spellings of the octets make one text. */
export function asciiText(bytes: Uint8Array): string {
  let text = '';
  for (const octet of bytes) text += String.fromCharCode(octet);
  return text;
}

function isField({ name, value }: BinaryField): boolean {
  return (
    name.length <= binaryFieldNameBytesMax &&
    namePattern.test(name) &&
    value.length <= binaryFieldValueBytesMax &&
    valuePattern.test(value)
  );
}
