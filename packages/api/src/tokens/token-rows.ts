/**
 * Which row holds what, in the small store of tokens: apart from the directory's, because nothing of it is
 * replicated. One prefix byte a family; numbers are big-endian, so that rows of one period are neighbours.
 *
 * | prefix | key | value |
 * |---|---|---|
 * | `k` | period(4) | this member's private key of the period, PKCS#8 |
 * | `s` | period(4) spent id(16) | the redemption(8) that spent the token |
 * | `h` | label(32) epoch(4) | budget of a holder: what is left, on which day, hash of the last request |
 */
import { concatBytes, utf8 } from '@callbook/protocol';

export function issuerKeyRow(period: number): Uint8Array {
  return concatBytes(utf8('k'), number32(period));
}

export function spentRow(period: number, spentId: Uint8Array): Uint8Array {
  return concatBytes(utf8('s'), number32(period), spentId);
}

export function budgetRow(label: Uint8Array, epoch: number): Uint8Array {
  return concatBytes(utf8('h'), label, number32(epoch));
}

/** Bounds of the keys and the marks of all periods before one. */
export function rowsBefore(period: number): { gte: Uint8Array; lt: Uint8Array }[] {
  return ['k', 's'].map((family) => ({
    gte: utf8(family),
    lt: concatBytes(utf8(family), number32(period)),
  }));
}

function number32(value: number): Uint8Array {
  const octets = new Uint8Array(4);
  new DataView(octets.buffer).setUint32(0, value);
  return octets;
}
