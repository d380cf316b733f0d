// The CBOR subset, with cborg as the independent judge: one value, one encoding, both ways.
import { decode, encode } from 'cborg';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareBytes, concatBytes, utf8 } from '../src/bytes.ts';
import { encodeCbor, encodeWithout, parseCbor } from '../src/cbor.ts';
import type { CborValue } from '../src/cbor.ts';

const integer = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer({ min: -300, max: 300 }),
  fc.constantFrom(23, 24, 255, 256, 65535, 65536, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER),
);
const name = fc.oneof(fc.string({ maxLength: 8 }), fc.string({ unit: 'binary', maxLength: 30 }));
const { value } = fc.letrec<{ value: CborValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 6 },
    integer.map((number) => number + 0),
    fc.uint8Array({ maxLength: 300 }),
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(name, tie('value'), { maxKeys: 5, noNullPrototype: true }),
  ),
}));

describe('encoding', () => {
  test('decodes to what it was', () => {
    fc.assert(
      fc.property(value, (value) => {
        expect(parseCbor(encodeCbor(value))).toEqual({ verdict: 'accept', value });
      }),
      { numRuns: 3000 },
    );
  });

  test('is that of cborg', () => {
    fc.assert(
      fc.property(value, (value) => {
        expect(encodeCbor(value).toHex()).toBe(encode(value).toHex());
      }),
      { numRuns: 3000 },
    );
  });

  // RFC 8949 Appendix A, as far as the subset goes.
  test.each<[string, CborValue]>([
    ['00', 0],
    ['17', 23],
    ['1818', 24],
    ['190100', 256],
    ['1a000f4240', 1000000],
    ['1b000000e8d4a51000', 1000000000000],
    ['1b001fffffffffffff', Number.MAX_SAFE_INTEGER],
    ['20', -1],
    ['3903e7', -1000],
    ['3b001ffffffffffffe', -Number.MAX_SAFE_INTEGER],
    ['f4', false],
    ['f5', true],
    ['f6', null],
    ['40', new Uint8Array(0)],
    ['4401020304', Uint8Array.of(1, 2, 3, 4)],
    ['60', ''],
    ['62225c', '"\\'],
    ['62c3bc', 'ü'],
    ['64f0908591', '\u{10151}'],
    ['80', []],
    ['8301820203820405', [1, [2, 3], [4, 5]]],
    ['a0', {}],
    ['a26161016162820203', { a: 1, b: [2, 3] }],
  ])('%s', (hex, value) => {
    expect(encodeCbor(value).toHex()).toBe(hex);
    expect(parseCbor(Uint8Array.fromHex(hex))).toEqual({ verdict: 'accept', value });
  });

  test('sorts keys by their encoded bytes, not by UTF-16', () => {
    // U+FF61 is ef bd a1, U+1F600 is f0 9f 98 80: UTF-16 would put the second before the first.
    const names = ['b', 'aa', 'ü', '\u{ff61}\u{61}', '\u{1f600}', '\u{1f601}', 'zzzz'];
    const map = Object.fromEntries(names.map((name, i) => [name, i]));
    const encoded = encodeCbor(map);
    expect(parseCbor(encoded)).toEqual({ verdict: 'accept', value: map });
    const keys = names.map((name) => encodeCbor(name)).sort(compareBytes);
    const expected = keys.flatMap((key) => [...key, map[new TextDecoder().decode(key.slice(1))]!]);
    expect(Array.from(encoded.slice(1))).toEqual(expected);
  });

  test('keeps a field named __proto__', () => {
    const bytes = Uint8Array.fromHex('a1695f5f70726f746f5f5f01');
    const parsed = parseCbor(bytes);
    if (parsed.verdict !== 'accept') throw new Error(parsed.message);
    expect(Object.keys(parsed.value as object)).toEqual(['__proto__']);
    expect(encodeCbor(parsed.value)).toEqual(bytes);
  });

  test.each([1.5, Number.NaN, 2 ** 53, '\ud800', { a: undefined } as unknown as CborValue])(
    'throws on %j',
    (value) => {
      expect(() => encodeCbor(value)).toThrow(TypeError);
    },
  );
});

describe('strict parsing', () => {
  test.each([
    ['', 'nothing'],
    ['0000', 'two items'],
    ['1817', '23 in two bytes'],
    ['1900ff', '255 in three bytes'],
    ['1a0000ffff', '65535 in five bytes'],
    ['1b00000000ffffffff', '2^32 - 1 in nine bytes'],
    ['1b0020000000000000', '2^53'],
    ['3b001fffffffffffff', '-2^53'],
    ['1bffffffffffffffff', '2^64 - 1'],
    ['1c', 'reserved head'],
    ['1f', 'reserved head'],
    ['5f4101ff', 'byte string of indefinite length'],
    ['7f6161ff', 'text of indefinite length'],
    ['9f01ff', 'array of indefinite length'],
    ['bf616101ff', 'map of indefinite length'],
    ['ff', 'break alone'],
    ['580101', 'length not shortest'],
    ['4201', 'byte string cut off'],
    ['5bffffffffffffffff', 'byte string of 2^64 - 1 bytes'],
    ['9b001fffffffffffff', 'array of 2^53 - 1 items'],
    ['bb001fffffffffffff', 'map of 2^53 - 1 pairs'],
    ['a10101', 'key that is no text'],
    ['a1410101', 'key of bytes'],
    ['a2616101616102', 'key twice'],
    ['a2616201616102', 'keys out of order'],
    ['a262616101616201', 'longer key first'],
    ['c001', 'tag'],
    ['f7', 'undefined'],
    ['f0', 'simple value 16'],
    ['f8ff', 'simple value 255'],
    ['f93c00', 'half float'],
    ['fa3f800000', 'float'],
    ['fb3ff0000000000000', 'double'],
    ['61ff', 'text that is not UTF-8'],
    ['63eda080', 'surrogate in text'],
    ['62c080', 'overlong UTF-8'],
    ['818181818181818180', 'nine arrays deep'],
  ])('refuses %s: %s', (hex) => {
    expect(parseCbor(Uint8Array.fromHex(hex))).toMatchObject({ code: 'cbor_malformed' });
  });

  test('keeps a byte order mark', () => {
    expect(parseCbor(Uint8Array.fromHex('63efbbbf'))).toMatchObject({ value: '\u{feff}' });
  });

  test('copies byte strings out of its input, also out of a Buffer', () => {
    const input = Buffer.from('4401020304', 'hex');
    const parsed = parseCbor(input);
    input.fill(0);
    expect(parsed).toEqual({ verdict: 'accept', value: Uint8Array.of(1, 2, 3, 4) });
    if (parsed.verdict === 'accept') expect(Buffer.isBuffer(parsed.value)).toBe(false);
  });
});

describe('any bytes', () => {
  test('that parse are the one encoding of their value: 60 000 mutations of valid encodings', () => {
    const mutated = fc
      .tuple(value, fc.array(fc.tuple(fc.nat(), fc.nat(255), fc.nat(3)), { maxLength: 4 }))
      .map(([value, edits]) => edits.reduce(edited, encodeCbor(value)));
    fc.assert(fc.property(mutated, assertOneEncoding), { numRuns: 60_000 });
  });

  test('that parse are the one encoding of their value: 60 000 random strings', () => {
    const head = fc.constantFrom(0x01, 0x41, 0x58, 0x61, 0x78, 0x82, 0x98, 0xa1, 0xa2, 0xb8, 0xf6);
    const bytes = fc
      .tuple(head, fc.uint8Array({ maxLength: 16 }))
      .map(([head, tail]) => concatBytes(Uint8Array.of(head), tail));
    fc.assert(fc.property(bytes, assertOneEncoding), { numRuns: 60_000 });
  });
});

describe('leaving fields out', () => {
  test('gives the encoding of the map without them', () => {
    const flat = fc.oneof(integer, fc.uint8Array({ maxLength: 40 }), fc.string(), fc.boolean());
    const maps = fc.dictionary(name, flat, { minKeys: 2, maxKeys: 20, noNullPrototype: true });
    fc.assert(
      fc.property(maps, fc.nat(), fc.nat(), (map, i, j) => {
        const names = Object.keys(map);
        const left = [...new Set([names[i % names.length]!, names[j % names.length]!])];
        const rest = Object.fromEntries(
          Object.entries(map).filter(([name]) => !left.includes(name)),
        );
        const expected = concatBytes(utf8('domain\n'), encodeCbor(rest));
        expect(encodeWithout(encodeCbor(map), left, utf8('domain\n'))).toEqual(expected);
      }),
      { numRuns: 1000 },
    );
  });

  test('throws when a field is not there', () => {
    expect(() => encodeWithout(encodeCbor({ a: 1 }), ['b'], utf8(''))).toThrow('missing');
  });
});

/** Flips, inserts, removes or cuts at one place. */
function edited(bytes: Uint8Array, [where, byte, how]: [number, number, number]): Uint8Array {
  const index = where % (bytes.length + 1);
  const [front, back] = [bytes.subarray(0, index), bytes.subarray(index)];
  if (how === 0) return concatBytes(front, Uint8Array.of(byte), back.subarray(1));
  if (how === 1) return concatBytes(front, Uint8Array.of(byte), back);
  if (how === 2) return concatBytes(front, back.subarray(1));
  return front;
}

/** What is accepted encodes to the same bytes, by us and by cborg, and cborg reads the same value. */
function assertOneEncoding(bytes: Uint8Array): void {
  const parsed = parseCbor(bytes);
  if (parsed.verdict !== 'accept') {
    if (parsed.code !== 'cbor_malformed') throw new Error(`unexpected code ${parsed.code}`);
    return;
  }
  if (compareBytes(encodeCbor(parsed.value), bytes) !== 0) throw new Error('two encodings');
  if (hasProtoField(parsed.value)) return;
  if (compareBytes(encode(decode(bytes)), bytes) !== 0) throw new Error('cborg differs');
}

/** cborg cannot decode a field of this name into a plain object. */
function hasProtoField(value: CborValue): boolean {
  return JSON.stringify(value)?.includes('__proto__') ?? false;
}
