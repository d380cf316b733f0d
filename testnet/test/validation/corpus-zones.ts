/**
 * The corpus' internet: a root, `test.` and zones below, each in another way signed by ldns-signzone.
 * Their contents have something for every kind of answer. Zones are written as files and served by
 * Knot, which knows how to answer from a signed zone; what is wrong with answers is added later.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dsDigestInput, formatName, type DomainName } from '@callbook/dns/wire';
import { callTool } from '../../../packages/dns/test/peers/peer-tools.ts';
import { writeKeyFiles, type CorpusKey, type KeyPair } from './corpus-keys.ts';

/** How a zone denies. */
export interface DenialStyle {
  readonly word: string;
  /** Arguments of ldns-signzone. */
  readonly args: readonly string[];
}

export const denialStyles = {
  nsec: { word: 'nsec', args: [] },
  nsec3: { word: 'nsec3', args: ['-n', '-t', '0'] },
  salted: { word: 'nsec3-salted', args: ['-n', '-t', '10', '-s', 'c0ffee'] },
  optOut: { word: 'nsec3-opt-out', args: ['-n', '-t', '0', '-p'] },
  iterated: { word: 'nsec3-150', args: ['-n', '-t', '150', '-s', 'aa'] },
  overIterated: { word: 'nsec3-151', args: ['-n', '-t', '151', '-s', 'aa'] },
} as const satisfies Record<string, DenialStyle>;

export interface CorpusZone {
  readonly name: DomainName;
  /** Undefined for an unsigned zone. */
  readonly keys: KeyPair | undefined;
  readonly denial: DenialStyle;
  /** Records in presentation form, relative to the zone, without SOA and NS. */
  readonly records: readonly string[];
  /** What its parent says of it; by default one SHA-256 DS of its KSK. */
  readonly ds?: readonly string[];
  /** Signature times, by default from yesterday for a month. */
  readonly validity?: { readonly from: number; readonly until: number };
}

/** RDATA of a DS in presentation form; SHA-1, SHA-256 or SHA-384. */
export function dsText(zone: DomainName, key: CorpusKey, digestType: 1 | 2 | 4 = 2): string {
  const hash = ({ 1: 'sha1', 2: 'sha256', 4: 'sha384' } as const)[digestType];
  const digest = createHash(hash).update(dsDigestInput(zone, key.rdata)).digest('hex');
  return `${key.tag} ${key.dnskey.algorithm} ${digestType} ${digest}`;
}

/** Records of a parent for a zone below it. */
export function delegationOf(zone: CorpusZone): string[] {
  const owner = formatName(zone.name);
  const ds = zone.ds ?? (zone.keys === undefined ? [] : [dsText(zone.name, zone.keys.ksk)]);
  return [`${owner} NS ns.test.`, ...ds.map((text) => `${owner} DS ${text}`)];
}

/** Writes a zone, signed if it has keys; returns the path of the file to serve. */
export async function writeZone(folder: string, zone: CorpusZone): Promise<string> {
  const origin = formatName(zone.name);
  const place = join(folder, origin === '.' ? 'root' : origin);
  await mkdir(place, { recursive: true });
  const plain = join(place, 'plain');
  const lines = [
    `$ORIGIN ${origin}`,
    '$TTL 300',
    '@ SOA ns.test. hostmaster.test. 1 3600 600 86400 300',
    '@ NS ns.test.',
    ...zone.records,
  ];
  await writeFile(plain, `${lines.join('\n')}\n`);
  if (zone.keys === undefined) return plain;
  const signed = join(place, 'signed');
  const now = Math.floor(Date.now() / 1000);
  const { from, until } = zone.validity ?? { from: now - 86_400, until: now + 30 * 86_400 };
  const keyFiles = await Promise.all(
    [zone.keys.ksk, zone.keys.zsk].map((key) => writeKeyFiles(place, zone.name, key)),
  );
  const times = ['-i', String(from), '-e', String(until)];
  const args = [...zone.denial.args, ...times, '-o', origin, '-f', signed, plain, ...keyFiles];
  const ended = await callTool('ldns-signzone', args);
  if (ended.exitCode !== 0) throw new Error(`ldns-signzone ${origin}: ${ended.output}`);
  await assertSigned(signed);
  return signed;
}

async function assertSigned(path: string): Promise<void> {
  if (!(await readFile(path, 'utf8')).includes('RRSIG')) throw new Error(`${path} is not signed`);
}

/** Hosts that positive questions are about, one for each. */
const hostCount = 60;
export const hostName = (index: number): string => `h${String(index + 1).padStart(2, '0')}`;

/** A host whose own address no fault is about. */
export const soundHost = 'h60';

/** What a full zone has: for every kind of answer a name, and for many kinds one for each fault. */
export function fullContents(): string[] {
  const hosts = Array.from({ length: hostCount }, (_, index) => [
    `${hostName(index)} A 192.0.2.${index + 1}`,
    `${hostName(index)} A 198.51.100.${index + 1}`,
    `c${hostName(index)} CNAME ${soundHost}`,
    `d${hostName(index)} DNAME tree`,
  ]).flat();
  return [
    '@ TXT "v=corpus1" "apex"',
    '@ MX 10 h01',
    ...hosts,
    `${soundHost} AAAA 2001:db8::1`,
    `${soundHost} TXT "one"`,
    'x.e01 A 192.0.2.101',
    'y.x.e02 A 192.0.2.102',
    '*.w A 192.0.2.103',
    '*.w TXT "wild"',
    'kept.w A 192.0.2.104',
    'below.there.w A 192.0.2.105',
    `*.wc CNAME ${soundHost}`,
    'x.*.we A 192.0.2.106',
    'lost CNAME missing',
    'chain CNAME chain2',
    'chain2 CNAME chain3',
    `chain3 CNAME ${soundHost}`,
    'empty CNAME x.e01.x',
    'tosub CNAME www.sub',
    'tounsub CNAME www.unsub',
    'loop1 CNAME loop2',
    'loop2 CNAME loop1',
    '*.tree A 192.0.2.107',
    'leaf.tree A 192.0.2.108',
    'away DNAME sub',
    '9.8.7.6.5.4.3.2.1.5.1.9.4 NAPTR 100 10 "u" "E2U+sip" "!^.*$!sip:alice@sip.example!" .',
    '9.8.7.6.5.4.3.2.1.5.1.9.4 TXT "v=callbook1" "id=AAAA"',
    '_sip-client.9.8.7.6.5.4.3.2.1.5.1.9.4 TLSA 3 1 1 ' + '00'.repeat(32),
    'UPPER.Case A 192.0.2.109',
    'srv SRV 0 0 443 H01.UPPER',
    'odd\\.dot A 192.0.2.110',
    'odd\\000null A 192.0.2.111',
    'rp RP Person.H01 h02',
  ];
}

/** What a small zone has: enough to be asked about. */
export function smallContents(): string[] {
  return [
    '@ TXT "small"',
    'www A 192.0.2.1',
    'www A 192.0.2.2',
    'x.e A 192.0.2.3',
    '*.w A 192.0.2.4',
  ];
}
