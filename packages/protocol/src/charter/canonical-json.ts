/**
 * Canonical JSON: the subset of RFC 8785 that needs no floating point. Numbers are safe integers, so
 * every value has exactly one text, and a text that is not the one its value encodes to is refused.
 * That one comparison catches duplicate names, white space, `1.0`, `-0`, needless escapes and names
 * out of order.
 */
import { reject, accept } from '../verdict.ts';
import type { Refusal, Verdict } from '../verdict.ts';
import { jsonDepthMax } from '../limits.ts';

export type JsonValue =
  number | string | boolean | null | readonly JsonValue[] | { readonly [name: string]: JsonValue };

/** Returns the one text of a value; undefined where it has none (a fraction, a lone surrogate). */
export function encodeCanonicalJson(value: JsonValue): string | undefined {
  return encodeAt(value, 1);
}

/** Parses a text that must be canonical; nesting at most 8. */
export function parseCanonicalJson(text: string): Verdict<JsonValue> {
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch {
    // Also what a nesting too deep for the parser's stack ends in.
    return malformed('is not JSON (RFC 8259)');
  }
  return encodeCanonicalJson(value) === text
    ? accept(value)
    : malformed('is not canonical (RFC 8785, integers only)');
}

function encodeAt(value: JsonValue, depth: number): string | undefined {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : undefined;
  // RFC 8785 §3.2.2.2: "Lone Surrogates" are an error; JSON.stringify would escape them.
  if (typeof value === 'string') return value.isWellFormed() ? JSON.stringify(value) : undefined;
  if (depth > jsonDepthMax) return undefined;
  if (isArray(value)) {
    return join(
      ['[', ']'],
      value.map((item) => encodeAt(item, depth + 1)),
    );
  }
  // RFC 8785 §3.2.3: names are sorted by their UTF-16 code units, which is what sort() does.
  const members = Object.keys(value)
    .sort()
    .map((name) => {
      const [quoted, item] = [encodeAt(name, depth), encodeAt(value[name]!, depth + 1)];
      return quoted === undefined || item === undefined ? undefined : `${quoted}:${item}`;
    });
  return join(['{', '}'], members);
}

function join(
  [open, close]: readonly [string, string],
  parts: readonly (string | undefined)[],
): string | undefined {
  return parts.includes(undefined) ? undefined : `${open}${parts.join(',')}${close}`;
}

function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function malformed(found: string): Refusal {
  return reject('json_not_canonical', `text ${found}`);
}
