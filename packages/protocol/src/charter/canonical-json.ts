/**
 * Canonical JSON: the subset of RFC 8785 that needs no floating point. Numbers are safe integers, so
 * every value has exactly one text, and a text that is not the one its value encodes to is refused.
 * That one comparison catches duplicate names, white space, `1.0`, `-0`, needless escapes and names
 * out of order.
 */
import { jsonDepthMax } from '../limits.ts';
import { accept, reject } from '../verdict.ts';
import type { Verdict } from '../verdict.ts';

/** Parses a text that must be canonical; nesting at most 8. */
export function parseCanonicalJson(text: string): Verdict<unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Also what a nesting too deep for the parser's stack ends in.
    return reject('json_not_canonical', 'text is not JSON (RFC 8259)');
  }
  return encodeCanonicalJson(value) === text
    ? accept(value)
    : reject('json_not_canonical', 'text is not canonical (RFC 8785, integers only)');
}

/**
 * Returns the one text of a value; undefined where it has none: a fraction, a lone surrogate, a
 * nesting deeper than 8, anything JSON does not know.
 */
export function encodeCanonicalJson(value: unknown): string | undefined {
  return encodeAt(value, 1);
}

function encodeAt(value: unknown, depth: number): string | undefined {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : undefined;
  if (typeof value === 'string') return encodeText(value);
  if (typeof value !== 'object' || depth > jsonDepthMax) return undefined;
  if (Array.isArray(value)) {
    const items = value.map((item) => encodeAt(item, depth + 1));
    return items.includes(undefined) ? undefined : `[${items.join(',')}]`;
  }
  // RFC 8785 §3.2.3: names are sorted by their UTF-16 code units; the names of one object differ.
  const members = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, item]) => encodeMember(name, encodeAt(item, depth + 1)));
  return members.includes(undefined) ? undefined : `{${members.join(',')}}`;
}

function encodeMember(name: string, item: string | undefined): string | undefined {
  const quoted = encodeText(name);
  return quoted === undefined || item === undefined ? undefined : `${quoted}:${item}`;
}

/** RFC 8785 §3.2.2.2 wants an error for lone surrogates; `JSON.stringify` would escape them. */
function encodeText(text: string): string | undefined {
  return text.isWellFormed() ? JSON.stringify(text) : undefined;
}
