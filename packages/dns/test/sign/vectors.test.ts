/** The signatures and digests of RFC 8080 and RFC 6605, from vectors/dnssec. */
import { createHash, createPrivateKey, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  dsDigestInput,
  encodeRdata,
  keyTagOf,
  recordTypes,
  signatureInput,
} from '@callbook/dns/wire';
import type { DnskeyRdata, RrsigRdata } from '@callbook/dns/wire';
import { openZoneSigner } from '@callbook/dns';
import { nameOf } from '../test-zones.ts';

interface VectorCase {
  readonly name: string;
  readonly zone: string;
  readonly dnskey: string;
  readonly priv_b64?: string;
  readonly rrset: { owner: string; ttl: number; type: 'MX' | 'A'; rdata: string };
  readonly rrsig: string;
  readonly ds: string;
}

const path = new URL('../../../../vectors/dnssec/signatures.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(path, 'utf8')) as { cases: VectorCase[] };
const ed25519Pkcs8 = '302e020100300506032b657004220420';
const p256Spki = '3059301306072a8648ce3d020106082a8648ce3d03010703420004';

function dnskeyOf(text: string): DnskeyRdata {
  const [flags, protocol, algorithm, publicKey] = text.split(' ') as [
    string,
    string,
    string,
    string,
  ];
  return {
    type: 'DNSKEY',
    flags: Number(flags),
    protocol: Number(protocol),
    algorithm: Number(algorithm),
    publicKey: Uint8Array.fromBase64(publicKey),
  };
}

function rrsigOf(text: string): RrsigRdata {
  const fields = text.split(' ');
  const [type, ...rest] = fields as [keyof typeof recordTypes, ...string[]];
  return {
    type: 'RRSIG',
    typeCovered: recordTypes[type],
    algorithm: Number(rest[0]),
    labelCount: Number(rest[1]),
    originalTtlSeconds: Number(rest[2]),
    expirationSeconds: secondsOf(rest[3]!),
    inceptionSeconds: secondsOf(rest[4]!),
    keyTag: Number(rest[5]),
    signer: nameOf(rest[6]!),
    signature: Uint8Array.fromBase64(rest[7]!),
  };
}

/** Seconds, or YYYYMMDDHHmmSS (RFC 4034 §3.2). */
function secondsOf(text: string): number {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(text)?.slice(1).map(Number);
  if (parts === undefined) return Number(text);
  const [year, month, day, hour, minute, second] = parts as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1000;
}

function rdataOf({ type, rdata }: VectorCase['rrset']): Uint8Array {
  if (type === 'A') return encodeRdata({ type: 'A', address: rdata });
  const [preference, host] = rdata.split(' ') as [string, string];
  return Uint8Array.of(0, Number(preference), ...nameOf(host).wire);
}

function inputOf(vector: VectorCase): Uint8Array {
  return signatureInput(rrsigOf(vector.rrsig), {
    owner: nameOf(vector.rrset.owner),
    type: recordTypes[vector.rrset.type],
    rdatas: [rdataOf(vector.rrset)],
  });
}

describe.each(cases)('$name', (vector) => {
  const dnskey = dnskeyOf(vector.dnskey);

  it('has the key tag and the DS digest', () => {
    const [tag, algorithm, digestType, digest] = vector.ds.split(' ');
    const rdata = encodeRdata(dnskey);
    expect(keyTagOf(rdata)).toBe(Number(tag));
    expect([dnskey.algorithm, 2]).toEqual([Number(algorithm), Number(digestType)]);
    const input = dsDigestInput(nameOf(vector.zone), rdata);
    expect(createHash('sha256').update(input).digest('hex')).toBe(digest);
  });

  it('verifies over our canonical form', () => {
    const { signature } = rrsigOf(vector.rrsig);
    const isEd25519 = dnskey.algorithm === 15;
    const prefix = isEd25519 ? '302a300506032b6570032100' : p256Spki;
    const spki = Uint8Array.of(...Uint8Array.fromHex(prefix), ...dnskey.publicKey);
    const publicKey = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
    const verifier = isEd25519
      ? publicKey
      : ({ key: publicKey, dsaEncoding: 'ieee-p1363' } as const);
    expect(verify(isEd25519 ? null : 'sha256', inputOf(vector), verifier, signature)).toBe(true);
  });
});

describe.each(cases.filter(({ priv_b64 }) => priv_b64 !== undefined))('$name', (vector) => {
  it('is what our signer makes, octet for octet', () => {
    const seed = Uint8Array.fromBase64(vector.priv_b64!);
    const pkcs8 = Buffer.concat([Buffer.from(ed25519Pkcs8, 'hex'), seed]);
    const signer = openZoneSigner(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }));
    expect(signer.publicKey).toEqual(dnskeyOf(vector.dnskey).publicKey);
    const signature = signer.sign(inputOf(vector));
    expect(Buffer.from(signature).toString('hex')).toBe(rrsigOf(vector.rrsig).signature.toHex());
  });
});
