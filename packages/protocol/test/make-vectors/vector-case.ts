/**
 * The form of our own vectors: one JSON file a case, named for the one rule it is about, with byte
 * strings in hexadecimal. `expect` is "accept" or the code of the verdict.
 */
import { createHash } from 'node:crypto';

export interface VectorCase {
  /** Folder below `vectors/`. */
  readonly topic: string;
  readonly name: string;
  readonly comment: string;
  readonly expect: string;
  /** What the case is about: hexadecimal bytes, numbers, text. */
  readonly values: Readonly<Record<string, unknown>>;
}

const source = 'Callbook, written by packages/protocol/test/make-vectors/main.ts';

/** Returns the path below `vectors/` and the text of a case's file. */
export function vectorFile(of: VectorCase): { path: string; text: string } {
  const folder = of.expect === 'accept' ? 'valid' : 'invalid';
  const header = { comment: of.comment, source, expect: of.expect };
  return {
    path: `${of.topic}/${folder}/${of.name}.json`,
    text: `${JSON.stringify({ ...header, ...of.values }, undefined, 2)}\n`,
  };
}

/** Returns 32 bytes that depend on `name` only; anybody can compute them again. */
export function fixed32(name: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(`callbook vector ${name}`).digest());
}

/** Turns every byte string inside a value into hexadecimal text. */
export function readable(value: unknown): unknown {
  if (value instanceof Uint8Array) return value.toHex();
  if (Array.isArray(value)) return value.map(readable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, readable(item)]));
}
