/** The signatures and digests of RFC 8080 and RFC 6605, by every means of checking them. */
import { readFileSync } from 'node:fs';
import { parseTrustAnchor, rootTrustAnchor } from '@callbook/client';
import { keyTagOf, parseRdata, recordTypes } from '@callbook/dns/wire';
import type { Cryptography } from '@callbook/protocol';
import { nobleCryptography } from '@callbook/protocol/crypto/noble';
import { nodeCryptography } from '@callbook/protocol/crypto/node';
import { describe, expect, it } from 'vitest';
import { nameOf } from '../../../dns/test/test-zones.ts';
import { verifyDelegatedKeys } from '../../src/dnssec/delegated-keys.ts';
import { signedRrsetsOf, type SignedRrset } from '../../src/dnssec/signed-rrset.ts';
import { verifyRrset, type CheckingMeans, type ZoneKeys } from '../../src/dnssec/verify-rrset.ts';
import { WorkBudget } from '../../src/dnssec/work-budget.ts';
import { signatureVerifier } from '../../src/dnssec/zone-signature.ts';

interface VectorCase {
  readonly name: string;
  readonly zone: string;
  readonly dnskey: string;
  readonly rrset: { owner: string; ttl: number; type: 'MX' | 'A'; rdata: string };
  readonly rrsig: string;
  readonly ds: string;
}

const path = new URL('../../../../vectors/dnssec/signatures.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(path, 'utf8')) as { cases: VectorCase[] };

const uint16 = (value: number): number[] => [value >> 8, value & 0xff];
const uint32 = (value: number): number[] => [...uint16(value >>> 16), ...uint16(value & 0xffff)];

function dnskeyRdata(text: string): Uint8Array {
  const [flags, protocol, algorithm, publicKey] = text.split(' ');
  const head = [...uint16(Number(flags)), Number(protocol), Number(algorithm)];
  return Uint8Array.of(...head, ...Uint8Array.fromBase64(publicKey!));
}

function secondsOf(text: string): number {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(text)?.slice(1).map(Number);
  if (parts === undefined) return Number(text);
  const [year, month, ...rest] = parts as [number, number, number, number, number, number];
  return Date.UTC(year, month - 1, ...rest) / 1000;
}

function rrsigRdata(text: string): Uint8Array {
  const [type, algorithm, labels, ttl, expires, begins, tag, signer, signature] = text.split(' ');
  return Uint8Array.of(
    ...uint16(recordTypes[type as 'MX' | 'A']),
    Number(algorithm),
    Number(labels),
    ...uint32(Number(ttl)),
    ...uint32(secondsOf(expires!)),
    ...uint32(secondsOf(begins!)),
    ...uint16(Number(tag)),
    ...nameOf(signer!).wire,
    ...Uint8Array.fromBase64(signature!),
  );
}

function rdataOf({ type, rdata }: VectorCase['rrset']): Uint8Array {
  if (type === 'A') return Uint8Array.from(rdata.split('.').map(Number));
  const [preference, host] = rdata.split(' ');
  return Uint8Array.of(...uint16(Number(preference)), ...nameOf(host!).wire);
}

const expiry = (vector: VectorCase): number => secondsOf(vector.rrsig.split(' ')[4]!);

function meansAt(nowSeconds: number, crypto: Cryptography | undefined): CheckingMeans {
  const verify = signatureVerifier(crypto);
  return { budget: new WorkBudget(), verify, nowSeconds, clockSkewSeconds: 0 };
}

function rrsetOf(vector: VectorCase, rdata = rdataOf(vector.rrset)): SignedRrset {
  const { owner, ttl: ttlSeconds, type } = vector.rrset;
  const record = { owner: nameOf(owner), class: 1, ttlSeconds };
  const [rrset] = signedRrsetsOf([
    { ...record, type: recordTypes[type], rdata },
    { ...record, type: recordTypes.RRSIG, rdata: rrsigRdata(vector.rrsig) },
  ]);
  return rrset!;
}

function keysOf(vector: VectorCase): ZoneKeys {
  const rdata = dnskeyRdata(vector.dnskey);
  const dnskey = parseRdata(recordTypes.DNSKEY, rdata);
  if (dnskey.verdict !== 'accept' || dnskey.value.type !== 'DNSKEY') throw new Error('no DNSKEY');
  const keys = [{ tag: keyTagOf(rdata), dnskey: dnskey.value, octets: rdata }];
  return { zone: nameOf(vector.zone), keys };
}

const means = [
  ['WebCrypto', undefined],
  ['noble', nobleCryptography],
  ['node', nodeCryptography],
] as const;

describe.each(means)('by %s', (_, crypto) => {
  it.each(cases)('$name holds until it expires, and for nothing else', async (vector) => {
    const judged = async (nowSeconds: number, rrset = rrsetOf(vector)): Promise<string> =>
      (await verifyRrset(rrset, keysOf(vector), meansAt(nowSeconds, crypto))).judgement.code;
    const until = expiry(vector);
    expect(await judged(until)).toBe('validated');
    expect(await judged(until + 1)).toBe('signature_expired');
    expect(await judged(until - 365 * 86_400)).toBe('signature_not_yet_valid');
    const rdata = rdataOf(vector.rrset);
    rdata[1]! ^= 1;
    expect(await judged(until, rrsetOf(vector, rdata))).toBe('signature_invalid');
  });
});

it.each(cases)('$name: its DS fits its key, and no other does', async (vector) => {
  const zone = nameOf(vector.zone);
  const record = { owner: zone, type: recordTypes.DNSKEY, class: 1, ttlSeconds: 300 };
  const [dnskeys] = signedRrsetsOf([{ ...record, rdata: dnskeyRdata(vector.dnskey) }]);
  const judged = async (text: string): Promise<string> => {
    const { ds } = parseTrustAnchor(vector.zone, [text])!;
    const given = { ds, dnskeys: dnskeys! };
    return (await verifyDelegatedKeys(zone, given, meansAt(0, undefined))).judgement.code;
  };
  // The RFCs print no signature over the keys: a DS that fits leads as far as that.
  expect(await judged(vector.ds)).toBe('signature_missing');
  expect(await judged(vector.ds.replace(/.$/, (digit) => (digit === '0' ? '1' : '0')))).toBe(
    'dnskey_unfit',
  );
});

it('has the anchors of the root that IANA publishes', () => {
  expect(rootTrustAnchor.ds.map(({ keyTag }) => keyTag)).toEqual([20326, 38696]);
  expect(rootTrustAnchor.ds.every(({ digest }) => digest.length === 32)).toBe(true);
});
