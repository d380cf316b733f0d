/** Telephone numbers as SIP servers write them: `+` and digits (docs/spec/identifiers.md). */
import { parseIdentifier, type Identifier } from '@callbook/protocol';

/** A number in canonical form, `+34912345678`. */
export type E164 = `+${string}`;

/**
 * Parses a number as a form has it; undefined when it is none. A `+` that nobody has percent-encoded
 * arrives as a space, which no number begins with: so it is read as what was meant.
 */
export function parseNumber(text: string): E164 | undefined {
  const number = text.startsWith(' ') ? `+${text.slice(1)}` : text;
  return isNumber(number) ? number : undefined;
}

function isNumber(text: string): text is E164 {
  return /^\+[1-9]\d{6,14}$/.test(text);
}

/** Returns the identifier of a number. */
export function identifierOf(number: E164): Identifier {
  return `tel:${number}` as Identifier;
}

/** Returns the number of an identifier; undefined when it is no telephone number's. */
export function numberOf(identifier: string): E164 | undefined {
  const parsed = parseIdentifier(identifier);
  if (parsed.verdict !== 'accept' || !parsed.value.startsWith('tel:')) return undefined;
  return parseNumber(parsed.value.slice('tel:'.length));
}
