/** Vectors of checkpoints, cosignatures and receipts. */
import { cosignCheckpoint } from '../../src/cosignature.ts';
import { nodeCryptography } from '../../src/crypto/node.ts';
import { signNote } from '../../src/notes/signed-note.ts';
import { emptyRootText, fixedNoteSigner, fixedSigner, verifierKeyText } from './charter-base.ts';
import { fixed32 } from './vector-case.ts';
import type { VectorCase } from './vector-case.ts';

const origin = 'api.alpha.example/log';
const cosigner = 'api.beta.example/log';
const logKey = verifierKeyText(origin);
const root = fixed32('log root').toBase64();
const text = `${origin}\n42\n${root}\n`;
const timestampSeconds = 1_767_225_600;

/** Returns all vectors about checkpoints, cosignatures and receipts. */
export function checkpointCases(): VectorCase[] {
  return [...checkpoints(), ...cosignatures(), ...receipts()];
}

function checkpoints(): VectorCase[] {
  const accepted = (
    name: string,
    comment: string,
    [size, base64]: [number, string],
  ): VectorCase => ({
    topic: 'notes',
    name,
    comment,
    expect: 'accept',
    values: {
      verify: 'checkpoint',
      logKey,
      note: signNote(`${origin}\n${size}\n${base64}\n`, [fixedNoteSigner(origin)]),
      checkpoint: { origin, size, root: base64 },
    },
  });
  const refused = (name: string, comment: string, signed: string, by = origin): VectorCase => ({
    topic: 'notes',
    name,
    comment,
    expect: by === origin ? 'checkpoint_malformed' : 'note_signature_missing',
    values: { verify: 'checkpoint', logKey, note: signNote(signed, [fixedNoteSigner(by)]) },
  });
  const sized = (size: string): string => `${origin}\n${size}\n${root}\n`;
  return [
    accepted('checkpoint', 'origin, size, root', [42, root]),
    accepted('checkpoint_of_size_0', 'with the empty root', [0, emptyRootText]),
    accepted('checkpoint_of_size_2_53_minus_1', 'the largest size', [2 ** 53 - 1, root]),
    refused('checkpoint_of_size_2_53', 'one above the largest size', sized(String(2n ** 53n))),
    refused('checkpoint_size_with_zero', '042', sized('042')),
    refused('checkpoint_size_with_sign', '+42', sized('+42')),
    refused('checkpoint_size_negative', '-1', sized('-1')),
    refused('checkpoint_size_empty', 'no digits', sized('')),
    refused('checkpoint_size_fraction', '42.0', sized('42.0')),
    refused('checkpoint_of_size_0_with_root', 'not the empty root', sized('0')),
    refused('checkpoint_without_origin', 'an empty first line', `\n42\n${root}\n`),
    refused('checkpoint_of_two_lines', 'no root', `${origin}\n42\n`),
    refused('checkpoint_with_extension', 'a fourth line', `${text}more\n`),
    refused(
      'checkpoint_root_short',
      '31 bytes',
      `${origin}\n42\n${fixed32('x').slice(1).toBase64()}\n`,
    ),
    refused('checkpoint_root_without_padding', 'no =', `${text.slice(0, -2)}\n`),
    refused('checkpoint_by_another_log', 'signed by another key', text, cosigner),
    {
      ...refused(
        'checkpoint_of_another_origin',
        'the log signs for another',
        text.replace('alpha', 'gamma'),
      ),
      expect: 'checkpoint_origin_mismatch',
    },
  ];
}

function cosignatures(): VectorCase[] {
  const note = signNote(text, [fixedNoteSigner(origin)]);
  const by = { name: cosigner, signer: fixedSigner(cosigner) };
  const cosigned = cosignCheckpoint(note, by, timestampSeconds);
  const cosignerKey = verifierKeyText(cosigner, 0x04);
  const of = (name: string, comment: string, values: object): VectorCase => ({
    topic: 'notes',
    name,
    comment,
    expect: 'accept',
    values: { verify: 'cosignature', cosignerKey, note: cosigned, ...values },
  });
  const refused = (name: string, comment: string, changed: string, expect: string): VectorCase => ({
    ...of(name, comment, { note: changed }),
    expect,
  });
  const bytes = Uint8Array.fromBase64(cosigned.trimEnd().split(' ').at(-1)!);
  const withBytes = (change: (copy: Uint8Array) => Uint8Array): string =>
    cosigned.replace(bytes.toBase64(), change(bytes.slice()).toBase64());
  const setByte = (index: number, value: number): string =>
    withBytes((copy) => copy.fill(value, index, index + 1));
  return [
    of('cosignature', 'beta cosigns a checkpoint of alpha', { timestampSeconds }),
    of('cosignature_twice', 'the newest time counts', {
      note: cosignCheckpoint(cosigned, by, timestampSeconds + 60),
      timestampSeconds: timestampSeconds + 60,
    }),
    refused(
      'cosignature_time_changed',
      'a second later',
      setByte(11, bytes[11]! + 1),
      'note_signature_invalid',
    ),
    refused(
      'cosignature_time_above_2_53',
      'beyond any clock',
      setByte(4, 0xff),
      'note_signature_invalid',
    ),
    refused(
      'cosignature_71_bytes',
      'a byte short',
      withBytes((copy) => copy.slice(0, -1)),
      'note_signature_invalid',
    ),
    refused('cosignature_missing', 'the log alone has signed', note, 'note_signature_missing'),
    refused(
      'cosignature_as_plain_signature',
      'the same key under algorithm 1',
      signNote(text, [fixedNoteSigner(cosigner)]),
      'note_signature_missing',
    ),
  ];
}

function receipts(): VectorCase[] {
  const leaves = ['first', 'second', 'third'].map((word) =>
    new TextEncoder().encode(`${word} leaf`),
  );
  const hashes = leaves.map((leaf) => nodeCryptography.sha256(Uint8Array.of(0, ...leaf)));
  const node = (left: Uint8Array, right: Uint8Array): Uint8Array =>
    nodeCryptography.sha256(Uint8Array.of(1, ...left, ...right));
  const [first, , third] = hashes as [Uint8Array, Uint8Array, Uint8Array];
  const top = node(node(first, hashes[1]!), third).toBase64();
  const receipt = {
    origin,
    index: 1,
    leaf: url(leaves[1]!),
    checkpoint: signNote(`${origin}\n3\n${top}\n`, [fixedNoteSigner(origin)]),
    proof: [url(first), url(third)],
  };
  const of = (name: string, comment: string, expect: string, change: object): VectorCase => ({
    topic: 'receipts',
    name,
    comment,
    expect,
    values: { logKey, receipt: { ...receipt, ...change } },
  });
  const malformed = (name: string, comment: string, change: object): VectorCase =>
    of(name, comment, 'receipt_malformed', change);
  const proof = 'receipt_proof_invalid';
  const alone = signNote(`${origin}\n1\n${hashes[1]!.toBase64()}\n`, [fixedNoteSigner(origin)]);
  return [
    of('second_of_three', 'index 1 of a log of three leaves', 'accept', {}),
    of('only_leaf', 'a log of one leaf needs no proof', 'accept', {
      index: 0,
      proof: [],
      checkpoint: alone,
    }),
    of('index_wrong', 'the leaf stands at 1', proof, { index: 2 }),
    of('index_beyond_size', 'three leaves', proof, { index: 3 }),
    of('leaf_changed', 'another leaf', proof, { leaf: url(leaves[2]!) }),
    of('proof_short', 'one hash of two', proof, { proof: receipt.proof.slice(0, 1) }),
    of('proof_long', 'three hashes of two', proof, { proof: [...receipt.proof, url(first)] }),
    of('proof_in_wrong_order', 'from the root down', proof, { proof: receipt.proof.toReversed() }),
    of('origin_wrong', 'the receipt names beta', 'receipt_origin_mismatch', { origin: cosigner }),
    of('checkpoint_unsigned', 'the text alone', 'note_malformed', { checkpoint: text }),
    malformed('field_unknown', 'a field nobody defined', { time: 1 }),
    malformed('index_negative', 'minus one', { index: -1 }),
    malformed('index_text', 'in quotes', { index: '1' }),
    malformed('index_fraction', 'half', { index: 0.5 }),
    malformed('leaf_padded', 'base64url with padding', { leaf: `${url(Uint8Array.of(1))}==` }),
    malformed('leaf_of_2049_bytes', 'at most 2048', { leaf: url(new Uint8Array(2049)) }),
    malformed('proof_hash_short', '31 bytes', { proof: [url(first.slice(1))] }),
    malformed('proof_of_54_hashes', 'at most 53', {
      proof: Array.from({ length: 54 }, () => url(first)),
    }),
    malformed('checkpoint_of_8193_characters', 'at most 8192', { checkpoint: 'x'.repeat(8193) }),
    malformed('origin_empty', 'no origin', { origin: '' }),
  ];
}

function url(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: 'base64url', omitPadding: true });
}
