/**
 * From a zone's DS records to its keys (RFC 4035 §5.2): a key that a DS fits must have signed the
 * zone's DNSKEY RRset; then all keys in it may sign the zone.
 */
import {
  dsDigestInput,
  keyTagOf,
  parseRdata,
  recordTypes,
  type DomainName,
  type DnskeyRdata,
  type DsRdata,
} from '@callbook/dns/wire';
import { bytesEqual } from '@callbook/protocol';
import { sha256, sha384 } from '@noble/hashes/sha2.js';
import type { SignedRrset } from './signed-rrset.ts';
import { bogus, indeterminate, secure, type Judgement } from './validation.ts';
import {
  verifyRrset,
  type CheckedRrset,
  type CheckingMeans,
  type ZoneKey,
} from './verify-rrset.ts';
import { isValidatedAlgorithm } from './zone-signature.ts';

/** RFC 4034 §2.1.1: without it a DNSKEY "MUST NOT be used to verify RRSIGs". */
const zoneKeyFlag = 0x0100;
/** RFC 5011 §7: a revoked key signs nothing but its own revocation. */
const revokedFlag = 0x0080;
/** RFC 4034 §2.1.2. */
const dnssecProtocol = 3;

const digestTypes = { sha1: 1, sha256: 2, sha384: 4 } as const;

type Digest = (octets: Uint8Array) => Uint8Array;

const strongDigests: ReadonlyMap<number, Digest> = new Map<number, Digest>([
  [digestTypes.sha256, sha256],
  [digestTypes.sha384, sha384],
]);

/**
 * The DS records that can be followed. RFC 4509 §3: one of SHA-1 is ignored beside a stronger one, so
 * that who can forge SHA-1 gains nothing.
 */
export function usableDs(records: readonly DsRdata[]): DsRdata[] {
  const known = records.filter(({ algorithm }) => isValidatedAlgorithm(algorithm));
  const strong = known.filter(({ digestType }) => strongDigests.has(digestType));
  if (strong.length > 0) return strong;
  return known.filter(({ digestType }) => digestType === digestTypes.sha1);
}

/** Reads an RRset of DS records; undefined when one of them cannot be read. */
export function parseDsRecords({ rdatas }: SignedRrset): DsRdata[] | undefined {
  const records = rdatas.flatMap((octets) => {
    const rdata = parseRdata(recordTypes.DS, octets);
    return rdata.verdict === 'accept' && rdata.value.type === 'DS' ? [rdata.value] : [];
  });
  return records.length === rdatas.length ? records : undefined;
}

export interface DelegatedKeys {
  readonly judgement: Judgement;
  readonly keys: readonly ZoneKey[];
  readonly checked: CheckedRrset | undefined;
}

/** Verifies a zone's DNSKEY RRset by its usable DS records. */
export async function verifyDelegatedKeys(
  zone: DomainName,
  given: { readonly ds: readonly DsRdata[]; readonly dnskeys: SignedRrset },
  means: CheckingMeans,
): Promise<DelegatedKeys> {
  const keys = zoneKeysOf(given.dnskeys);
  const entries: ZoneKey[] = [];
  for (const ds of given.ds) {
    const digest = strongDigests.get(ds.digestType) ?? (await loadSha1());
    if (digest === undefined) return failed(indeterminate('transport_failed'));
    for (const key of keys.filter(({ tag, dnskey }) => isNamedBy(ds, tag, dnskey))) {
      if (!means.budget.mayDigest()) return failed(bogus('work_exceeded'));
      if (!entries.includes(key) && bytesEqual(digest(dsDigestInput(zone, key.octets)), ds.digest))
        entries.push(key);
    }
  }
  if (entries.length === 0) return failed(bogus('dnskey_unfit'));
  const checked = await verifyRrset(given.dnskeys, { zone, keys: entries }, means);
  const { judgement } = checked;
  if (judgement.verdict === 'secure') return { judgement: secure, keys, checked };
  return failed(judgement.code === 'signature_unfit' ? bogus('dnskey_unfit') : judgement);
}

function failed(judgement: Judgement): DelegatedKeys {
  return { judgement, keys: [], checked: undefined };
}

function zoneKeysOf({ rdatas }: SignedRrset): ZoneKey[] {
  return rdatas.flatMap((octets) => {
    const rdata = parseRdata(recordTypes.DNSKEY, octets);
    if (rdata.verdict !== 'accept' || rdata.value.type !== 'DNSKEY') return [];
    const dnskey = rdata.value;
    const signs = (dnskey.flags & (zoneKeyFlag | revokedFlag)) === zoneKeyFlag;
    if (!signs || dnskey.protocol !== dnssecProtocol) return [];
    return isValidatedAlgorithm(dnskey.algorithm)
      ? [{ tag: keyTagOf(octets), dnskey, octets }]
      : [];
  });
}

function isNamedBy(ds: DsRdata, tag: number, dnskey: DnskeyRdata): boolean {
  return ds.keyTag === tag && ds.algorithm === dnskey.algorithm;
}

/** Hardly any zone has a DS of SHA-1 alone, so pages load it only then; undefined if they cannot. */
async function loadSha1(): Promise<Digest | undefined> {
  return (await import('./sha1.ts').catch(() => undefined))?.sha1;
}
