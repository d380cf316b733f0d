/** Vectors of payloads: form and limits first, then the ties to an entry. */
import { createHmac } from 'node:crypto';
import { nodeCryptography } from '../../src/crypto/node.ts';
import { payloadListCases } from './payload-list-cases.ts';
import { encodedFields } from './signed-entry.ts';
import { fixed32, readable } from './vector-case.ts';
import type { Fields } from './signed-entry.ts';
import type { VectorCase } from './vector-case.ts';

const identifier = 'tel:+4915123456789';
const prover = nodeCryptography.vrfProver(fixed32('vrf key'));
const vrfProof = prover.prove(Buffer.from(identifier));
const label = prover.output(Buffer.from(identifier)).slice(0, 32);

/** A valid payload with nothing in its lists. */
const bare = { identifier, routes: [], keys: [], vrfProof };

const route = { service: 'sip', uri: 'sip:anna@sip.example', preference: 10 };
const certificate = { use: 'openpgp', algorithm: 'openpgp' };

/** Returns all cases of `vectors/payloads`. */
export function payloadCases(): VectorCase[] {
  return [
    ...formCases(),
    ...sizeCases(),
    ...payloadListCases(bare),
    ...commitmentCases(),
    ...encodingCases(),
  ];
}

function formCases(): VectorCase[] {
  return [
    payload('bare', 'no routes and no keys', bare),
    payload('visible_by_api_only', 'visibility api is written out', { ...bare, visibility: 'api' }),
    payload('of_an_address', 'identifiers of every scheme', {
      ...bare,
      identifier: 'mailto:anna@mail.example',
    }),
    malformed('visibility_dns_written_out', 'the default is left out', {
      ...bare,
      visibility: 'dns',
    }),
    malformed('visibility_unknown', 'visibility is dns or api', { ...bare, visibility: 'none' }),
    malformed('field_unknown', 'a map has exactly its fields', { ...bare, note: 'x' }),
    malformed('not_a_map', 'a payload is a map', [bare]),
    ...Object.keys(bare).map((name) =>
      malformed(
        `${name}_missing`,
        `every payload has ${name}`,
        Object.fromEntries(Object.entries(bare).filter(([field]) => field !== name)),
      ),
    ),
    ...[79, 81].map((size) =>
      malformed(`vrfProof_of_${size}_bytes`, 'vrfProof is 80 bytes', {
        ...bare,
        vrfProof: new Uint8Array(size),
      }),
    ),
    malformed('identifier_as_bytes', 'identifier is text', {
      ...bare,
      identifier: Buffer.from(identifier),
    }),
    payload(
      'identifier_not_canonical',
      'the identifier is in canonical form',
      {
        ...bare,
        identifier: 'tel:+49 151 23456789',
      },
      'identifier_malformed',
    ),
  ];
}

/** An OpenPGP certificate is the one field long enough to fill a payload. */
function sizeCases(): VectorCase[] {
  return [8191, 8192, 8193].map((size) => {
    const withKey = (keySize: number): object => ({
      ...bare,
      keys: [{ ...certificate, key: new Uint8Array(keySize).fill(0x99) }],
    });
    const others = encodedFields(withKey(4096)).length - 4096;
    const fields = withKey(size - others);
    const { length } = encodedFields(fields);
    const expect = size > 8192 ? 'payload_too_large' : 'accept';
    return payload(`payload_of_${length}_bytes`, 'a payload is at most 8192 bytes', fields, expect);
  });
}

function encodingCases(): VectorCase[] {
  const hex = encodedFields(bare).toHex();
  const comment = 'a payload is one item of deterministic CBOR';
  const expect = 'cbor_malformed';
  return [
    made('no_bytes', comment, { expect, values: { bytes: '' } }),
    made('byte_after_the_end', comment, { expect, values: { bytes: `${hex}00` } }),
    made('map_head_not_shortest', comment, {
      expect,
      values: { bytes: hex.replace(/^a4/, 'b804') },
    }),
  ];
}

/** Cases with an opening: whether the payload belongs to an entry of that label and commitment. */
function commitmentCases(): VectorCase[] {
  const bytes = encodedFields({ ...bare, routes: [route] });
  const opening = fixed32('opening');
  const tie = { bytes, opening, commitment: mac(opening, bytes), label };
  const otherIdentifier = encodedFields({ ...bare, identifier: 'tel:+447700900001' });
  const changedProof = Uint8Array.from(vrfProof);
  changedProof[79] = changedProof[79]! ^ 1;
  const otherProof = encodedFields({ ...bare, vrfProof: changedProof });
  const zeroEnded = Uint8Array.of(...opening.slice(0, 31), 0);
  return [
    tied('committed', 'opening, commitment and label fit', tie),
    tied('opening_of_another_entry', 'commitment = HMAC-SHA256(opening, payload)', {
      ...tie,
      opening: fixed32('another opening'),
      expect: 'commitment_mismatch',
    }),
    tied('opening_of_31_bytes', 'an opening is 32 bytes; HMAC takes a missing zero as read', {
      ...tie,
      opening: opening.slice(0, 31),
      commitment: mac(zeroEnded, bytes),
      expect: 'commitment_mismatch',
    }),
    tied('opening_of_33_bytes', 'an opening is 32 bytes; HMAC takes a further zero as nothing', {
      ...tie,
      opening: Uint8Array.of(...opening, 0),
      expect: 'commitment_mismatch',
    }),
    tied('payload_changed_after_commitment', 'commitment = HMAC-SHA256(opening, payload)', {
      ...tie,
      bytes: encodedFields(bare),
      expect: 'commitment_mismatch',
    }),
    tied('entry_without_commitment', 'a null commitment opens to nothing', {
      ...tie,
      commitment: null,
      expect: 'commitment_mismatch',
    }),
    tied('label_of_another_identifier', 'the label is the VRF of the identifier', {
      ...tie,
      bytes: otherIdentifier,
      commitment: mac(opening, otherIdentifier),
      expect: 'label_mismatch',
    }),
    tied('vrf_proof_changed', 'the proof verifies', {
      ...tie,
      bytes: otherProof,
      commitment: mac(opening, otherProof),
      expect: 'label_mismatch',
    }),
    tied('label_changed', 'the label is the first 32 bytes of the VRF output', {
      ...tie,
      label: fixed32('label'),
      expect: 'label_mismatch',
    }),
  ];
}

interface Tie {
  readonly bytes: Uint8Array;
  readonly opening: Uint8Array;
  readonly commitment: Uint8Array | null;
  readonly label: Uint8Array;
  readonly expect?: string;
}

function tied(name: string, comment: string, tie: Tie): VectorCase {
  const { bytes, opening, commitment, label: entryLabel, expect = 'accept' } = tie;
  const vrfPublicKey = prover.publicKey;
  const values = { bytes, opening, commitment, label: entryLabel, vrfPublicKey };
  return made(name, comment, { expect, values: readable(values) as Fields });
}

function mac(opening: Uint8Array, bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHmac('sha256', opening).update(bytes).digest());
}

function malformed(name: string, comment: string, fields: unknown): VectorCase {
  return payload(name, comment, fields, 'payload_malformed');
}

/** Returns a case of the payload's form alone. */
export function payload(
  name: string,
  comment: string,
  fields: unknown,
  expect = 'accept',
): VectorCase {
  const bytes = encodedFields(fields).toHex();
  const values = expect === 'accept' ? { bytes, fields: readable(fields) } : { bytes };
  return made(name, comment, { expect, values });
}

function made(name: string, comment: string, of: { expect: string; values: Fields }): VectorCase {
  return { topic: 'payloads', name, comment, expect: of.expect, values: of.values };
}
