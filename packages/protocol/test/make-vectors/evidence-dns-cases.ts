/** Vectors of evidence of DNS answers: what convicts a zone's member, and what an honest one may answer. */
import { createHash, createHmac } from 'node:crypto';
import { nodeCryptography } from '../../src/crypto/node.ts';
import { charterText, foundingCharter, originOf, signedBy } from './charter-base.ts';
import { evidenceCase } from './evidence-case.ts';
import { CaseZone, textRdata } from './evidence-zone.ts';
import type { Signed } from './evidence-zone.ts';
import { drafts, encodedFields, signedEntry } from './signed-entry.ts';
import type { Fields } from './signed-entry.ts';
import { fixed32 } from './vector-case.ts';
import type { VectorCase } from './vector-case.ts';

const apex = 'e164.alpha.example';
const number = 'tel:+4915123456789';
const owner = `9.8.7.6.5.4.3.2.1.5.1.9.4.${apex}`;
const zones = { 13: new CaseZone(apex, 13), 15: new CaseZone(apex, 15) };
const zone = zones[13];
const stranger = new CaseZone('e164.beta.example', 13);
const prover = nodeCryptography.vrfProver(fixed32('vrf'));
const opening = fixed32('opening');
const unproven = 'evidence_unproven';
const brokenChain = 'dns_chain_invalid';

/** Three members; both zones' DS are alpha's. */
const charters = [
  signedBy(
    charterText(
      (() => {
        const charter = foundingCharter(3, 0);
        const [alpha, ...others] = charter.members;
        const zoneDs = [zones[13].ds, zones[15].ds];
        return { ...charter, members: [{ ...alpha!, zoneDs }, ...others] };
      })(),
    ),
    ['alpha', 'beta', 'gamma'],
  ),
];

const identity = fixed32('identity key');
const box = fixed32('box key');

interface Published {
  readonly payload: Uint8Array;
  readonly entry: Uint8Array;
}

/** A payload of an identifier, and the update that commits to it; of its label unless told. */
function publish(
  changes: Fields & { readonly identifier?: string } = {},
  label: Uint8Array = labelOf(number),
): Published {
  const payload = encodedFields({
    identifier: number,
    routes: [],
    keys: [
      { use: 'identity', algorithm: 'ed25519', key: identity },
      { use: 'box', algorithm: 'x25519', key: box },
    ],
    vrfProof: prover.prove(Buffer.from(changes.identifier ?? number)),
    ...changes,
  });
  const commitment = new Uint8Array(createHmac('sha256', opening).update(payload).digest());
  return { payload, entry: signedEntry({ ...drafts.update, label, commitment }) };
}

function labelOf(identifier: string): Uint8Array {
  return prover.output(Buffer.from(identifier)).slice(0, 32);
}

const idOf = (key: Uint8Array): string => `id=${urlText(key)}`;
const boxOf = (key: Uint8Array): string => `box=${urlText(key)}`;

/** What an honest zone says. */
function stringsOf(entry: Uint8Array, keys = [idOf(identity), boxOf(box)]): string[] {
  const id = createHash('sha256').update(entry).digest('hex');
  return ['v=callbook1', ...keys, `log=${originOf('beta')} ${id}`];
}

interface Claim {
  readonly answer: Signed;
  readonly entry: Uint8Array;
  readonly dnskey?: Signed;
  readonly origin?: string;
  readonly ground: Fields;
}

function dnsCase(name: string, comment: string, of: Claim & { readonly expect?: string }) {
  const { answer, entry, ground, expect, dnskey = zone.dnskeys(), origin = 'alpha' } = of;
  return evidenceCase({
    name: `dns_${name}`,
    comment,
    charters,
    evidence: { kind: 'dns_answer', origin: originOf(origin), dnskey, answer, entry, ...ground },
    ...(expect === undefined ? { members: ['alpha'] } : { expect }),
  });
}

/** Returns the cases of DNS answers. */
export function evidenceDnsCases(): VectorCase[] {
  return [...payloads(), ...labels(), ...chains(), ...forms()];
}

function payloads(): VectorCase[] {
  const { payload, entry } = publish();
  const ground = { payload, opening };
  const other = fixed32('another key');
  const says = (name: string, comment: string, strings: string[], expect?: string) =>
    dnsCase(name, comment, {
      answer: zone.text(owner, strings),
      entry,
      ground,
      ...(expect !== undefined && { expect }),
    });
  const hidden = publish({ visibility: 'api' });
  const address = publish(
    { identifier: 'mailto:alice@example.com' },
    labelOf('mailto:alice@example.com'),
  );
  const hash = createHash('sha256').update('alice=example.com').digest('hex').slice(0, 56);
  const at = (name: string) => ({
    answer: zone.text(name, stringsOf(address.entry)),
    entry: address.entry,
    ground: { payload: address.payload, opening },
  });
  return [
    says(
      'other_identity_key',
      'the payload has another',
      stringsOf(entry, [idOf(other), boxOf(box)]),
    ),
    says('key_left_out', 'the box key is missing', stringsOf(entry, [idOf(identity)])),
    says(
      'key_added',
      'two identity keys, one of the payload',
      stringsOf(entry, [idOf(identity), idOf(other), boxOf(box)]),
    ),
    dnsCase('ed25519', 'a zone of algorithm 15', {
      dnskey: zones[15].dnskeys(),
      answer: zones[15].text(owner, stringsOf(entry, [])),
      entry,
      ground,
    }),
    dnsCase('at_another_number', 'the right keys, of somebody else', {
      answer: zone.text(`0.${owner}`, stringsOf(entry)),
      entry,
      ground,
    }),
    dnsCase('of_an_unlisted_binding', 'the payload is for the API only', {
      answer: zone.text(owner, stringsOf(hidden.entry)),
      entry: hidden.entry,
      ground: { payload: hidden.payload, opening },
    }),
    dnsCase('address_at_another_name', 'an address at the name of a number', at(owner)),
    dnsCase('address_honest', 'an address at the hash of its own', {
      ...at(`${hash}.id.${apex}`),
      expect: unproven,
    }),
    says(
      'honest',
      'what the entry says: at whatever time, in force or not',
      stringsOf(entry),
      unproven,
    ),
    says('honest_with_more', 'strings of later versions', [...stringsOf(entry), 'x=1'], unproven),
    says(
      'honest_other_log',
      'an earlier leaf came late',
      stringsOf(entry).map((text) => text.replace('beta', 'gamma')),
      unproven,
    ),
    says(
      'of_another_entry',
      'the answer names another entry',
      stringsOf(publish({}, fixed32('label')).entry),
      unproven,
    ),
    dnsCase('payload_of_another_entry', 'it is not what the entry commits to', {
      answer: zone.text(owner, stringsOf(entry, [])),
      entry,
      ground: { payload: hidden.payload, opening },
      expect: 'commitment_mismatch',
    }),
  ];
}

function labels(): VectorCase[] {
  const { entry } = publish();
  const foreign = publish({}, labelOf('tel:+34912345678')).entry;
  const ground = { identifier: number, vrfProof: prover.prove(Buffer.from(number)) };
  const of = (answered: Uint8Array) => ({
    answer: zone.text(owner, stringsOf(answered)),
    entry: answered,
    ground,
  });
  return [
    dnsCase(
      'entry_of_another_label',
      'the entry of one number at the name of another',
      of(foreign),
    ),
    dnsCase('entry_of_the_label', 'the entry has the label of the number', {
      ...of(entry),
      expect: unproven,
    }),
    dnsCase('identifier_of_another_name', 'the answer stands elsewhere', {
      ...of(foreign),
      answer: zone.text(`0.${owner}`, stringsOf(foreign)),
      expect: unproven,
    }),
    dnsCase('vrf_proof_of_another', 'the proof is of another number', {
      ...of(foreign),
      ground: { identifier: number, vrfProof: prover.prove(Buffer.from('tel:+34912345678')) },
      expect: 'label_mismatch',
    }),
    dnsCase('label_epoch_unknown', 'no charter at hand has it', {
      ...of(signedEntry({ ...drafts.update, labelEpoch: 1 })),
      expect: 'charter_missing',
    }),
  ];
}

/** Answers that would convict if the zone had signed them. */
function chains(): VectorCase[] {
  const { payload, entry } = publish();
  const strings = stringsOf(entry, []);
  const answer = zone.text(owner, strings);
  const valid: Claim = { answer, entry, ground: { payload, opening } };
  const broken = (name: string, comment: string, changes: Partial<Claim>, expect = brokenChain) =>
    dnsCase(name, comment, { ...valid, ...changes, expect });
  const signedWith = (flagsOfZsk: number): Partial<Claim> => {
    const flagged = new CaseZone(apex, 13, { flagsOfZsk });
    return { dnskey: flagged.dnskeys(), answer: flagged.text(owner, strings) };
  };
  const forger = new CaseZone(apex, 13, { keysOf: 'somebody' });
  const flipped = answer.signature.map((octet, index) => (index === 5 ? octet ^ 1 : octet));
  return [
    broken('signature_changed', 'one bit', { answer: { ...answer, signature: flipped } }),
    broken('octets_changed', 'another signer signed it', { answer: stranger.text(owner, strings) }),
    broken('keys_without_ds', 'somebody signs the same zone with keys of their own', {
      dnskey: forger.dnskeys(),
      answer: forger.text(owner, strings),
    }),
    broken(
      'two_entries_named',
      'two strings of log=: the zone gives one',
      { answer: zone.text(owner, [...strings, strings.at(-1)!]) },
      unproven,
    ),
    broken('wildcard', 'fewer labels in RRSIG than the owner has', {
      answer: zone.rrset({ owner, type: 16, rdatas: [textRdata(strings)], labels: 15 }),
    }),
    broken('dnskey_of_another_zone', 'the keys are those of beta', { dnskey: stranger.dnskeys() }),
    broken('of_another_member', 'the DS of beta lead elsewhere', { origin: 'beta' }),
    broken('of_a_stranger', 'the log is in no charter', { origin: 'delta' }, 'log_unknown'),
    broken('key_revoked', 'the key has the flag REVOKE', signedWith(384)),
    broken('key_not_of_the_zone', 'the key lacks the flag Zone Key', signedWith(0)),
    broken('never_at_one_time', 'DNSKEY was signed after the answer had expired', {
      dnskey: zone.dnskeys(9 * 86_400),
    }),
    broken('outside_the_zone', 'the owner is not below the apex', {
      answer: zone.text('9.8.7.e164.beta.example', strings),
    }),
    broken(
      'two_records',
      'two TXT records: the zone has one',
      {
        answer: zone.rrset({ owner, type: 16, rdatas: [textRdata(strings), textRdata(['x'])] }),
      },
      unproven,
    ),
    broken(
      'naptr',
      'not a TXT record',
      {
        answer: zone.rrset({ owner, type: 35, rdatas: [textRdata(strings)] }),
      },
      unproven,
    ),
  ];
}

function forms(): VectorCase[] {
  const { payload, entry } = publish();
  const valid: Claim = {
    answer: zone.text(owner, stringsOf(entry, [])),
    entry,
    ground: { payload, opening },
  };
  const wrong = (name: string, comment: string, changes: Partial<Claim>) =>
    dnsCase(name, comment, { ...valid, ...changes, expect: 'evidence_malformed' });
  return [
    wrong('without_ground', 'neither payload nor identifier', { ground: {} }),
    wrong('opening_of_31_bytes', 'one too few', {
      ground: { payload, opening: opening.subarray(1) },
    }),
    wrong('field_unknown', 'a field too many', { ground: { payload, opening, note: 'x' } }),
    wrong('signature_of_63_bytes', 'one too few', {
      answer: { ...valid.answer, signature: valid.answer.signature.subarray(1) },
    }),
    wrong('rrset_of_4097_bytes', 'one more than 4096', {
      answer: { ...valid.answer, signed: new Uint8Array(4097) },
    }),
  ];
}

function urlText(octets: Uint8Array): string {
  return Buffer.from(octets).toString('base64url');
}
