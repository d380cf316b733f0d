/**
 * Which part of a directory zone a name belongs to, from the name alone. This decides how a name
 * without data is denied, so it must not depend on what is registered: every name whose labels are
 * single digits, `_sip-client` under one, and everything at or under `id` and `_openpgpkey` is denied
 * in one way, as existing without data; every other name may be said not to exist.
 */
import { lowerCasedText } from '../wire/names.ts';
import type { DomainName } from '../wire/names.ts';

export interface NumberPlace {
  readonly kind: 'number';
  /** The number's digits in dialling order, at least one; not always a possible number. */
  readonly digits: string;
  readonly part: 'binding' | 'sipClient';
}

export interface HashPlace {
  readonly kind: 'hash';
  /** 56 lower-case hexadecimal digits. */
  readonly hash: string;
  /** `number` under `_openpgpkey`, `address` under `id`. */
  readonly scope: 'number' | 'address';
  readonly part: 'binding' | 'sipClient' | 'openpgpkey';
}

export type NamePlace =
  | NumberPlace
  | HashPlace
  | { readonly kind: 'apex' }
  /** Denied like an unregistered number, and can have no data. */
  | { readonly kind: 'reserved' }
  | { readonly kind: 'other' };

const digitCharacters: readonly string[] = Array.from('0123456789');
const sipClientLabel = '_sip-client';
const openpgpkeyLabel = '_openpgpkey';
const addressLabel = 'id';
const ownerHashPattern = /^[0-9a-f]{56}$/;

/** Classifies a name at or below `apex`, case aside. */
export function placeName(name: DomainName, apex: DomainName): NamePlace {
  const end = name.wire.length - apex.wire.length;
  if (end === 0) return { kind: 'apex' };
  const digits = digitsBetween(name.wire, 0, end);
  if (digits !== undefined) return { kind: 'number', digits, part: 'binding' };
  const labels = labelsBetween(name.wire, end);
  if (labels[0] === sipClientLabel) {
    const below = digitsBetween(name.wire, sipClientLabel.length + 1, end);
    if (below !== undefined) return { kind: 'number', digits: below, part: 'sipClient' };
  }
  return placeHash(labels);
}

function placeHash(labels: readonly string[]): NamePlace {
  const last = labels.at(-1)!;
  if (last !== addressLabel && last !== openpgpkeyLabel) return { kind: 'other' };
  const [first, second] = labels;
  if (last === openpgpkeyLabel && labels.length === 2)
    return hashPlace(first!, 'number', 'openpgpkey');
  if (last === addressLabel && labels.length === 2) return hashPlace(first!, 'address', 'binding');
  if (last === addressLabel && labels.length === 3 && second === openpgpkeyLabel)
    return hashPlace(first!, 'address', 'openpgpkey');
  if (last === addressLabel && labels.length === 3 && first === sipClientLabel)
    return hashPlace(second!, 'address', 'sipClient');
  return { kind: 'reserved' };
}

function hashPlace(
  hash: string,
  scope: HashPlace['scope'],
  part: HashPlace['part'],
): HashPlace | { readonly kind: 'reserved' } {
  return ownerHashPattern.test(hash) ? { kind: 'hash', hash, scope, part } : { kind: 'reserved' };
}

/** Reads one-digit labels in `wire` from `start` to `end`; the leftmost is the last digit. */
function digitsBetween(wire: Uint8Array, start: number, end: number): string | undefined {
  let digits = '';
  for (let at = start; at < end; at += 2) {
    const digit = wire[at] === 1 ? digitCharacters[wire[at + 1]! - 0x30] : undefined;
    if (digit === undefined) return undefined;
    digits = digit + digits;
  }
  return digits === '' ? undefined : digits;
}

/** Lower-cased labels before `end`, an octet a character. */
function labelsBetween(wire: Uint8Array, end: number): string[] {
  const labels: string[] = [];
  for (let at = 0; at < end; at += wire[at]! + 1) {
    const label = wire.subarray(at + 1, at + 1 + wire[at]!);
    labels.push(lowerCasedText(label));
  }
  return labels;
}
