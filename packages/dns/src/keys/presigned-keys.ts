/**
 * What a machine with the KSK has signed for a machine without it: for each of a row of periods the
 * DNSKEY, CDS and CDNSKEY RRsets, and the signatures over them. JSON, with RDATA in base64, so that
 * it can be carried on any medium and looked at on the way.
 */
import type { Rrset } from '../rrset.ts';
import type { PresignedSignatures, ZoneKeySet } from '../sign/zone-keyring.ts';
import type { ZoneSigner } from '../sign/zone-signer.ts';
import type { DomainName } from '../wire/names.ts';
import type { DnskeyRdata } from '../wire/rdata.ts';
import { keyRrsets } from '../zone/apex-records.ts';
import {
  base64OfKey,
  keysOf,
  listOf,
  objectOf,
  octetsOf,
  parseJsonObject,
  presignedMalformed,
  textOf,
  timeOf,
  ttlOf,
} from './signing-json.ts';

export interface PresignedPeriod {
  /** Served from then on, until the next period begins. */
  readonly fromMs: number;
  /** Exclusive; the signatures are good for longer, by the TTL and some. */
  readonly untilMs: number;
  readonly dnskeys: readonly DnskeyRdata[];
  /** Those of `dnskeys` that CDS and CDNSKEY name. */
  readonly delegated: readonly DnskeyRdata[];
  readonly signatures: PresignedSignatures;
}

export interface PresignedKeys {
  /** Absolute, lower case. */
  readonly apex: string;
  readonly dnskeyTtlSeconds: number;
  /** 1 or more, ascending, each beginning where the one before it ends. */
  readonly periods: readonly PresignedPeriod[];
}

const format = 'callbook-presigned-keys/1';
const presignedPeriodsMax = 10_000;

/** Encodes pre-signed keys as JSON. */
export function encodePresignedKeys(keys: PresignedKeys): string {
  const periods = keys.periods.map((period) => ({
    fromMs: period.fromMs,
    untilMs: period.untilMs,
    dnskeys: period.dnskeys.map(base64OfKey),
    delegated: period.delegated.map(base64OfKey),
    signatures: {
      dnskey: period.signatures.dnskey.map((rdata) => rdata.toBase64()),
      cds: period.signatures.cds.map((rdata) => rdata.toBase64()),
      cdnskey: period.signatures.cdnskey.map((rdata) => rdata.toBase64()),
    },
  }));
  return `${JSON.stringify({ format, ...keys, periods }, undefined, 2)}\n`;
}

/** Parses what `encodePresignedKeys` writes; nothing is verified. Code: `dns_presigned_malformed`. */
export function parsePresignedKeys(text: string): PresignedKeys {
  const root = parseJsonObject(text, format);
  const periods = listOf(root['periods'], 'periods').map((value, index) => {
    const period = objectOf(value, `periods[${index}]`);
    const signatures = objectOf(period['signatures'], 'signatures');
    return {
      fromMs: timeOf(period['fromMs'], 'fromMs'),
      untilMs: timeOf(period['untilMs'], 'untilMs'),
      dnskeys: keysOf(period['dnskeys'], 'dnskeys'),
      delegated: keysOf(period['delegated'], 'delegated'),
      signatures: {
        dnskey: listOf(signatures['dnskey'], 'dnskey').map(octetsOf),
        cds: listOf(signatures['cds'], 'cds').map(octetsOf),
        cdnskey: listOf(signatures['cdnskey'], 'cdnskey').map(octetsOf),
      },
    };
  });
  if (periods.length === 0 || periods.length > presignedPeriodsMax)
    throw presignedMalformed(`there are ${periods.length} periods, 1 to ${presignedPeriodsMax}`);
  return {
    apex: textOf(root['apex'], 'apex'),
    dnskeyTtlSeconds: ttlOf(root['dnskeyTtlSeconds']),
    periods,
  };
}

/** Returns the period that is served at a time: the latest that has begun and not ended. */
export function periodAt(keys: PresignedKeys, nowMs: number): PresignedPeriod | undefined {
  return keys.periods.findLast(({ fromMs, untilMs }) => fromMs <= nowMs && nowMs < untilMs);
}

/** Returns the key set that a period and the active ZSK give. */
export function presignedKeySet(
  period: PresignedPeriod,
  dnskeyTtlSeconds: number,
  zskSigner: ZoneSigner,
): ZoneKeySet {
  const { dnskeys, delegated, signatures } = period;
  const kskSigners: readonly ZoneSigner[] = [];
  return { dnskeys, delegated, dnskeyTtlSeconds, kskSigners, zskSigner, presigned: signatures };
}

/** Returns the RRsets of a period with the signatures over each. */
export function signedRrsetsOf(
  period: Omit<PresignedPeriod, 'signatures'> & { readonly signatures?: PresignedSignatures },
  zone: { readonly apex: DomainName; readonly dnskeyTtlSeconds: number },
): readonly (readonly [Rrset, readonly Uint8Array[]])[] {
  const [dnskey, cds, cdnskey] = keyRrsets(zone.apex, { ...zone, ...period });
  const signatures = period.signatures ?? { dnskey: [], cds: [], cdnskey: [] };
  const signed: [Rrset, readonly Uint8Array[]][] = [[dnskey!, signatures.dnskey]];
  // The root has neither.
  if (cds !== undefined) signed.push([cds, signatures.cds]);
  if (cdnskey !== undefined) signed.push([cdnskey, signatures.cdnskey]);
  return signed;
}
