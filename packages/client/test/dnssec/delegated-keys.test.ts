/** Which keys of a zone's DNSKEY RRset may sign, given that a key that a DS fits has signed it. */
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import {
  dsDigestInput,
  encodeRdata,
  keyTagOf,
  recordTypes,
  signatureInput,
  type DnskeyRdata,
  type DsRdata,
} from '@callbook/dns/wire';
import { expect, it } from 'vitest';
import { nameOf } from '../../../dns/test/test-zones.ts';
import { usableDs, verifyDelegatedKeys } from '../../src/dnssec/delegated-keys.ts';
import type { SignedRrset } from '../../src/dnssec/signed-rrset.ts';
import { WorkBudget } from '../../src/dnssec/work-budget.ts';
import { signatureVerifier } from '../../src/dnssec/zone-signature.ts';

const zone = nameOf('zone.test');
const nowSeconds = 1_800_000_000;
const entry = generateKeyPairSync('ed25519');
const raw = entry.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);

function keyWith(changes: Partial<DnskeyRdata>): DnskeyRdata {
  const publicKey = new Uint8Array(raw);
  return { type: 'DNSKEY', flags: 257, protocol: 3, algorithm: 15, publicKey, ...changes };
}

/** The keys, signed by the entry key as `signer` has it. */
function signed(keys: readonly DnskeyRdata[], signer: DnskeyRdata): SignedRrset {
  const rdatas = keys.map((dnskey) => encodeRdata(dnskey));
  const type = recordTypes.DNSKEY;
  const head = {
    type: 'RRSIG' as const,
    typeCovered: type,
    algorithm: signer.algorithm,
    labelCount: 2,
    originalTtlSeconds: 300,
    expirationSeconds: nowSeconds + 60,
    inceptionSeconds: nowSeconds - 60,
    keyTag: keyTagOf(encodeRdata(signer)),
    signer: zone,
  };
  const input = signatureInput(head, { owner: zone, type, rdatas });
  const signature = new Uint8Array(sign(null, input, entry.privateKey));
  return { owner: zone, type, ttlSeconds: 300, rdatas, rrsigs: [{ ...head, signature }] };
}

function dsOf(dnskey: DnskeyRdata, digestType = 2): DsRdata {
  const rdata = encodeRdata(dnskey);
  const hash = digestType === 1 ? 'sha1' : 'sha256';
  const digest = createHash(hash).update(dsDigestInput(zone, rdata)).digest();
  const { algorithm } = dnskey;
  return { type: 'DS', keyTag: keyTagOf(rdata), algorithm, digestType, digest };
}

async function judge(
  keys: readonly DnskeyRdata[],
  signer: DnskeyRdata,
): Promise<{ code: string; keys: DnskeyRdata[] }> {
  const verify = signatureVerifier();
  const means = { budget: new WorkBudget(), verify, nowSeconds, clockSkewSeconds: 0 };
  const given = { ds: usableDs([dsOf(signer)]), dnskeys: signed(keys, signer) };
  const delegated = await verifyDelegatedKeys(zone, given, means);
  return { code: delegated.judgement.code, keys: delegated.keys.map(({ dnskey }) => dnskey) };
}

const good = keyWith({});
const other = (changes: Partial<DnskeyRdata>): DnskeyRdata =>
  keyWith({ flags: 256, publicKey: new Uint8Array(32).fill(9), ...changes });

it('lets all zone keys sign, and nothing else that stands among them', async () => {
  const unfit = [
    other({ flags: 0 }),
    other({ flags: 0x0180 }),
    other({ protocol: 4 }),
    other({ algorithm: 200 }),
  ];
  const zsk = other({});
  const judged = await judge([good, zsk, ...unfit], good);
  expect(judged).toEqual({ code: 'validated', keys: [good, zsk] });
});

it.each([
  ['is no zone key', { flags: 1 }],
  ['is revoked', { flags: 0x0181 }],
  ['has another protocol', { protocol: 2 }],
])('enters by no key that %s, though its DS fits and its signature holds', async (_, changes) => {
  const entryKey = keyWith(changes);
  expect(await judge([entryKey], entryKey)).toEqual({ code: 'dnskey_unfit', keys: [] });
});

it('ignores SHA-1 beside a stronger digest, and what nobody knows', () => {
  const [weak, strong] = [dsOf(good, 1), dsOf(good)];
  expect(usableDs([weak, strong])).toEqual([strong]);
  expect(usableDs([weak])).toEqual([weak]);
  expect(
    usableDs([
      { ...strong, digestType: 3 },
      { ...strong, algorithm: 5 },
    ]),
  ).toEqual([]);
});
