/** The zone that all servers of the DNS bench serve: as our store, and as text for the others. */
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { createDirectoryZone, generateZoneKeys } from '@callbook/dns';
import type { Zone } from '@callbook/dns';
import { formatName, parseName, parseRdata, recordTypes } from '@callbook/dns/wire';
import type { DomainName, Rdata } from '@callbook/dns/wire';
import { utf8 } from '@callbook/protocol';
import { openLevelStore } from '@callbook/replication';
import type { Replica, Store } from '@callbook/replication';
import { bindingKey, openSealedRow, sealRow } from '@callbook/replication/bindings-reader';
import { logAll, openSyntheticReplica, SyntheticHolder } from './synthetic-federation.ts';

export const benchApex = 'e164.alpha.test';
export const benchZone = {
  apex: benchApex,
  nameservers: [{ name: `ns.${benchApex}`, addresses: ['127.0.0.1'] }],
  contact: 'hostmaster@alpha.test',
};

const rowsAtOnce = 8192;

/** Fills a store with numbers 0 to `numberCount` - 1 and writes the same as a zone file. */
export async function writeZone(
  numberCount: number,
  to: { readonly storeFolder: string; readonly zoneFile: string },
): Promise<void> {
  const store = await openLevelStore(to.storeFolder, { cacheBytes: 64 << 20 });
  const replica = await openSyntheticReplica('alpha', store, { memberCount: 1 });
  await fillWithNumbers(numberCount, { store, replica });
  await writeZoneFile(replica, numberCount, to.zoneFile);
  await replica[Symbol.asyncDispose]();
  await store.close();
}

/**
 * Publishes numbers 0 to `numberCount` - 1. The first is registered; the row of each other is that of the
 * first with its own digits, because registering takes a millisecond and look-ups read nothing but this row.
 * `registered` is the replica's store, where that is another one.
 */
export async function fillWithNumbers(
  numberCount: number,
  {
    store,
    replica,
    registered = store,
  }: { readonly store: Store; readonly replica: Replica; readonly registered?: Store },
): Promise<void> {
  await logAll(replica, [await new SyntheticHolder(0).register()], 'challenged');
  const first = registered.get(bindingKey(identifierOf(0)));
  for (let from = 0; from < numberCount; from += rowsAtOnce) {
    const count = Math.min(rowsAtOnce, numberCount - from);
    const rows = Array.from({ length: count }, (_nothing, n) => {
      const digits = utf8(digitsOf(from + n));
      return { rowKey: bindingKey(identifierOf(from + n)), value: withDigits(first!, digits) };
    });
    await store.batch(rows, { durable: false });
  }
}

const firstDigits = Buffer.from(digitsOf(0));

/** Replaces the first number's digits wherever they stand. */
function withDigits(row: Uint8Array, digits: Uint8Array): Uint8Array {
  const copy = Buffer.from(openSealedRow(row));
  for (let at = copy.indexOf(firstDigits); at !== -1; at = copy.indexOf(firstDigits, at + 1))
    copy.set(digits, at);
  return sealRow(copy);
}

/** Writes what our zone has at the apex and at each number, but for keys, which each server has its own. */
async function writeZoneFile(replica: Replica, numberCount: number, path: string): Promise<void> {
  const zone = createDirectoryZone({
    ...benchZone,
    charterHash: () => replica.membership.charters.current.hash,
    source: replica.bindings,
    keys: generateZoneKeys(13),
    clock: { nowMs: () => Date.now() },
  });
  const file = createWriteStream(path);
  file.write(
    `${benchApex}. 300 IN SOA ns.${benchApex}. hostmaster.alpha.test. 1 3600 600 1209600 300\n`,
  );
  file.write(recordsAt(zone, nameOf(benchApex)));
  file.write(recordsAt(zone, nameOf(`ns.${benchApex}`)));
  for (let position = 0; position < numberCount; position += 1) {
    const name = numberName(position);
    const lines = [name, `_sip-client.${name}`].map((text) => recordsAt(zone, nameOf(text)));
    if (!file.write(lines.join(''))) await once(file, 'drain');
  }
  file.end();
  await once(file, 'close');
}

const { SOA, DNSKEY, CDS, CDNSKEY } = recordTypes;
/** Written by themselves, or made by each server. */
const otherwiseMade: readonly number[] = [SOA, DNSKEY, CDS, CDNSKEY];

function recordsAt(zone: Zone, name: DomainName): string {
  const node = zone.find(name);
  if (node.kind !== 'data') throw new Error('a name of the zone has no records');
  const rrsets = node.rrsets.filter(({ type }) => !otherwiseMade.includes(type));
  const lines = rrsets.flatMap(({ owner, type, ttlSeconds, rdatas }) =>
    rdatas.map((octets) => {
      const rdata = parseRdata(type, octets);
      if (rdata.verdict !== 'accept') throw new Error(rdata.message);
      return `${formatName(owner)} ${ttlSeconds} IN ${presentationOf(rdata.value)}\n`;
    }),
  );
  return lines.join('');
}

/** Type and data in words, for the types of our zone. (PowerDNS does not take RFC 3597's form of them.) */
function presentationOf(rdata: Rdata): string {
  if (rdata.type === 'A') return `A ${rdata.address}`;
  if (rdata.type === 'NS') return `NS ${formatName(rdata.nameserver)}`;
  if (rdata.type === 'TXT')
    return `TXT ${rdata.strings.map((octets) => `"${Buffer.from(octets).toString()}"`).join(' ')}`;
  if (rdata.type === 'TLSA') {
    const { usage, selector, matchingType, association } = rdata;
    return `TLSA ${usage} ${selector} ${matchingType} ${association.toHex()}`;
  }
  if (rdata.type !== 'NAPTR') throw new Error(`no presentation of ${rdata.type}`);
  const { order, preference, flags, services, regexp, replacement } = rdata;
  const texts = [flags, services, regexp].map((text) => `"${text}"`).join(' ');
  return `NAPTR ${order} ${preference} ${texts} ${formatName(replacement)}`;
}

/** The ENUM name of a number; those from the zone's count on are not registered. */
export function numberName(position: number): string {
  return `${Array.from(digitsOf(position)).reverse().join('.')}.${benchApex}`;
}

/** The number at a position; those from the count on are nobody's. */
export function identifierOf(position: number): `tel:${string}` {
  return `tel:+${digitsOf(position)}`;
}

function digitsOf(position: number): string {
  return `4915${100_000_000 + position}`;
}

function nameOf(text: string): DomainName {
  const name = parseName(text);
  if (name.verdict !== 'accept') throw new Error(name.message);
  return name.value;
}
