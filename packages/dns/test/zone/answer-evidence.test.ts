// What a zone of ours signs, held against the entry it names: never evidence, unless the zone lies.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  charterSet,
  entryId,
  parseEvidence,
  parsePayload,
  verifyEvidence,
  encodeEvidence,
  dnsAnswerEvidence,
} from '@callbook/protocol';
import type { CharterSet, PublishedBinding, SignedRrset } from '@callbook/protocol';
import { nodeCryptography as crypto } from '@callbook/protocol/crypto/node';
import { describe, expect, it } from 'vitest';
import type { Rrset } from '../../src/rrset.ts';
import { zoneDs } from '../../src/sign/delegation-signer.ts';
import { parseRrsig } from '../../src/sign/verify-rrset.ts';
import { generateZoneKeys } from '../../src/sign/zone-signer.ts';
import { signatureInput } from '../../src/wire/canonical.ts';
import { parseName } from '../../src/wire/names.ts';
import { recordTypes } from '../../src/wire/record-types.ts';
import { createDirectoryZone } from '../../src/zone/directory-zone.ts';
import type { BindingsZone } from '../../src/zone/directory-zone.ts';

const apex = 'e164.alpha.example';
const owner = `9.8.7.6.5.4.3.2.1.5.1.9.4.${apex}`;
const origin = 'api.alpha.example/log';
const nowMs = 1_780_000_000_000;

/** Entry, payload and opening that fit each other. */
const { charters, evidence } = JSON.parse(
  readFileSync(
    join(import.meta.dirname, '../../../../vectors/evidence/invalid/dns_honest.json'),
    'utf8',
  ),
) as { charters: string[]; evidence: string };

function honest() {
  const parsed = parseEvidence(Uint8Array.fromHex(evidence));
  if (parsed.verdict !== 'accept' || parsed.value.kind !== 'dns_answer') throw new Error('form');
  const { entry, ground } = parsed.value;
  if (!('payload' in ground)) throw new Error('ground');
  const payload = parsePayload(ground.payload);
  if (payload.verdict !== 'accept') throw new Error(payload.message);
  const id = entryId(entry, crypto);
  const binding: PublishedBinding = {
    ...payload.value,
    labelEpoch: 0,
    label: new Uint8Array(32),
    epoch: 0,
    seq: 1,
    ownershipId: id,
    entryId: id,
    origin,
    changedAtMs: nowMs,
    pending: [],
  };
  return { entry, ground, binding };
}

/** The charters of the vector with the DS of other keys. */
function chartersWith(ds: string): CharterSet {
  const verified = charterSet(charters, crypto);
  if (verified.verdict !== 'accept') throw new Error(verified.message);
  const { current } = verified.value;
  const member = { ...current.memberByOrigin.get(origin)!, zoneDs: [ds] };
  const memberByOrigin = new Map([...current.memberByOrigin, [origin, member]]);
  const known = { ...current, memberByOrigin };
  return { all: [known], current: known, byHash: () => known };
}

function signed(zone: BindingsZone, name: string, type: number): SignedRrset {
  const parsed = parseName(name);
  if (parsed.verdict !== 'accept') throw new Error(parsed.message);
  const node = zone.find(parsed.value);
  const rrset: Rrset | undefined =
    node.kind === 'data' ? node.rrsets.find((one) => one.type === type) : undefined;
  const { signature, ...head } = parseRrsig(zone.signaturesOf(rrset!)[0]!)!;
  return { signed: signatureInput(head, rrset!), signature };
}

describe.each([13, 15] as const)('a zone of algorithm %s', (algorithm) => {
  const keys = generateZoneKeys(algorithm);
  const set = chartersWith(zoneDs(apex, keys));

  function answered(binding: PublishedBinding) {
    const zone = createDirectoryZone({
      apex,
      nameservers: [{ name: 'ns.example.', addresses: [] }],
      contact: 'hostmaster@alpha.test',
      charterHash: () => new Uint8Array(32),
      source: { byDigits: () => binding, byOwnerHash: () => undefined },
      keys,
      clock: { nowMs: () => nowMs },
    });
    const { entry, ground } = honest();
    const dnskey = signed(zone, apex, recordTypes.DNSKEY);
    return { origin, dnskey, answer: signed(zone, owner, recordTypes.TXT), entry, ground };
  }

  it('that says what the entry says is no evidence', () => {
    const found = answered(honest().binding);
    const bytes = encodeEvidence({ kind: 'dns_answer', ...found });
    expect(verifyEvidence(bytes, set, crypto)).toMatchObject({ code: 'evidence_unproven' });
    expect(dnsAnswerEvidence(found, set, crypto)).toBeUndefined();
  });

  it('that gives another key convicts its member', () => {
    const { binding } = honest();
    const keysOfLiar = binding.keys.map((published) =>
      published.use === 'identity' ? { ...published, key: new Uint8Array(32).fill(9) } : published,
    );
    const found = answered({ ...binding, keys: keysOfLiar });
    const bytes = dnsAnswerEvidence(found, set, crypto);
    expect(bytes && verifyEvidence(bytes, set, crypto)).toMatchObject({
      verdict: 'accept',
      value: { kind: 'dns_answer', origins: [origin], disputed: [] },
    });
  });
});
