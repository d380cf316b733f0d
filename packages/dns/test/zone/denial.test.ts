/** The next name in canonical order, where there is room for another label and where not. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareNames, joinLabels, lowerCasedName, rootName } from '@callbook/dns/wire';
import type { DomainName } from '@callbook/dns/wire';
import { successorOf } from '../../src/zone/denial.ts';
import { nameOf } from '../test-zones.ts';

/** A lower-cased name of exactly `size` octets whose first label has `first` octets. */
function nameOfSize(size: number, first: Uint8Array): DomainName {
  const labels = [first];
  let left = size - 1 - first.length - 1;
  while (left > 0) {
    const length = left <= 64 ? left - 1 : left === 65 ? 62 : 63;
    labels.push(new Uint8Array(length).fill(0x61));
    left -= length + 1;
  }
  return lowerCasedName(joinLabels(labels, rootName)!);
}

describe('successorOf', () => {
  it('puts a zero label before the name', () => {
    expect(successorOf(nameOf('1.example')).wire).toEqual(nameOf(String.raw`\000.1.example`).wire);
  });

  it('comes after the name at every length, and fits', () => {
    const first = fc.uint8Array({ minLength: 1, maxLength: 63 });
    fc.assert(
      fc.property(first, fc.integer({ min: 67, max: 255 }), (label, size) => {
        const name = nameOfSize(size, label);
        const next = successorOf(name);
        expect(next.wire.length).toBeLessThanOrEqual(255);
        expect(compareNames(next, name)).toBeGreaterThan(0);
      }),
    );
  });

  it('leaves out octets that cannot grow', () => {
    const full = nameOfSize(255, new Uint8Array(63).fill(0xff));
    expect(compareNames(successorOf(full), full)).toBeGreaterThan(0);
    const at = nameOfSize(255, new Uint8Array(63).fill(0x40));
    expect(successorOf(at).wire[63]).toBe(0x5b);
  });
});
