/** Names: octets, limits, case, order and the escapes of the presentation form. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compareNames,
  formatName,
  isAtOrBelow,
  joinLabels,
  lowerCasedName,
  parentName,
  parseName,
  rootName,
  sameName,
} from '@callbook/dns/wire';
import type { DomainName } from '@callbook/dns/wire';
import { nameOf } from '../test-zones.ts';

const label = fc.uint8Array({ minLength: 1, maxLength: 20 });
const anyName: fc.Arbitrary<DomainName> = fc
  .array(label, { maxLength: 8 })
  .map((labels) => joinLabels(labels)!);

describe('parseName', () => {
  it('reads the root as a dot and as nothing', () => {
    expect(nameOf('.').wire).toEqual(Uint8Array.of(0));
    expect(nameOf('').wire).toEqual(Uint8Array.of(0));
  });

  it('gives back every name of any octets that formatName wrote', () => {
    fc.assert(
      fc.property(anyName, (name) => {
        expect(nameOf(formatName(name)).wire).toEqual(name.wire);
      }),
    );
  });

  it('keeps a dot inside a label apart from a dot between labels', () => {
    expect(nameOf(String.raw`a\.b.example`).labels.length).toBe(2);
    expect(sameName(nameOf(String.raw`a\.b`), nameOf('a.b'))).toBe(false);
    expect(nameOf(String.raw`a\046b`).wire).toEqual(nameOf(String.raw`a\.b`).wire);
  });

  it.each([
    ['a label of 62 octets', 'a'.repeat(62), true],
    ['a label of 63 octets', 'a'.repeat(63), true],
    ['a label of 64 octets', 'a'.repeat(64), false],
    ['a name of 254 octets', 'a.'.repeat(126), true],
    ['a name of 255 octets', 'a.'.repeat(127), true],
    ['a name of 256 octets', `${'a.'.repeat(126)}aa.`, false],
    ['an empty label inside', 'a..b', false],
    ['an empty label first', '.a', false],
    ['a space', 'a b', false],
    ['a letter beyond ASCII', 'bücher', false],
    ['an escape over 255', String.raw`a\256`, false],
    ['a backslash at the end', 'a\\', false],
  ])('judges %s', (_what, text, isAccepted) => {
    expect(parseName(text).verdict === 'accept').toBe(isAccepted);
  });
});

describe('comparison', () => {
  it('ignores the case of ASCII letters and of nothing else', () => {
    expect(sameName(nameOf('WwW.Example'), nameOf('www.eXAMPLE'))).toBe(true);
    expect(nameOf('WwW.Example').lookupKey).toBe(nameOf('www.example').lookupKey);
    expect(sameName(nameOf(String.raw`\193`), nameOf(String.raw`\225`))).toBe(false);
    expect(sameName(nameOf('@'), nameOf('`'))).toBe(false);
  });

  it('keeps the case that a name came with', () => {
    expect(formatName(nameOf('WwW.Example'))).toBe('WwW.Example.');
    expect(formatName(lowerCasedName(nameOf('WwW.Example')))).toBe('www.example.');
  });

  it('finds ancestors at label boundaries only', () => {
    expect(isAtOrBelow(nameOf('a.B.example'), nameOf('b.EXAMPLE'))).toBe(true);
    expect(isAtOrBelow(nameOf('b.example'), nameOf('b.example'))).toBe(true);
    expect(isAtOrBelow(nameOf('ab.example'), nameOf('b.example'))).toBe(false);
    expect(isAtOrBelow(nameOf('example'), nameOf('b.example'))).toBe(false);
    // A label that holds the octets of the ancestor's wire form is not a descent.
    expect(isAtOrBelow(nameOf(String.raw`x\001b\007example`), nameOf('b.example'))).toBe(false);
    expect(isAtOrBelow(nameOf('anything'), rootName)).toBe(true);
  });

  it('orders as RFC 4034 §6.1 does', () => {
    const sorted = [
      'example',
      'a.example',
      'yljkjljk.a.example',
      'Z.a.example',
      'zABC.a.EXAMPLE',
      'z.example',
      String.raw`\001.z.example`,
      '*.z.example',
      String.raw`\200.z.example`,
    ].map(nameOf);
    expect([...sorted].reverse().sort(compareNames)).toEqual(sorted);
  });
});

describe('DomainName', () => {
  it('has labels, their count and a parent', () => {
    expect(nameOf('a.b.c').labelCount).toBe(3);
    expect(rootName.labelCount).toBe(0);
    expect(formatName(parentName(nameOf('a.b.c'))!)).toBe('b.c.');
    expect(parentName(rootName)).toBeUndefined();
  });
});
