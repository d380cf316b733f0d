/**
 * DNSKEY and DS of a zone's keys: what the zone publishes at its apex, and what its parent, a charter
 * or a trust-anchor file says about it.
 */
import { createHash } from 'node:crypto';
import { dnsError } from '../errors.ts';
import { dsDigestInput, keyTagOf } from '../wire/canonical.ts';
import { formatName, parseName } from '../wire/names.ts';
import type { DomainName } from '../wire/names.ts';
import { compareOctets } from '../wire/octets.ts';
import { encodeRdata } from '../wire/rdata.ts';
import type { DnskeyRdata, DsRdata } from '../wire/rdata.ts';
import { dsDigestSha256 } from '../wire/record-types.ts';
import type { ZoneKeys, ZoneSigner } from './zone-signer.ts';

/** RFC 4034 §2.1.1: bit 7 Zone Key, bit 15 Secure Entry Point. */
const zoneKeyFlag = 256;
const secureEntryPointFlag = 1;

/** Returns the DNSKEY of a key-signing or zone-signing key. */
export function dnskeyOf(
  signer: Pick<ZoneSigner, 'algorithm' | 'publicKey'>,
  role: 'ksk' | 'zsk',
): DnskeyRdata {
  return {
    type: 'DNSKEY',
    flags: zoneKeyFlag | (role === 'ksk' ? secureEntryPointFlag : 0),
    // RFC 4034 §2.1.2: "The Protocol Field MUST have value 3".
    protocol: 3,
    algorithm: signer.algorithm,
    publicKey: signer.publicKey,
  };
}

/** Returns the DS, digest SHA-256, of a DNSKEY. */
export function dsOf(apex: DomainName, dnskey: DnskeyRdata): DsRdata {
  const rdata = encodeRdata(dnskey);
  return {
    type: 'DS',
    keyTag: keyTagOf(rdata),
    algorithm: dnskey.algorithm,
    digestType: dsDigestSha256,
    digest: createHash('sha256').update(dsDigestInput(apex, rdata)).digest(),
  };
}

/** Tells whether a DS, digest SHA-256 or SHA-384, names a DNSKEY. */
export function isDsOf(ds: DsRdata, apex: DomainName, dnskey: DnskeyRdata): boolean {
  const rdata = encodeRdata(dnskey);
  if (ds.keyTag !== keyTagOf(rdata) || ds.algorithm !== dnskey.algorithm) return false;
  const digestName = digestNames.get(ds.digestType);
  if (digestName === undefined) return false;
  const digest = createHash(digestName).update(dsDigestInput(apex, rdata)).digest();
  return compareOctets(digest, ds.digest) === 0;
}

/** RFC 4509, RFC 6605 §3. */
const digestNames: ReadonlyMap<number, string> = new Map([
  [dsDigestSha256, 'sha256'],
  [4, 'sha384'],
]);

/**
 * Returns the DS of a zone's KSK as one line of a zone file, which is also a trust-anchor file:
 * `example. 3600 IN DS 12345 13 2 <64 hexadecimal digits>`. Code: `dns_zone_setting_invalid`.
 */
export function dsRecord(apex: string, keys: ZoneKeys): string {
  return `${formatName(apexName(apex))} 3600 IN DS ${zoneDs(apex, keys)}`;
}

/**
 * Returns the RDATA of `dsRecord` alone, as a charter's `zoneDs` has it: `12345 13 2 <digits>`.
 * Code: `dns_zone_setting_invalid`.
 */
export function zoneDs(apex: string, keys: ZoneKeys): string {
  return formatDs(dsOf(apexName(apex), dnskeyOf(keys.ksk, 'ksk')));
}

/** Formats the RDATA of a DS: `12345 13 2 <hexadecimal digits in upper case>`. */
export function formatDs(ds: DsRdata): string {
  return `${ds.keyTag} ${ds.algorithm} ${ds.digestType} ${ds.digest.toHex().toUpperCase()}`;
}

function apexName(text: string): DomainName {
  const name = parseName(text);
  if (name.verdict !== 'accept') throw dnsError('dns_zone_setting_invalid', name.message);
  return name.value;
}

/**
 * Parses a DS from presentation form: the line of `dsRecord`, or its RDATA alone.
 * Code: `dns_zone_setting_invalid`.
 */
export function parseDsRecord(text: string): DsRdata {
  const fields = /^(?:.*\sDS\s+)?(\d{1,5})\s+(\d{1,3})\s+(\d{1,3})\s+([\da-fA-F\s]+)$/.exec(text);
  const digits = fields?.[4]?.replaceAll(/\s/g, '') ?? '';
  const [keyTag, algorithm, digestType] = (fields?.slice(1, 4) ?? []).map(Number);
  const fits = keyTag! < 65_536 && algorithm! < 256 && digestType! < 256 && digits.length % 2 === 0;
  if (!fits || digits === '')
    throw dnsError(
      'dns_zone_setting_invalid',
      'a DS record is not "<tag> <algorithm> <digest type> <hex>"',
    );
  const digest = Uint8Array.fromHex(digits);
  return { type: 'DS', keyTag: keyTag!, algorithm: algorithm!, digestType: digestType!, digest };
}
