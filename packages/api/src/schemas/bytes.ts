/** Schemas of what every route shares: bytes as text, identifiers, times, counts. */
import { Type } from 'typebox';
import type { TInteger, TString } from 'typebox';

/** Exactly `size` bytes as base64url without padding. */
export function bytesOf(size: number, description: string): TString {
  const characters = Math.ceil((size * 4) / 3);
  return Type.String({
    pattern: `^[A-Za-z0-9_-]{${characters}}$`,
    description: `${description} (${size} bytes, base64url)`,
  });
}

/** 1 to `sizeMax` bytes as base64url without padding. */
export function bytesUpTo(sizeMax: number, description: string): TString {
  return Type.String({
    minLength: 2,
    maxLength: Math.ceil((sizeMax * 4) / 3),
    pattern: '^[A-Za-z0-9_-]+$',
    description: `${description} (at most ${sizeMax} bytes, base64url)`,
  });
}

/** An integer from 0 that a double holds exactly. */
export function count(description: string): TInteger {
  return Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description });
}

/** Milliseconds since the Unix epoch. */
export function timeMs(description: string): TInteger {
  return count(`${description} (ms since 1970-01-01T00:00:00Z)`);
}
