// The short way through entries and leaves: it accepts nothing that the codec does not, and the same.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseCbor } from '../src/cbor.ts';
import { entryOf } from '../src/entry-rules.ts';
import { encodeEntry } from '../src/entry.ts';
import { readCommonEntry, readEntryLeaf } from '../src/flat-reader.ts';
import { encodeLeaf } from '../src/leaf.ts';
import { readVectors } from './read-vectors.ts';
import type { Entry } from '../src/entry.ts';
import type { Leaf } from '../src/leaf.ts';

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
const hashOrNull = fc.option(hash, { nil: null });
const counts = fc.oneof(
  fc.constantFrom(0, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32),
  fc.maxSafeNat(),
);

const updates: fc.Arbitrary<Entry> = fc.record<Entry>({
  v: fc.constant(1),
  kind: fc.constant('update'),
  labelEpoch: counts,
  label: hash,
  epoch: counts,
  seq: counts.filter((seq) => seq > 0),
  prev: hash,
  authority: hash,
  commitment: hashOrNull,
  recovery: hashOrNull,
  lock: fc.boolean(),
  email: hashOrNull,
  sig: fc.uint8Array({ minLength: 64, maxLength: 64 }),
});

const leaves: fc.Arbitrary<Leaf> = fc.record({
  v: fc.constant(1),
  at: counts,
  charter: hash,
  role: fc.constantFrom('received', 'challenged', 'witnessed'),
  entry: fc.uint8Array({ minLength: 256, maxLength: 1024 }),
});

/** One byte another, one gone or one more. */
const changes = fc.record({
  at: fc.nat(10_000),
  cut: fc.nat(1),
  put: fc.array(fc.nat(255), { maxLength: 1 }),
});

function changed(bytes: Uint8Array, { at, cut, put }: { at: number; cut: number; put: number[] }) {
  const start = at % bytes.length;
  return Uint8Array.of(...bytes.subarray(0, start), ...put, ...bytes.subarray(start + cut));
}

function byCodec(bytes: Uint8Array): Entry | string {
  const parsed = parseCbor(bytes);
  return parsed.verdict === 'accept' ? entryOf(parsed.value) : parsed.code;
}

test('reads every update, as the codec does', () => {
  fc.assert(
    fc.property(updates, (entry) => {
      const bytes = encodeEntry(entry);
      expect(readCommonEntry(bytes)).toEqual(entry);
      expect(byCodec(bytes)).toEqual(entry);
    }),
    { numRuns: 1000 },
  );
});

test('reads nothing that the codec refuses for its form', () => {
  let read = 0;
  fc.assert(
    fc.property(updates, changes, (entry, change) => {
      const bytes = changed(encodeEntry(entry), change);
      const flat = readCommonEntry(bytes);
      if (flat === undefined) return;
      read++;
      // The rules of its kind come after: only they may still refuse what has the form.
      expect(parseCbor(bytes)).toEqual({ verdict: 'accept', value: flat });
    }),
    { numRuns: 5000 },
  );
  expect(read).toBeGreaterThan(100);
});

test('reads every leaf with an entry, and nothing that the codec reads otherwise', () => {
  fc.assert(
    fc.property(leaves, changes, (leaf, change) => {
      const bytes = encodeLeaf(leaf);
      expect(readEntryLeaf(bytes)).toEqual(leaf);
      const other = changed(bytes, change);
      const flat = readEntryLeaf(other);
      if (flat !== undefined) expect(parseCbor(other)).toEqual({ verdict: 'accept', value: flat });
    }),
    { numRuns: 2000 },
  );
});

test.each(readVectors('entries'))('agrees with the codec on $name', ({ content }) => {
  const bytes = Uint8Array.fromHex(content.bytes);
  const flat = readCommonEntry(bytes);
  if (flat !== undefined) expect(parseCbor(bytes)).toEqual({ verdict: 'accept', value: flat });
});
