/**
 * Where trust begins: the DS records of one zone, which the caller has from elsewhere. The root's are
 * IANA's; a member's zone has its own in the charter, so that nobody above it need be believed.
 */
import {
  parseName,
  parseRdata,
  recordTypes,
  rootName,
  type DomainName,
  type DsRdata,
} from '@callbook/dns/wire';

/** A zone and the DS records of its keys, from which trust begins. */
export interface TrustAnchor {
  readonly zone: DomainName;
  /** One or more. */
  readonly ds: readonly DsRdata[];
}

/**
 * The DS records of the root's key-signing keys of 2017 and 2024, as
 * https://data.iana.org/root-anchors/root-anchors.xml has them.
 */
export const rootTrustAnchor: TrustAnchor = {
  zone: rootName,
  ds: [
    '20326 8 2 e06d44b80b8f1d39a95c0b0d7c65d08458e880409bbc683457104237c7f8ec8d',
    '38696 8 2 683d2d0acb8c9b712a1948b27f741219298d0a450d612c483af444a4c0fb2b16',
  ].map((text) => readDs(text)!),
};

/**
 * Reads an anchor from a zone's name and the RDATA of its DS records in presentation form, which is how
 * a charter has them (`zone`, `zoneDs`); undefined when one of them cannot be read.
 */
export function parseTrustAnchor(zone: string, ds: readonly string[]): TrustAnchor | undefined {
  const name = parseName(zone);
  const records = ds.map(readDs);
  if (name.verdict !== 'accept' || records.length === 0) return undefined;
  const read = records.filter((record) => record !== undefined);
  return read.length === records.length ? { zone: name.value, ds: read } : undefined;
}

function readDs(text: string): DsRdata | undefined {
  const [, tag, algorithm, digestType, digest] =
    /^(\d{1,5}) (\d{1,3}) (\d{1,3}) ((?:[\da-f]{2})+)$/i.exec(text.trim()) ?? [];
  if (digest === undefined) return undefined;
  const rdata = Uint8Array.of(
    Number(tag) >> 8,
    Number(tag) & 0xff,
    Number(algorithm),
    Number(digestType),
    ...Uint8Array.fromHex(digest),
  );
  const parsed = parseRdata(recordTypes.DS, rdata);
  return parsed.verdict === 'accept' && parsed.value.type === 'DS' ? parsed.value : undefined;
}
