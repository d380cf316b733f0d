/** Vectors of the form of evidence: fields, versions, limits. */
import { atMs, evidenceCase, logOf } from './evidence-case.ts';
import { encodedFields } from './signed-entry.ts';
import type { VectorCase } from './vector-case.ts';

const malformed = 'evidence_malformed';
const bytesMax = 131_072;

export function evidenceFormCases(): VectorCase[] {
  const log = logOf('beta')
    .add('charter', atMs)
    .add('charter', atMs - 1);
  const leaves = [log.receipt(0), log.receipt(1)];
  const valid = { kind: 'time_back', leaves };
  const wrong = (name: string, comment: string, evidence: Record<string, unknown> | Uint8Array) =>
    evidenceCase({ name, comment, evidence, expect: malformed });
  const first = leaves[0]!;
  const side = log.side(0, 1);
  const of = (count: number): unknown => ({
    v: 1,
    kind: 'witness_alone',
    leaves: Array.from({ length: count }, () => first),
  });
  return [
    wrong('v_2', 'another version', { ...valid, v: 2 }),
    wrong('v_missing', 'no version', encodedFields(valid)),
    wrong('kind_unknown', 'no such kind', { ...valid, kind: 'gossip' }),
    wrong('kind_missing', 'no kind', { leaves }),
    wrong('field_unknown', 'a field too many', { ...valid, note: 'x' }),
    wrong('not_a_map', 'a list', encodedFields([1, 'time_back', leaves])),
    wrong('one_leaf', 'a pair of one', { ...valid, leaves: [first] }),
    wrong('three_leaves', 'a pair of three', { ...valid, leaves: [...leaves, first] }),
    wrong('leaf_with_field_unknown', 'a receipt with a field too many', {
      ...valid,
      leaves: [first, { ...first, note: 'x' }],
    }),
    wrong('index_negative', 'index -1', { ...valid, leaves: [first, { ...first, index: -1 }] }),
    wrong('leaf_hash_of_31_bytes', 'a hash that is too short', {
      kind: 'fork',
      index: 0,
      sides: [side, { ...side, leafHash: side.leafHash.slice(1) }],
    }),
    wrong('checkpoint_of_8193_characters', 'one more than 8192', {
      kind: 'two_roots',
      checkpoints: [log.checkpoint(), 'x'.repeat(8193)],
    }),
    wrong('proof_of_54_hashes', 'one more than 53', {
      ...valid,
      leaves: [first, { ...first, proof: Array.from({ length: 54 }, () => side.leafHash) }],
    }),
    wrong('leaves_18', 'one more than 17', encodedFields(of(18))),
    evidenceCase({
      name: 'leaves_17',
      comment: 'as many as may be, without an entry in them',
      expect: 'evidence_unproven',
      evidence: encodedFields(of(17)),
    }),
    evidenceCase({
      name: 'trailing_byte',
      comment: 'one byte after the map',
      expect: 'cbor_malformed',
      evidence: Buffer.concat([encodedFields({ v: 1, ...valid }), Buffer.of(0)]),
    }),
    ...sized(),
  ];
}

/** Only the size is right or wrong: what is inside is text that stands nowhere. */
function sized(): VectorCase[] {
  const bytesOf = (size: number): Uint8Array => {
    const empty = encodedFields({ v: 1, kind: 'x'.repeat(70_000) });
    return encodedFields({ v: 1, kind: 'x'.repeat(70_000 + size - empty.length) });
  };
  const of = (size: number, expect: string): VectorCase =>
    evidenceCase({
      name: `evidence_of_${size}_bytes`,
      comment: `${size} bytes, at most ${bytesMax}`,
      expect,
      evidence: bytesOf(size),
    });
  return [
    of(bytesMax - 1, malformed),
    of(bytesMax, malformed),
    of(bytesMax + 1, 'evidence_too_large'),
  ];
}
