/**
 * Type bit maps (RFC 4034 §4.1.2): windows of 256 types, each with up to 32 octets of bits. Parsing
 * is strict, since a validator must not read a denial in two ways: windows ascend, none is empty, no
 * trailing zero octets.
 */
import { accept, reject } from '@callbook/protocol';
import type { Verdict } from '@callbook/protocol';

/** Encodes a set of RR types; order and repetition do not matter. */
export function encodeTypeBitmap(types: readonly number[]): Uint8Array {
  const sorted = [...types].sort((left, right) => left - right);
  const bytes: number[] = [];
  let window = -1;
  let lengthAt = 0;
  for (const type of sorted) {
    if (type >> 8 !== window) {
      window = type >> 8;
      lengthAt = bytes.length + 1;
      bytes.push(window, 0);
    }
    const octet = (type & 0xff) >> 3;
    // RFC 4034 §4.1.2: "Trailing zero octets in the bitmap MUST be omitted."
    while (bytes.length <= lengthAt + 1 + octet) bytes.push(0);
    bytes[lengthAt] = octet + 1;
    bytes[lengthAt + 1 + octet]! |= 0x80 >> (type & 7);
  }
  return Uint8Array.from(bytes);
}

/** Parses a bit map into ascending RR types. Code: `dns_rdata_malformed`. */
export function parseTypeBitmap(bytes: Uint8Array): Verdict<number[]> {
  const types: number[] = [];
  let lastWindow = -1;
  let at = 0;
  while (at < bytes.length) {
    const window = bytes[at]!;
    const length = bytes[at + 1] ?? 0;
    const end = at + 2 + length;
    const wellFormed =
      window > lastWindow &&
      length >= 1 &&
      length <= 32 &&
      end <= bytes.length &&
      bytes[end - 1] !== 0;
    if (!wellFormed)
      return reject('dns_rdata_malformed', 'a type bit map has a bad window, order or length');
    for (let bit = 0; bit < length * 8; bit += 1)
      if ((bytes[at + 2 + (bit >> 3)]! & (0x80 >> (bit & 7))) !== 0) types.push(window * 256 + bit);
    lastWindow = window;
    at = end;
  }
  return accept(types);
}
