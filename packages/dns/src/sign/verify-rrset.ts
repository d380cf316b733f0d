/**
 * Verifies signatures of RRsets: for what was signed elsewhere before it is served, and for tests.
 * One signature by one key; chains of trust are the validator's work.
 */
import { createPublicKey, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Rrset } from '../rrset.ts';
import { keyTagOf, signatureInput } from '../wire/canonical.ts';
import { sameName } from '../wire/names.ts';
import type { DomainName } from '../wire/names.ts';
import { encodeRdata, parseRdata } from '../wire/rdata.ts';
import type { DnskeyRdata, RrsigRdata } from '../wire/rdata.ts';
import { recordTypes, zoneAlgorithms } from '../wire/record-types.ts';

/** Parses the RDATA of an RRSIG; undefined when it is malformed. */
export function parseRrsig(rdata: Uint8Array): RrsigRdata | undefined {
  const parsed = parseRdata(recordTypes.RRSIG, rdata);
  return parsed.verdict === 'accept' && parsed.value.type === 'RRSIG' ? parsed.value : undefined;
}

/** Tells whether an RRSIG over an RRset of a zone verifies under a DNSKEY; times are not looked at. */
export function verifyRrset(
  rrset: Rrset,
  rrsig: RrsigRdata,
  by: { readonly apex: DomainName; readonly dnskey: DnskeyRdata },
): boolean {
  const { apex, dnskey } = by;
  const { signature, ...head } = rrsig;
  if (
    head.typeCovered !== rrset.type ||
    head.algorithm !== dnskey.algorithm ||
    head.labelCount !== rrset.owner.labelCount ||
    head.originalTtlSeconds !== rrset.ttlSeconds ||
    head.keyTag !== keyTagOf(encodeRdata({ ...dnskey, type: 'DNSKEY' })) ||
    !sameName(head.signer, apex)
  )
    return false;
  const publicKey = openDnskey(dnskey);
  if (publicKey === undefined) return false;
  const input = signatureInput(head, rrset);
  return dnskey.algorithm === zoneAlgorithms.ed25519
    ? verify(null, input, publicKey, signature)
    : verify('sha256', input, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature);
}

/** Opens a public key of algorithm 13 or 15; undefined when it is of another, or not on its curve. */
function openDnskey({ algorithm, publicKey }: DnskeyRdata): KeyObject | undefined {
  const [x, y] = [publicKey.subarray(0, 32), publicKey.subarray(32)].map((octets) =>
    octets.toBase64({ alphabet: 'base64url', omitPadding: true }),
  );
  try {
    if (algorithm === zoneAlgorithms.ed25519 && publicKey.length === 32)
      return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: x! }, format: 'jwk' });
    if (algorithm === zoneAlgorithms.ecdsaP256Sha256 && publicKey.length === 64)
      return createPublicKey({ key: { kty: 'EC', crv: 'P-256', x: x!, y: y! }, format: 'jwk' });
  } catch {
    // Not a point of the curve.
  }
  return undefined;
}
