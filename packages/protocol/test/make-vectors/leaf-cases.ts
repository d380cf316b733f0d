/** Vectors of leaves. The entry inside is bytes to a leaf, so a short stand-in will do. */
import { drafts, encodedFields, signedEntry } from './signed-entry.ts';
import { fixed32 } from './vector-case.ts';
import type { VectorCase } from './vector-case.ts';

const entry = signedEntry(drafts.register);
const leaf = {
  v: 1,
  at: 1_750_000_000_000,
  charter: fixed32('charter'),
  role: 'received',
  entry,
};
const { entry: _entry, ...withoutEntry } = leaf;

/** Returns all cases of `vectors/leaves`. */
export function leafCases(): VectorCase[] {
  return [
    ...validCases(),
    ...sizeCases(),
    ...malformedCases(),
    made('byte_after_the_end', 'nothing follows the item', {
      expect: 'cbor_malformed',
      bytes: Buffer.concat([encodedFields(leaf), Buffer.of(0)]),
    }),
  ];
}

function validCases(): VectorCase[] {
  const role = 'charter';
  return [
    valid('received', 'the member received the entry', leaf),
    valid('challenged', 'the member challenged the claimant', { ...leaf, role: 'challenged' }),
    valid('witnessed', 'the member saw challenged leaves', { ...leaf, role: 'witnessed' }),
    valid('charter', 'the leaf by which a log takes up a charter', { ...withoutEntry, role }),
    valid('at_0', 'the earliest time', { ...leaf, at: 0 }),
    valid('at_2_53_minus_1', 'the latest time', { ...leaf, at: Number.MAX_SAFE_INTEGER }),
    valid('entry_of_no_meaning', 'a leaf says nothing of what its entry is worth', {
      ...leaf,
      entry: new Uint8Array(0),
    }),
  ];
}

function sizeCases(): VectorCase[] {
  return [2047, 2048, 2049].map((size) => {
    const others = encodedFields({ ...leaf, entry: new Uint8Array(1024) }).length - 1024;
    const bytes = encodedFields({ ...leaf, entry: new Uint8Array(size - others) });
    const expect = size > 2048 ? 'leaf_too_large' : 'accept';
    return made(`leaf_of_${bytes.length}_bytes`, 'a leaf is at most 2048 bytes', { expect, bytes });
  });
}

function malformedCases(): VectorCase[] {
  const roleRule = 'every role but charter has an entry, and charter has none';
  return [
    ...Object.keys(withoutEntry).map((name) =>
      malformed(
        `${name}_missing`,
        `every leaf has ${name}`,
        Object.fromEntries(Object.entries(leaf).filter(([field]) => field !== name)),
      ),
    ),
    malformed('not_a_map', 'a leaf is a map', [1]),
    malformed('field_unknown', 'a map has exactly its fields', { ...leaf, note: 'x' }),
    malformed('v_2', 'v is 1', { ...leaf, v: 2 }),
    malformed('at_negative', 'at counts from 1970', { ...leaf, at: -1 }),
    malformed('at_text', 'at is an integer', { ...leaf, at: '1750000000000' }),
    malformed('charter_of_31_bytes', 'charter is 32 bytes', {
      ...leaf,
      charter: new Uint8Array(31),
    }),
    malformed('charter_of_33_bytes', 'charter is 32 bytes', {
      ...leaf,
      charter: new Uint8Array(33),
    }),
    malformed('role_unknown', 'there are four roles', { ...leaf, role: 'refused' }),
    malformed('received_without_entry', roleRule, withoutEntry),
    malformed('charter_with_entry', roleRule, { ...leaf, role: 'charter' }),
    malformed('entry_null', 'an absent entry is left out', {
      ...leaf,
      role: 'charter',
      entry: null,
    }),
    malformed('entry_as_map', 'entry is a byte string', { ...leaf, entry: { v: 1 } }),
  ];
}

function valid(name: string, comment: string, fields: object): VectorCase {
  return made(name, comment, { expect: 'accept', bytes: encodedFields(fields) });
}

function malformed(name: string, comment: string, fields: unknown): VectorCase {
  return made(name, comment, { expect: 'leaf_malformed', bytes: encodedFields(fields) });
}

function made(
  name: string,
  comment: string,
  of: { expect: string; bytes: Uint8Array },
): VectorCase {
  const { expect, bytes } = of;
  return { topic: 'leaves', name, comment, expect, values: { bytes: bytes.toHex() } };
}
