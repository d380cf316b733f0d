/** Vectors of the index: states, trees, proofs and signed roots, put together by hand. */
import { createHash } from 'node:crypto';
import { signNote } from '../../src/notes/signed-note.ts';
import { emptyRootText, fixedNoteSigner, verifierKeyText } from './charter-base.ts';
import { fixed32, readable } from './vector-case.ts';
import type { VectorCase } from './vector-case.ts';

/** Returns the cases of `vectors/index`. */
export function indexCases(): VectorCase[] {
  return [...states(), ...trees(), ...presence(), ...absence(), ...malformedProofs(), ...roots()];
}

const held = {
  epoch: 0,
  status: 'held',
  ownershipId: fixed32('register'),
  ownershipAtMs: 1_767_225_600_000,
  authority: fixed32('authority'),
  recovery: null,
  lock: false,
  email: null,
  seq: 0,
  entryId: fixed32('register'),
  commitment: fixed32('commitment'),
  endsAtMs: null,
};

function states(): VectorCase[] {
  const order =
    'epoch status ownershipId ownershipAtMs endsAtMs authority recovery lock email seq entryId commitment';
  const of = (name: string, comment: string, state: Record<string, unknown>): VectorCase => {
    const items = [1, ...order.split(' ').map((field) => state[field])];
    const encoded = Buffer.concat([Buffer.of(0x80 + items.length), ...items.map(cbor)]);
    const domain = Buffer.from('callbook/1 binding state\n');
    return {
      topic: 'index',
      name,
      comment,
      expect: 'accept',
      values: {
        verify: 'binding state',
        state: readable(state),
        encoded: encoded.toString('hex'),
        stateHash: sha256(domain, encoded).toHex(),
      },
    };
  };
  const update = { ...held, seq: 7, entryId: fixed32('update'), recovery: fixed32('recovery') };
  const released = { ...held, status: 'released', lock: true, endsAtMs: 1_767_484_800_000 };
  return [
    of('state_registered', 'the register itself is in force', held),
    of('state_updated', 'the seventh update is in force', update),
    of('state_released', 'released, ends after the pause', {
      ...released,
      ownershipId: fixed32('release'),
    }),
  ];
}

/** Just enough CBOR for a state. */
function cbor(value: unknown): Buffer {
  if (value === null) return Buffer.of(0xf6);
  if (typeof value === 'boolean') return Buffer.of(value ? 0xf5 : 0xf4);
  if (typeof value === 'string')
    return Buffer.concat([Buffer.of(0x60 + value.length), Buffer.from(value)]);
  if (value instanceof Uint8Array) return Buffer.concat([Buffer.of(0x58, value.length), value]);
  const number = value as number;
  if (number < 24) return Buffer.of(number);
  const bytes = Buffer.alloc(9, 0x1b);
  bytes.writeBigUInt64BE(BigInt(number), 1);
  return bytes;
}

function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(createHash('sha256').update(Buffer.concat(parts)).digest());
}

const labelOf = (head: string): Uint8Array => {
  const label = fixed32(`label ${head}`);
  label.set(Uint8Array.fromHex(head));
  return label;
};
const state = fixed32('state');
// In binary 000…, 0100…, 0101… and 1….
const [first, second, third, fourth] = ['00', '40', '50', 'c0'].map(labelOf) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
];
const leaf = (label: Uint8Array): Uint8Array => sha256(Uint8Array.of(2), label, state);
const inner = (left: Uint8Array, right: Uint8Array): Uint8Array =>
  sha256(Uint8Array.of(3), left, right);
const nothing = new Uint8Array(32);

// 0100… and 0101… differ in their fourth bit: below 01 stand 010 and, beside it, nothing.
const pair = inner(leaf(second), leaf(third));
const below01 = inner(pair, nothing);
const left = inner(leaf(first), below01);
const root = inner(left, leaf(fourth));

function trees(): VectorCase[] {
  const of = (name: string, comment: string, labels: Uint8Array[], treeRoot: Uint8Array) => ({
    topic: 'index',
    name,
    comment,
    expect: 'accept',
    values: {
      verify: 'index tree',
      leaves: labels.map((label) => ({ label: label.toHex(), stateHash: state.toHex() })),
      root: treeRoot.toHex(),
    },
  });
  return [
    of('tree_empty', 'no label: 32 zero bytes', [], nothing),
    of('tree_of_one', 'one leaf stands at the top', [second], leaf(second)),
    of(
      'tree_of_two',
      'divided at the first bit',
      [second, fourth],
      inner(leaf(second), leaf(fourth)),
    ),
    of('tree_of_four', 'two share three bits', [first, second, third, fourth], root),
  ];
}

interface ProofParts {
  readonly kind: number;
  readonly siblings: readonly (Uint8Array | null)[];
  readonly other?: Uint8Array;
}

function proofOf({ kind, siblings, other }: ProofParts): Uint8Array {
  const bits = siblings.map((hash) => (hash === null ? '0' : '1')).join('');
  const bitmap = (bits.padEnd(Math.ceil(bits.length / 8) * 8, '0').match(/.{8}/g) ?? []).map(
    (byte) => Number.parseInt(byte, 2),
  );
  const tail = other === undefined ? [] : [other, state];
  const hashes = siblings.filter((hash) => hash !== null);
  return new Uint8Array(
    Buffer.concat([Buffer.of(kind, siblings.length, ...bitmap), ...hashes, ...tail]),
  );
}

/** The way to 0100…: beside it 1…, 00…, nothing at 011, and 0101…. */
const way = [leaf(fourth), leaf(first), null, leaf(third)];

function proofCase(of: {
  name: string;
  comment: string;
  expect?: string;
  label?: Uint8Array;
  stateHash?: Uint8Array | null;
  proof: Uint8Array;
  root?: Uint8Array;
}): VectorCase {
  const { name, comment, label = second, stateHash = state, proof } = of;
  return {
    topic: 'index',
    name: `proof_${name}`,
    comment,
    expect: of.expect ?? 'accept',
    values: {
      verify: 'index proof',
      root: (of.root ?? root).toHex(),
      label: label.toHex(),
      stateHash: stateHash?.toHex() ?? null,
      proof: proof.toHex(),
    },
  };
}

const invalid = 'index_proof_invalid';
const present = { kind: 0, siblings: way };

function presence(): VectorCase[] {
  const proof = proofOf(present);
  const swapped = [way[1]!, way[0]!, null, way[3]!];
  return [
    proofCase({ name: 'present', comment: 'four levels, nothing beside the third', proof }),
    proofCase({
      name: 'present_alone',
      comment: 'the only leaf is the root',
      root: leaf(second),
      proof: proofOf({ kind: 0, siblings: [] }),
    }),
    proofCase({
      name: 'state_wrong',
      comment: 'another state',
      expect: invalid,
      stateHash: fixed32('other state'),
      proof,
    }),
    proofCase({
      name: 'label_wrong',
      comment: 'of its neighbour',
      expect: invalid,
      label: third,
      proof,
    }),
    proofCase({
      name: 'root_wrong',
      comment: 'of the tree without 0000…',
      expect: invalid,
      root: inner(below01, leaf(fourth)),
      proof,
    }),
    proofCase({
      name: 'siblings_swapped',
      comment: 'from the wrong end',
      expect: invalid,
      proof: proofOf({ kind: 0, siblings: swapped }),
    }),
    proofCase({
      name: 'level_missing',
      comment: 'the last level left out',
      expect: invalid,
      proof: proofOf({ kind: 0, siblings: way.slice(0, 2) }),
    }),
    proofCase({
      name: 'of_presence_for_absence',
      comment: 'the claim is that there is none',
      expect: invalid,
      stateHash: null,
      proof,
    }),
  ];
}

function absence(): VectorCase[] {
  const nowhere = labelOf('60');
  const beside = labelOf('80');
  const empty = { kind: 1, siblings: [leaf(fourth), leaf(first), pair] };
  const otherLeaf = { kind: 2, siblings: [left], other: fourth };
  const absent = { stateHash: null };
  return [
    proofCase({
      ...absent,
      name: 'absent_empty',
      comment: '0110… would stand where nothing is',
      label: nowhere,
      proof: proofOf(empty),
    }),
    proofCase({
      ...absent,
      name: 'absent_other_leaf',
      comment: '1000… would stand where 1100… is alone',
      label: beside,
      proof: proofOf(otherLeaf),
    }),
    proofCase({
      ...absent,
      name: 'absent_in_empty_tree',
      comment: 'no label at all',
      root: nothing,
      proof: proofOf({ kind: 1, siblings: [] }),
    }),
    proofCase({
      name: 'of_absence_for_presence',
      comment: 'the claim is that there is one',
      expect: invalid,
      label: nowhere,
      proof: proofOf(empty),
    }),
    proofCase({
      ...absent,
      name: 'absent_by_own_leaf',
      comment: 'the other leaf is the label itself',
      expect: invalid,
      label: fourth,
      proof: proofOf(otherLeaf),
    }),
    proofCase({
      ...absent,
      name: 'absent_by_leaf_elsewhere',
      comment: '0110… does not begin like 1100…',
      expect: invalid,
      label: nowhere,
      proof: proofOf(otherLeaf),
    }),
    proofCase({
      ...absent,
      name: 'absent_above_the_leaf',
      comment: 'ends where two leaves are below',
      expect: invalid,
      proof: proofOf({ kind: 1, siblings: way.slice(0, 2) }),
    }),
  ];
}

function malformedProofs(): VectorCase[] {
  const proof = proofOf(present);
  const of = (name: string, comment: string, bytes: Uint8Array): VectorCase =>
    proofCase({ name, comment, expect: 'index_proof_malformed', proof: bytes });
  return [
    of('without_bytes', 'nothing at all', new Uint8Array(0)),
    of('of_one_byte', 'no number of levels', Uint8Array.of(0)),
    of('of_kind_3', 'kinds are 0, 1 and 2', proof.with(0, 3)),
    of('short', 'the last byte is missing', proof.slice(0, -1)),
    of('long', 'a byte too many', Uint8Array.of(...proof, 0)),
    of('bit_beyond_levels', 'the fifth bit of four levels', proof.with(2, 0b1101_1000)),
    of(
      'last_level_empty',
      'nothing beside the end',
      proofOf({ kind: 0, siblings: [...way, null] }),
    ),
    of(
      'empty_spelt_out',
      '32 zero bytes instead of a bit',
      proofOf({ kind: 0, siblings: way.with(2, nothing) }),
    ),
    of('of_4097_bytes', 'at most 4096', new Uint8Array(4097)),
  ];
}

const origin = 'api.alpha.example/log';
const others = ['api.beta.example/log', 'api.gamma.example/log'];
const logRoot = (name: string): string => fixed32(`log root ${name}`).toBase64();
const head = `callbook/1 index\n1\n${fixed32('charter').toBase64()}\n`;
const logLine = (name: string, size = '42'): string => `${name} ${size} ${logRoot(name)}\n`;
const logLines = [origin, ...others].map((name) => logLine(name)).join('');
const text = `${head}${root.toBase64()}\n${logLines}`;

function roots(): VectorCase[] {
  const of = (name: string, comment: string, signed: string, expect: string): VectorCase => ({
    topic: 'index',
    name: `root_${name}`,
    comment,
    expect,
    values: {
      verify: 'index root',
      logKey: verifierKeyText(origin),
      note: signNote(signed, [fixedNoteSigner(origin)]),
    },
  });
  const accepted = (name: string, comment: string, signed: string): VectorCase =>
    of(name, comment, signed, 'accept');
  const refused = (name: string, comment: string, signed: string): VectorCase =>
    of(name, comment, signed, 'index_root_malformed');
  const rooted = `${head}${root.toBase64()}\n`;
  const many = (count: number): string =>
    Array.from({ length: count }, (_, n) => logLine(`log${String(n).padStart(2, '0')}`)).join('');
  const sized = (size: string): string => `${rooted}${logLine(origin, size)}`;
  return [
    accepted('of_three_logs', 'the index of the tree of four', text),
    accepted('of_one_log', 'a single member', `${rooted}${logLine(origin)}`),
    accepted('of_16_logs', 'the most members', `${rooted}${many(16)}`),
    accepted(
      'of_an_empty_log',
      'size 0 with the empty root',
      `${rooted}${origin} 0 ${emptyRootText}\n`,
    ),
    accepted('of_size_2_53_minus_1', 'the largest size', sized(String(2 ** 53 - 1))),
    refused('of_17_logs', 'one above the most', `${rooted}${many(17)}`),
    refused('without_logs', 'folded from nothing', rooted),
    refused('of_size_2_53', 'one above the largest size', sized(String(2n ** 53n))),
    refused('size_with_zero', '042', sized('042')),
    refused('size_0_with_root', 'not the empty root', sized('0')),
    refused(
      'logs_out_of_order',
      'beta before alpha',
      `${rooted}${logLine(others[0]!)}${logLine(origin)}`,
    ),
    refused('log_twice', 'alpha, alpha', `${rooted}${logLine(origin)}${logLine(origin)}`),
    refused('log_line_of_two_words', 'no root', `${rooted}${origin} 42\n`),
    refused('log_line_of_four_words', 'one more', `${rooted}${logLine(origin).trimEnd()} 1\n`),
    refused('first_line_wrong', 'another version', text.replace('callbook/1', 'callbook/2')),
    refused('ruleset_0', 'from 1', text.replace('index\n1\n', 'index\n0\n')),
    refused('ruleset_missing', 'three lines of head', text.replace('index\n1\n', 'index\n')),
    refused('root_short', '31 bytes', `${head}${root.slice(1).toBase64()}\n${logLines}`),
    refused(
      'root_without_padding',
      'no =',
      text.replace(root.toBase64(), root.toBase64().slice(0, -1)),
    ),
    {
      ...of('by_another_log', 'signed by beta', text, 'note_signature_missing'),
      values: {
        verify: 'index root',
        logKey: verifierKeyText(origin),
        note: signNote(text, [fixedNoteSigner(others[0]!)]),
      },
    },
  ];
}
